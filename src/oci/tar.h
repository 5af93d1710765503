// The tar format of layers and archives (POSIX.1-2001, pax; OCI image-spec, layer.md): a writer whose bytes depend on
// nothing but what it is told, and a reader for archives of strangers. docs/decisions/0009 says why they are ours.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "oci/stream.h"

namespace mpc::oci {

enum class TarType { File, HardLink, SymbolicLink, CharacterDevice, BlockDevice, Directory, Fifo };
/// "file", "directory", ...
[[nodiscard]] char const* name_of(TarType type);

struct TarEntry {
    std::string path;  ///< bytes of any charset, relative, without "." and "..", no '/' at either end
    TarType type = TarType::File;
    std::uint32_t mode = 0644;  ///< permissions with set-ID and sticky bits
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::int64_t mtime = 0;  ///< Unix seconds
    std::uint64_t size = 0;  ///< of a File
    std::string target {};   ///< of a link; a hard link's is a path as above
    std::map<std::string, std::string> xattrs {};
    std::uint64_t device_major = 0;  ///< of a device
    std::uint64_t device_minor = 0;

    bool operator==(TarEntry const&) const = default;
};

/// Writes one archive: for each entry add(), then the content in any number of pieces, and finish() at the end.
/// ustar headers, with a pax header before those whose path, link, size, owner, time or attributes do not fit.
class TarWriter {
public:
    /// The sink must outlive the writer.
    explicit TarWriter(Sink& sink) : m_sink(sink) {}

    /// Errors: Invalid (an empty name, a NUL in one, a device or fifo); Internal when content is still missing.
    Result<void> add(TarEntry const& entry);
    /// Errors: Internal for more than was announced.
    Result<void> content(ByteView bytes);
    /// All of an entry's content. Errors: Internal for another size than was announced; Interrupted.
    Result<void> content(FileRange const& file);
    Result<void> finish();

private:
    Result<void> pad(std::uint64_t size);

    Sink& m_sink;
    std::uint64_t m_left = 0;     ///< of the content of the current entry
    std::uint64_t m_content = 0;  ///< its size
};

/// What a reader puts up with.
struct TarLimits {
    std::uint64_t bytes = std::uint64_t { 64 } << 30;  ///< of the whole archive, unpacked
    std::uint64_t entries = 1'000'000;
    std::size_t pax_bytes = std::size_t { 1 } << 20;     ///< of one entry's extended header
    std::size_t text_bytes = std::size_t { 128 } << 20;  ///< of all that is kept, see TarUse
    std::size_t xattrs = 128;                            ///< of one entry
};

/// What is kept of one archive, or of all archives that count on it together.
struct TarUse {
    std::uint64_t entries = 0;
    std::uint64_t text = 0;  ///< bytes of names, targets and attributes, with 64 for each entry and attribute

    /// What an entry counts for.
    [[nodiscard]] static std::uint64_t of(TarEntry const& entry);
    /// Errors: Invalid, when it is too much.
    Result<void> keep(std::uint64_t bytes, TarLimits const& limits);
};

/// The longest path and target that Linux has.
inline constexpr std::size_t most_path_bytes = 4095;
/// More are a trap for whoever looks at what is above a path.
inline constexpr std::size_t most_path_parts = 512;

/// Reads one archive. Strict: what two readers might read differently is refused. Understands ustar, pax and GNU's long
/// names; refuses sparse and unknown entries, names that lead out of the tree or are too long, attributes by which
/// overlayfs shows other files than there are, and anything but zeros after the end. A global pax header may have
/// comments only (`git archive` writes one), which POSIX says to ignore.
class TarReader {
public:
    /// The source must outlive the reader.
    explicit TarReader(Source& source, TarLimits limits = {}) : TarReader(source, limits, m_own_use) {}
    /// Counts on what was kept before, which must outlive the reader.
    TarReader(Source& source, TarLimits limits, TarUse& use) : m_source(source), m_limits(limits), m_use(use) {}
    TarReader(TarReader const&) = delete;
    TarReader& operator=(TarReader const&) = delete;

    /// The next entry, or nullopt at the end of the archive, where the source has been read to its end. What is left of
    /// the content of the entry before is skipped. The root itself is a directory with the path "".
    /// Errors: Invalid, naming the entry; Io.
    [[nodiscard]] Result<std::optional<TarEntry>> next();
    /// Content of the current entry: at least one byte, or 0 at its end. Errors: Invalid (cut short), Io.
    [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> into);
    /// Where in the archive the content of the current entry begins, before any of it is read.
    [[nodiscard]] std::uint64_t offset() const { return m_offset; }
    /// The forms of the headers so far: "ustar", "pax", "GNU", "v7", or several of them.
    [[nodiscard]] std::string forms() const;

private:
    using Block = std::array<std::uint8_t, 512>;
    struct Extended;

    Result<std::size_t> take(std::span<std::uint8_t> into);
    Result<bool> read_header(Block& block);
    Result<void> read_end();
    Result<std::string> read_text(std::uint64_t size);
    Result<void> skip_content();
    Result<TarEntry> entry_of(Block const& block, Extended& extended);
    Result<void> check_text(TarEntry const& entry);
    static Result<void> check_global(std::string_view text);

    Source& m_source;
    TarLimits m_limits;
    TarUse m_own_use;
    TarUse& m_use;
    std::set<std::string_view> m_forms;
    std::uint64_t m_offset = 0;
    std::uint64_t m_left = 0;
    std::uint64_t m_padding = 0;
    std::string m_name;
};

/// The path as TarEntry has it; "" for the root itself. Errors: Invalid for absolute paths and those with "..".
[[nodiscard]] Result<std::string> clean_path(std::string_view path);

}  // namespace mpc::oci
