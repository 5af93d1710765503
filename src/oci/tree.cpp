#include "oci/tree.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

constexpr char const* capability = "security.capability";

Error io_error(std::string const& what, std::filesystem::path const& path)
{
    return { errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io,
        fmt::format("cannot {} {}: {}", what, printable(path.string()), errno_text()) };
}

std::uint32_t normalised(std::uint32_t mode)
{
    auto const is_executable = S_ISDIR(mode) || (mode & S_IXUSR) != 0;
    return is_executable ? 0755 : 0644;
}

Result<std::map<std::string, std::string>> capabilities_of(std::filesystem::path const& path)
{
    std::array<char, 64> value {};  // its largest form has 24 bytes
    auto const size = lgetxattr(path.c_str(), capability, value.data(), value.size());
    if (size < 0 && errno != ENODATA && errno != ENOTSUP)
        return io_error("read the capabilities of", path);
    std::map<std::string, std::string> xattrs;
    if (size > 0)
        xattrs.emplace(capability, std::string(value.data(), static_cast<std::size_t>(size)));
    return xattrs;
}

/// Walks a root in one order, whatever order the disk has.
class Walk {
public:
    Walk(std::filesystem::path root, Owner owner, Preserve preserve)
        : m_root(std::move(root)), m_owner(owner), m_preserve(preserve)
    {
    }

    Result<std::vector<TreeEntry>> run()
    {
        auto const names = TRY(all_names());
        std::vector<TreeEntry> entries;
        for (auto const& name : names)
            entries.push_back(TRY(entry_of(name)));
        return entries;
    }

private:
    /// Sorted, so that of hard links the first in the image is the file.
    Result<std::vector<std::string>> all_names()
    {
        std::error_code error;
        if (!std::filesystem::is_directory(m_root, error))
            return Error(ErrorKind::NotFound, m_root.string() + " is not a directory");
        std::vector<std::string> names;
        std::filesystem::recursive_directory_iterator walk(m_root, error);
        for (; !error && walk != std::filesystem::recursive_directory_iterator(); walk.increment(error))
            names.push_back(walk->path().lexically_relative(m_root).native());
        if (error)
            return Error(ErrorKind::Io, fmt::format("cannot list {}: {}", m_root.string(), error.message()));
        std::ranges::sort(names);
        return names;
    }

    Result<TreeEntry> entry_of(std::string const& name)
    {
        auto const path = m_root / name;
        struct stat status {};
        if (lstat(path.c_str(), &status) != 0)
            return io_error("look at", path);
        TreeEntry found { .entry = { .path = name }, .source = path };
        auto& entry = found.entry;
        entry.mode = m_preserve.modes ? status.st_mode & 07777U : normalised(status.st_mode);
        entry.uid = m_preserve.owners ? status.st_uid : m_owner.uid;
        entry.gid = m_preserve.owners ? status.st_gid : m_owner.gid;
        if (S_ISDIR(status.st_mode)) {
            entry.type = TarType::Directory;
        } else if (S_ISLNK(status.st_mode)) {
            std::error_code error;
            entry.type = TarType::SymbolicLink;
            entry.mode = 0777;
            entry.target = std::filesystem::read_symlink(path, error).native();
            if (error)
                return Error(ErrorKind::Io, "cannot read the link " + printable(path.string()));
        } else if (S_ISREG(status.st_mode)) {
            TRY(set_file(found, status));
        } else {
            auto const* const what = S_ISSOCK(status.st_mode) ? "socket" : S_ISFIFO(status.st_mode) ? "fifo" : "device";
            return Error(ErrorKind::Invalid, fmt::format("{} is a {}", printable(path.string()), what))
                .remedy("leave it out: engines make devices, and programs make sockets and fifos");
        }
        return found;
    }

    Result<void> set_file(TreeEntry& found, struct stat const& status)
    {
        auto& entry = found.entry;
        if (status.st_nlink > 1) {
            auto const [first, is_new] = m_inodes.emplace(std::pair(status.st_dev, status.st_ino), entry.path);
            if (!is_new) {
                entry.type = TarType::HardLink;
                entry.target = first->second;
                return ok;
            }
        }
        entry.size = static_cast<std::uint64_t>(status.st_size);
        if (m_preserve.capabilities)
            entry.xattrs = TRY(capabilities_of(found.source));
        return ok;
    }

    std::filesystem::path m_root;
    Owner m_owner;
    Preserve m_preserve;
    std::map<std::pair<dev_t, ino_t>, std::string> m_inodes;
};

Result<void> write_content(TreeEntry const& file, TarWriter& writer)
{
    auto const range = TRY(FileRange::open(file.source));
    if (range.size() != file.entry.size)
        return Error(ErrorKind::Invalid, printable(file.source.string()) + " changed while the image was built");
    auto const source = range.source();
    Bytes buffer(std::min<std::uint64_t>(copy_bytes, file.entry.size));
    for (auto left = file.entry.size; left > 0;) {
        auto const count = TRY(source->read(std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size()))));
        if (count == 0)
            return Error(ErrorKind::Invalid, printable(file.source.string()) + " changed while the image was built");
        TRY(writer.content(ByteView(buffer).first(count)));
        left -= count;
    }
    return ok;
}

/// The tar archive on its way to the compressor. What is not compressed is hashed behind it alone.
class TarSink final : public Sink {
public:
    explicit TarSink(Compressor& compressor, bool hash) : m_compressor(compressor), m_hash(hash) {}
    Result<void> write(ByteView bytes) override
    {
        if (m_hash)
            m_hasher.update(bytes);
        m_size += bytes.size();
        return m_compressor.write(bytes);
    }
    [[nodiscard]] Hasher& hasher() { return m_hasher; }
    [[nodiscard]] std::uint64_t size() const { return m_size; }

private:
    Compressor& m_compressor;
    bool m_hash;
    Hasher m_hasher;
    std::uint64_t m_size = 0;
};

}  // namespace

Result<void> Tree::add(TreeEntry entry)
{
    auto const path = entry.entry.path;
    auto const [found, is_new] = m_entries.emplace(path, entry);
    if (is_new)
        return ok;
    if (found->second.entry.type != TarType::Directory || entry.entry.type != TarType::Directory)
        return Error(ErrorKind::Invalid, fmt::format("/{} is given twice", printable(path)))
            .remedy("give each file of the image once");
    found->second = std::move(entry);
    return ok;
}

Result<void> Tree::add_root(std::filesystem::path const& root, Preserve preserve)
{
    for (auto& entry : TRY(Walk(root, m_owner, preserve).run()))
        TRY(add(std::move(entry)));
    return ok;
}

Result<void> Tree::add_file(std::filesystem::path const& source, std::string_view destination,
    std::optional<std::uint32_t> mode)
{
    std::error_code error;
    auto const file = std::filesystem::canonical(source, error);
    struct stat status {};
    if (error || stat(file.c_str(), &status) != 0)
        return Error(ErrorKind::NotFound, "cannot find " + printable(source.string()));
    if (!S_ISREG(status.st_mode))
        return Error(ErrorKind::Invalid, printable(source.string()) + " is not a regular file")
            .remedy("name a file; give a directory as a root");
    destination.remove_prefix(destination.starts_with('/') ? 1 : 0);
    auto const path = TRY(clean_path(destination).remedy("give a path below the image's root"));
    if (path.empty() || destination.ends_with('/'))
        return Error(ErrorKind::Invalid, "the image's root is no place for a file").remedy("name the file itself");
    TarEntry entry { .path = path, .mode = mode.value_or(normalised(status.st_mode)) };
    entry.uid = m_owner.uid;
    entry.gid = m_owner.gid;
    entry.size = static_cast<std::uint64_t>(status.st_size);
    return add({ .entry = std::move(entry), .source = file });
}

Result<void> Tree::complete()
{
    std::vector<TarEntry> missing;
    for (auto& [path, found] : m_entries) {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            auto const parent = m_entries.find(path.substr(0, slash));
            if (parent == m_entries.end())
                missing.push_back({ .path = path.substr(0, slash), .type = TarType::Directory, .mode = 0755 });
            else if (parent->second.entry.type != TarType::Directory)
                return Error(ErrorKind::Invalid,
                    fmt::format("/{} is above /{} and no directory", printable(parent->first), printable(path)));
        }
        if (found.entry.type != TarType::HardLink)
            continue;
        auto const target = m_entries.find(found.entry.target);
        // An unpacker sees one entry after the other.
        if (target == m_entries.end() || target->second.entry.type != TarType::File || target->first >= path)
            return Error(ErrorKind::Invalid, fmt::format("/{} is a hard link to no file", printable(path)))
                .remedy("make the path that sorts first the file, and the others links to it");
        // Engines set what the link's header says on the one file that both names have.
        found.entry.mode = target->second.entry.mode;
        found.entry.uid = target->second.entry.uid;
        found.entry.gid = target->second.entry.gid;
        found.entry.xattrs = target->second.entry.xattrs;
    }
    for (auto& directory : missing) {
        directory.uid = m_owner.uid;
        directory.gid = m_owner.gid;
        m_entries.emplace(directory.path, TreeEntry { .entry = directory });
    }
    return ok;
}

Result<LayerFigures> write_layer(Tree const& tree, LayerOptions const& options, Sink& sink)
{
    HashingSink blob(sink);
    auto const compressor = make_compressor(options.compression, options.threads, blob);
    TarSink tar(*compressor, options.compression != Compression::None);
    TarWriter writer(tar);
    for (auto const& [path, found] : tree.entries()) {
        auto entry = found.entry;
        entry.mtime = options.epoch;
        TRY(writer.add(entry));
        if (entry.type == TarType::File)
            TRY(write_content(found, writer));
    }
    TRY(writer.finish());
    TRY(compressor->finish());
    LayerFigures figures { .size = blob.hasher().size(), .tar_size = tar.size(), .compression = options.compression };
    figures.digest = blob.hasher().digest();
    figures.diff_id = options.compression == Compression::None ? figures.digest : tar.hasher().digest();
    return figures;
}

}  // namespace mpc::oci
