// The files of a layer, gathered before the first byte is written: sorted, normalised, without a trace of the host.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "oci/inventory.h"

namespace mpc::oci {

struct Owner {
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
};

/// What of a root directory is taken as it is. Without: files are 0755 where their owner may execute them and 0644
/// otherwise, directories 0755; everything has the tree's owner; file capabilities are left behind. Times, other
/// attributes and access lists always are.
struct Preserve {
    bool modes = false;  ///< with set-ID and sticky bits
    bool owners = false;
    bool capabilities = false;  ///< the attribute security.capability
};

/// An entry, and for a file where its content is.
struct TreeEntry {
    TarEntry entry;
    std::filesystem::path source {};
    FileState state {};       ///< of the source when it was gathered
    bool is_implied = false;  ///< a directory that nobody gave, above something that somebody did
};

/// What a host has beside its files that no image gets: extended attributes, access lists among them.
struct LeftBehind {
    std::size_t entries = 0;
    std::string first {};      ///< such an entry's path on the host
    std::string attribute {};  ///< and one of its attributes' names
};

/// Three or four octal digits. Errors: Invalid.
[[nodiscard]] Result<std::uint32_t> parse_mode(std::string_view text);

class Tree {
public:
    explicit Tree(Owner owner = {}) : m_owner(owner) {}

    /// Everything below a directory. Files that are one file on disk become hard links to the first of them. Links are
    /// not followed. Errors: Invalid (a device, socket or fifo, named; something is there already; a name that engines
    /// take for a whiteout), NotFound, Io, Interrupted.
    Result<void> add_root(std::filesystem::path const& root, Preserve preserve, Interrupt const& interrupt);
    /// One file at a path in the image, which may begin with '/'. A `mode` that is absent is normalised. Links are
    /// followed.
    Result<void> add_file(std::filesystem::path const& source, std::string_view destination,
        std::optional<std::uint32_t> mode = std::nullopt);
    /// As a manifest has it: a JSON array of {"path"[,"type"][,"source"][,"target"][,"mode"][,"uid"][,"gid"]}, where
    /// type is file (the default, needs source), directory, symlink or hardlink (need target), mode is octal text, and
    /// a source is relative to `directory`. Errors: also Invalid for what is malformed, with the entry's number.
    Result<void> add_manifest(std::string_view text, std::filesystem::path const& directory);

    /// Directories that are missing above an entry are made. Errors: Invalid where something else than a directory is
    /// above an entry, a hard link leads to no file, or the layer would be larger than its readers put up with.
    Result<void> complete();
    /// Fits a complete tree onto the files of a base: directories that nobody gave are those of the base. Errors:
    /// Invalid where a directory would replace something else, such as a link to another directory, or be replaced.
    Result<void> stack_on(Inventory const& base);

    /// By the byte order of their paths, so that a directory comes before what is in it.
    [[nodiscard]] std::map<std::string, TreeEntry> const& entries() const { return m_entries; }
    [[nodiscard]] LeftBehind const& left_behind() const { return m_left_behind; }

private:
    Result<void> add(TreeEntry entry);
    Result<void> note_attributes(TreeEntry const& entry);

    Owner m_owner;
    std::map<std::string, TreeEntry> m_entries;
    LeftBehind m_left_behind;
};

struct LayerOptions {
    std::int64_t epoch = 0;  ///< the time of every entry, in Unix seconds
    Compression compression = Compression::None;
    unsigned threads = 1;
};

/// What a layer turned out to be.
struct LayerFigures {
    Sha256 digest {};            ///< of the blob
    Sha256 diff_id {};           ///< of the tar archive in it
    std::uint64_t size = 0;      ///< of the blob
    std::uint64_t tar_size = 0;  ///< of the archive
    Compression compression = Compression::None;
};

/// The tree as a layer. Errors: Io; Invalid for a file that was replaced or written to since the tree was gathered;
/// Interrupted.
[[nodiscard]] Result<LayerFigures> write_layer(Tree const& tree, LayerOptions const& options, Sink& sink,
    Interrupt const& interrupt);

}  // namespace mpc::oci
