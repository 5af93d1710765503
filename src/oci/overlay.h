// Layers laid over each other, as engines do it. They do not agree on everything: what one engine shows otherwise than
// another is refused. docs/decisions/0009.
#pragma once

#include <set>
#include <vector>

#include "hash/hasher.h"
#include "oci/tar.h"

namespace mpc::oci {

struct FileInventory {
    TarEntry entry;         ///< a hard link has become what it leads to
    Sha256 content {};      ///< of a file
    std::size_t layer = 0;  ///< which one it is from
    std::size_t inode = 0;  ///< one number for all names of one file; 0 for directories
    bool implied = false;   ///< a directory that no archive has, but something in it
};
/// By path; the root is "".
using Files = std::map<std::string, FileInventory>;

class Overlay {
public:
    /// What is kept of a layer's archive is counted by its reader, and what is kept besides here.
    Overlay(TarLimits limits, TarUse& use);

    void begin_layer();
    /// The next entry of the layer's archive: engines go by its order. Errors: Invalid (the entry is there twice, below
    /// what is no directory, a hard link to what is not there yet, both there and hidden).
    Result<void> add(TarEntry entry, Sha256 const& content);
    /// Errors: Invalid (a file of a layer below, to which a link leads, has gone since).
    Result<void> end_layer();

    [[nodiscard]] Files take() { return std::move(m_files); }

private:
    struct Link {
        std::string path;
        std::string target;
        std::size_t inode;
    };

    [[nodiscard]] bool is_own(FileInventory const& file) const { return file.layer == m_layer; }
    Result<void> make_directories_above(std::string const& path);
    Result<void> check_not_hidden(std::string const& path) const;
    Result<void> hide(TarEntry const& whiteout);
    Result<void> hide_one(std::string const& path);
    Result<void> hide_all_in(std::string const& directory);
    Result<void> follow(FileInventory& link);
    Result<void> put(FileInventory file);

    TarLimits m_limits;
    TarUse& m_use;
    Files m_files;
    std::size_t m_layer = 0;
    std::size_t m_inodes = 0;
    std::set<std::string> m_whiteouts;  ///< paths of this layer's
    std::vector<Link> m_links;          ///< from this layer into those below
};

}  // namespace mpc::oci
