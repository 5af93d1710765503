#include <algorithm>
#include <array>
#include <deque>
#include <future>

#include <fmt/format.h>
#include <libdeflate.h>
#include <zstd.h>

#include "oci/compression.h"

namespace mpc::oci {

namespace {

// Changing one of these changes every digest: a new version of the tool.
constexpr std::size_t piece_bytes = std::size_t { 1 } << 20;
constexpr int gzip_level = 6;
constexpr int zstd_level = 6;

struct Freed {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};

Result<Bytes> gzip_member(ByteView piece)
{
    std::unique_ptr<libdeflate_compressor, Freed> const compressor(libdeflate_alloc_compressor(gzip_level));
    if (!compressor)
        return Error(ErrorKind::Internal, "libdeflate cannot start");
    Bytes member(libdeflate_gzip_compress_bound(compressor.get(), piece.size()));
    auto const size =
        libdeflate_gzip_compress(compressor.get(), piece.data(), piece.size(), member.data(), member.size());
    if (size == 0)
        return Error(ErrorKind::Internal, "libdeflate failed");
    member.resize(size);
    return member;
}

Result<Bytes> zstd_frame(ByteView piece)
{
    Bytes frame(ZSTD_compressBound(piece.size()));
    auto const size = ZSTD_compress(frame.data(), frame.size(), piece.data(), piece.size(), zstd_level);
    if (ZSTD_isError(size) != 0)
        return Error(ErrorKind::Internal, std::string("zstd: ") + ZSTD_getErrorName(size));
    frame.resize(size);
    return frame;
}

class Uncompressed final : public Compressor {
public:
    explicit Uncompressed(Sink& sink) : m_sink(sink) {}
    Result<void> write(ByteView bytes) override { return m_sink.write(bytes); }
    Result<void> finish() override { return ok; }

private:
    Sink& m_sink;
};

class Pieces final : public Compressor {
public:
    using Compress = Result<Bytes> (*)(ByteView);

    Pieces(Compress compress, unsigned threads, Sink& sink)
        : m_compress(compress), m_threads(std::max(threads, 1U)), m_sink(sink)
    {
        m_piece.reserve(piece_bytes);
    }

    Result<void> write(ByteView bytes) override
    {
        while (!bytes.empty()) {
            auto const count = std::min(bytes.size(), piece_bytes - m_piece.size());
            m_piece.insert(m_piece.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
            bytes = bytes.subspan(count);
            if (m_piece.size() == piece_bytes)
                TRY(start_piece());
        }
        return ok;
    }

    Result<void> finish() override
    {
        // An empty input is one empty piece: no bytes at all would be no valid stream.
        if (!m_piece.empty() || !m_started)
            TRY(start_piece());
        while (!m_running.empty())
            TRY(take_oldest());
        return ok;
    }

private:
    Result<void> start_piece()
    {
        m_started = true;
        while (m_running.size() >= m_threads)
            TRY(take_oldest());
        m_running.push_back(std::async(std::launch::async,
            [compress = m_compress, piece = std::exchange(m_piece, {})] { return compress(piece); }));
        m_piece.reserve(piece_bytes);
        return ok;
    }

    Result<void> take_oldest()
    {
        auto const compressed = m_running.front().get();
        m_running.pop_front();
        if (!compressed.ok())
            return compressed.error();
        return m_sink.write(*compressed);
    }

    Compress m_compress;
    std::size_t m_threads;
    Sink& m_sink;
    Bytes m_piece;
    std::deque<std::future<Result<Bytes>>> m_running;
    bool m_started = false;
};

}  // namespace

std::string_view name_of(Compression compression)
{
    switch (compression) {
    case Compression::None: return "none";
    case Compression::Gzip: return "gzip";
    case Compression::Zstd: return "zstd";
    }
    return "none";
}

std::optional<Compression> compression_named(std::string_view name)
{
    for (auto const compression : { Compression::None, Compression::Gzip, Compression::Zstd })
        if (name == name_of(compression))
            return compression;
    return std::nullopt;
}

std::string description_of(Compression compression)
{
    switch (compression) {
    case Compression::None: return "none";
    case Compression::Gzip:
        return fmt::format("gzip: libdeflate {}, level {}, members of {} bytes", LIBDEFLATE_VERSION_STRING, gzip_level,
            piece_bytes);
    case Compression::Zstd:
        return fmt::format("zstd: {}, level {}, frames of {} bytes", ZSTD_versionString(), zstd_level, piece_bytes);
    }
    return "none";
}

std::unique_ptr<Compressor> make_compressor(Compression compression, unsigned threads, Sink& sink)
{
    switch (compression) {
    case Compression::None: break;
    case Compression::Gzip: return std::make_unique<Pieces>(gzip_member, threads, sink);
    case Compression::Zstd: return std::make_unique<Pieces>(zstd_frame, threads, sink);
    }
    return std::make_unique<Uncompressed>(sink);
}

}  // namespace mpc::oci
