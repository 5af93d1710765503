#include <array>

#include <zlib.h>
#include <zstd.h>

#include "oci/compression.h"

namespace mpc::oci {

namespace {

constexpr std::array<std::uint8_t, 2> gzip_magic { 0x1f, 0x8b };
constexpr std::array<std::uint8_t, 4> zstd_magic { 0x28, 0xb5, 0x2f, 0xfd };
/// The last three bytes; the first is 0x50 to 0x5f.
constexpr std::array<std::uint8_t, 3> skippable_magic { 0x2a, 0x4d, 0x18 };

Error cut() { return { ErrorKind::Invalid, "the compressed data is cut" }; }
Error damaged() { return { ErrorKind::Invalid, "the compressed data is damaged, or something follows it" }; }

class Plain final : public Source {
public:
    explicit Plain(Source& source) : m_source(source) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override { return m_source.read(into); }

private:
    Source& m_source;
};

class Gzip final : public Source {
public:
    explicit Gzip(Source& source) : m_source(source), m_input(copy_bytes)
    {
        // 16: a gzip header and no other.
        m_ready = inflateInit2(&m_stream, MAX_WBITS + 16) == Z_OK;
    }
    ~Gzip() override { inflateEnd(&m_stream); }
    Gzip(Gzip const&) = delete;
    Gzip& operator=(Gzip const&) = delete;

    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        if (!m_ready)
            return Error(ErrorKind::Internal, "zlib cannot start");
        m_stream.next_out = into.data();
        m_stream.avail_out = static_cast<uInt>(into.size());
        while (m_stream.avail_out == into.size() && !into.empty()) {
            if (m_stream.avail_in == 0) {
                m_stream.avail_in = static_cast<uInt>(TRY(m_source.read(m_input)));
                m_stream.next_in = m_input.data();
                if (m_stream.avail_in == 0)
                    return m_between ? Result<std::size_t>(std::size_t { 0 }) : cut();
            }
            if (m_between && inflateReset(&m_stream) != Z_OK)
                return Error(ErrorKind::Internal, "zlib failed");
            auto const code = inflate(&m_stream, Z_NO_FLUSH);
            if (code != Z_OK && code != Z_STREAM_END)
                return damaged();
            m_between = code == Z_STREAM_END;
        }
        return into.size() - m_stream.avail_out;
    }

private:
    Source& m_source;
    Bytes m_input;
    z_stream m_stream {};
    bool m_ready = false;
    bool m_between = false;  ///< a member has ended, and no other begun
};

struct Freed {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

class Zstd final : public Source {
public:
    explicit Zstd(Source& source) : m_source(source), m_input(copy_bytes), m_stream(ZSTD_createDStream()) {}

    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        if (!m_stream)
            return Error(ErrorKind::Internal, "zstd cannot start");
        ZSTD_outBuffer out { .dst = into.data(), .size = into.size(), .pos = 0 };
        while (out.pos == 0 && !into.empty()) {
            if (m_in.pos == m_in.size) {
                auto const count = TRY(m_source.read(m_input));
                m_in = { .src = m_input.data(), .size = count, .pos = 0 };
                if (m_in.size == 0 && m_between)
                    return std::size_t { 0 };
            }
            auto const at_end = m_in.size == 0;
            auto const hint = ZSTD_decompressStream(m_stream.get(), &out, &m_in);
            if (ZSTD_isError(hint) != 0)
                return damaged();
            m_between = hint == 0;
            // What it has kept for want of room comes without more input.
            if (at_end && out.pos == 0 && !m_between)
                return cut();
        }
        return out.pos;
    }

private:
    Source& m_source;
    Bytes m_input;
    ZSTD_inBuffer m_in {};
    std::unique_ptr<ZSTD_DStream, Freed> m_stream;
    bool m_between = false;  ///< a frame has ended, and no other begun
};

bool starts_with(ByteView bytes, ByteView magic)
{
    return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

/// A frame of zstd that holds no data, such as an index of the others (RFC 8878, 3.1.2).
bool is_skippable(ByteView bytes)
{
    return bytes.size() >= 4 && (bytes[0] & 0xf0) == 0x50 && starts_with(bytes.subspan(1), skippable_magic);
}

}  // namespace

Compression compression_of(ByteView first_bytes)
{
    if (starts_with(first_bytes, gzip_magic))
        return Compression::Gzip;
    return starts_with(first_bytes, zstd_magic) || is_skippable(first_bytes) ? Compression::Zstd : Compression::None;
}

std::unique_ptr<Source> make_decompressor(Compression compression, Source& source)
{
    switch (compression) {
    case Compression::None: break;
    case Compression::Gzip: return std::make_unique<Gzip>(source);
    case Compression::Zstd: return std::make_unique<Zstd>(source);
    }
    return std::make_unique<Plain>(source);
}

}  // namespace mpc::oci
