// How layers are compressed: the same bytes on every machine and for any number of threads.
#pragma once

#include <optional>
#include <string_view>

#include "oci/stream.h"

namespace mpc::oci {

enum class Compression { None, Gzip, Zstd };
[[nodiscard]] std::string_view name_of(Compression compression);  ///< "none", "gzip", "zstd"
[[nodiscard]] std::optional<Compression> compression_named(std::string_view name);
/// What an auditor needs to get the same bytes again: library, version, level, size of the pieces.
[[nodiscard]] std::string description_of(Compression compression);

/// Compresses what is written to it. The input is cut into pieces of 1 MiB, each of which becomes a gzip member or a
/// zstd frame of its own, which readers of both formats join (RFC 1952 section 2.2; RFC 8878 section 3.1). The pieces
/// are compressed side by side and written in order; at most two for each thread are in memory. Of no compression
/// nothing is copied.
class Compressor {
public:
    virtual ~Compressor() = default;
    /// Errors: those of the sink.
    [[nodiscard]] virtual Result<void> write(ByteView bytes) = 0;
    /// To be called once, at the end.
    [[nodiscard]] virtual Result<void> finish() = 0;
};
/// Both must outlive it; `threads` >= 1 changes no byte.
[[nodiscard]] std::unique_ptr<Compressor> make_compressor(Compression compression, unsigned threads, Sink& sink);

/// What the first bytes say that it is.
[[nodiscard]] Compression compression_of(ByteView first_bytes);
/// What a compressed source, which must outlive it, unpacks to. Takes members and frames that follow each other.
/// Errors on reading: Invalid for damaged, cut or followed by something else; a zstd window above 128 MiB.
[[nodiscard]] std::unique_ptr<Source> make_decompressor(Compression compression, Source& source);

}  // namespace mpc::oci
