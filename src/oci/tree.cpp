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
constexpr char const* unreadable_remedy = "make it readable for the user who builds, or leave it out";

Error io_error(std::string const& what, std::filesystem::path const& path)
{
    return Error(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io,
        fmt::format("cannot {} {}: {}", what, printable(path.string()), errno_text()))
        .remedy(unreadable_remedy);
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

Result<std::vector<std::string>> attributes_of(std::filesystem::path const& path)
{
    std::vector<std::string> names;
    auto size = llistxattr(path.c_str(), nullptr, 0);
    std::string list(static_cast<std::size_t>(std::max<ssize_t>(size, 0)), '\0');
    if (size > 0)
        size = llistxattr(path.c_str(), list.data(), list.size());
    if (size < 0 && errno != ENOTSUP)
        return io_error("list the attributes of", path);
    list.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    for (std::size_t at = 0; at < list.size(); at += names.back().size() + 1)
        names.emplace_back(list.c_str() + at);
    return names;
}

/// What a host's security modules put on everything; it says nothing of the file.
bool is_on_everything(std::string_view attribute)
{
    return attribute == "security.selinux" || attribute == "security.ima" || attribute == "security.evm"
        || attribute.starts_with("security.SMACK64");
}

/// Walks a root in one order, whatever order the disk has.
class Walk {
public:
    Walk(std::filesystem::path root, Owner owner, Preserve preserve, Interrupt const& interrupt)
        : m_root(std::move(root)), m_owner(owner), m_preserve(preserve), m_interrupt(interrupt)
    {
    }

    Result<std::vector<TreeEntry>> run()
    {
        auto const names = TRY(all_names());
        std::vector<TreeEntry> entries;
        for (auto const& name : names) {
            TRY(m_interrupt.sleep(Duration::zero()));
            entries.push_back(TRY(entry_of(name)));
        }
        return entries;
    }

private:
    /// Sorted, so that of hard links the first in the image is the file.
    Result<std::vector<std::string>> all_names()
    {
        std::error_code error;
        if (!std::filesystem::is_directory(m_root, error))
            return Error(ErrorKind::NotFound, printable(m_root.string()) + " is not a directory")
                .remedy("give a directory that exists; a single file is given as one");
        std::vector<std::string> names;
        std::vector<std::filesystem::path> left { m_root };
        while (!left.empty()) {
            TRY(m_interrupt.sleep(Duration::zero()));
            auto const directory = std::exchange(left.back(), {});
            left.pop_back();
            std::filesystem::directory_iterator walk(directory, error);
            for (; !error && walk != std::filesystem::directory_iterator(); walk.increment(error)) {
                names.push_back(walk->path().lexically_relative(m_root).native());
                if (!walk->is_symlink(error) && walk->is_directory(error))
                    left.push_back(walk->path());
            }
            if (error)
                return Error(ErrorKind::Io,
                    fmt::format("cannot list {}: {}", printable(directory.string()), error.message()))
                    .remedy(unreadable_remedy);
        }
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
        found.state = FileState::of(status);
        if (m_preserve.capabilities)
            entry.xattrs = TRY(capabilities_of(found.source));
        return ok;
    }

    std::filesystem::path m_root;
    Owner m_owner;
    Preserve m_preserve;
    Interrupt const& m_interrupt;
    std::map<std::pair<dev_t, ino_t>, std::string> m_inodes;
};

Error changed(TreeEntry const& file)
{
    return Error(ErrorKind::Invalid, printable(file.source.string()) + " changed while the image was built")
        .remedy("build again when nothing writes to it");
}

/// What is written to a file while it is read may be read in part. Its time of change can be set by nobody.
Result<void> write_content(TreeEntry const& file, TarWriter& writer, Interrupt const& interrupt)
{
    auto const range = TRY(FileRange::open(file.source).remedy(unreadable_remedy)).ending_on(interrupt);
    if (TRY(range.state()) != file.state)
        return changed(file);
    auto const written = writer.content(range);
    return TRY(range.state()) == file.state ? written : changed(file);
}

/// What TarReader refuses is not written.
Result<void> check_limits(std::map<std::string, TreeEntry> const& entries)
{
    TarLimits const limits;
    constexpr std::uint64_t most_header_bytes = 5 * 512;  // two headers, and what fills up blocks
    constexpr std::ptrdiff_t most_parts = most_path_parts;
    std::uint64_t text = 0;
    std::uint64_t bytes = 0;
    for (auto const& [path, found] : entries) {
        if (path.size() > most_path_bytes || std::ranges::count(path, '/') >= most_parts)
            return Error(ErrorKind::Invalid,
                fmt::format("/{} is longer or deeper than a path may be", printable(path, 60)))
                .remedy(fmt::format("leave it out: it may have {} bytes and {} parts", most_path_bytes, most_parts));
        text += path.size() + found.entry.target.size();
        for (auto const& [name, value] : found.entry.xattrs)
            text += name.size() + value.size();
        bytes += most_header_bytes + std::min(found.entry.size, limits.bytes);
    }
    if (entries.size() > limits.entries || text > limits.text_bytes || bytes + text > limits.bytes)
        return Error(ErrorKind::Invalid,
            fmt::format(
                "the layer would have {} entries, {} bytes of names and {} bytes in all; readers put up with {}, "
                "{} and {}",
                entries.size(), text, bytes + text, limits.entries, limits.text_bytes, limits.bytes))
            .remedy("leave something out, or put some of it into a base");
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

Result<void> Tree::note_attributes(TreeEntry const& entry)
{
    auto names = TRY(attributes_of(entry.source));
    std::erase_if(names,
        [&](std::string const& name) { return is_on_everything(name) || entry.entry.xattrs.contains(name); });
    if (!names.empty() && m_left_behind.entries++ == 0) {
        m_left_behind.first = entry.source.native();
        m_left_behind.attribute = names.front();
    }
    return ok;
}

Result<void> Tree::add(TreeEntry entry)
{
    auto const path = entry.entry.path;
    if (path.starts_with(".wh.") || path.contains("/.wh."))
        return Error(ErrorKind::Invalid,
            fmt::format("/{} has a name that engines take for a whiteout", printable(path)))
            .remedy("rename it: a name that begins with .wh. removes files of the layers below");
    if (!entry.source.empty() && entry.entry.type != TarType::HardLink)
        TRY(note_attributes(entry));
    auto const [found, is_new] = m_entries.emplace(path, entry);
    if (is_new)
        return ok;
    if (found->second.entry.type != TarType::Directory || entry.entry.type != TarType::Directory)
        return Error(ErrorKind::Invalid, fmt::format("/{} is given twice", printable(path)))
            .remedy("give each file of the image once");
    found->second = std::move(entry);
    return ok;
}

Result<void> Tree::add_root(std::filesystem::path const& root, Preserve preserve, Interrupt const& interrupt)
{
    for (auto& entry : TRY(Walk(root, m_owner, preserve, interrupt).run()))
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
        return Error(ErrorKind::NotFound,
            fmt::format("cannot find {}: {}", printable(source.string()), error ? error.message() : errno_text()))
            .remedy("give the path of a file that can be read");
    if (!S_ISREG(status.st_mode))
        return Error(ErrorKind::Invalid, printable(source.string()) + " is not a regular file")
            .remedy("name a file; give a directory as a root");
    destination.remove_prefix(destination.starts_with('/') ? 1 : 0);
    auto const path = TRY(clean_path(destination).remedy("give a path below the image's root"));
    if (path.empty() || destination.ends_with('/'))
        return Error(ErrorKind::Invalid,
            fmt::format("/{} is a directory and no place for a file", printable(destination)))
            .remedy(fmt::format("name the file itself: /{}{}", path.empty() ? "" : printable(path) + "/",
                printable(source.filename().string())));
    TarEntry entry { .path = path, .mode = mode.value_or(normalised(status.st_mode)) };
    entry.uid = m_owner.uid;
    entry.gid = m_owner.gid;
    entry.size = static_cast<std::uint64_t>(status.st_size);
    return add({ .entry = std::move(entry), .source = file, .state = FileState::of(status) });
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
                    fmt::format("/{} is above /{} and no directory", printable(parent->first), printable(path)))
                    .remedy("leave one of them out, or give the other where a link above it leads");
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
        m_entries.emplace(directory.path, TreeEntry { .entry = directory, .is_implied = true });
    }
    return check_limits(m_entries);
}

Result<LayerFigures> write_layer(Tree const& tree, LayerOptions const& options, Sink& sink, Interrupt const& interrupt)
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
            TRY(write_content(found, writer, interrupt));
    }
    TRY(writer.finish());
    TRY(compressor->finish());
    LayerFigures figures { .size = blob.hasher().size(), .tar_size = tar.size(), .compression = options.compression };
    figures.digest = blob.hasher().digest();
    figures.diff_id = options.compression == Compression::None ? figures.digest : tar.hasher().digest();
    return figures;
}

}  // namespace mpc::oci
