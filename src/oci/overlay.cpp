#include "oci/overlay.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";

std::pair<std::string_view, std::string_view> parent_and_name(std::string_view path)
{
    auto const slash = path.rfind('/');
    if (slash == std::string_view::npos)
        return { "", path };
    return { path.substr(0, slash), path.substr(slash + 1) };
}

std::string joined(std::string_view parent, std::string_view name)
{
    return parent.empty() ? std::string(name) : fmt::format("{}/{}", parent, name);
}

/// Calls with the path of each directory above, from the root on, and stops at the first error.
template <typename Call>
Result<void> for_all_above(std::string const& path, Call const& call)
{
    TRY(call(std::string()));
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
        TRY(call(path.substr(0, slash)));
    return ok;
}

/// What is below a directory, without itself.
std::pair<Files::iterator, Files::iterator> below(Files& files, std::string const& directory)
{
    if (directory.empty())
        return { files.upper_bound(""), files.end() };
    // '0' follows '/'.
    return { files.lower_bound(directory + "/"), files.lower_bound(directory + "0") };
}

Error contradiction(std::string_view path, std::string const& what)
{
    return { ErrorKind::Invalid, fmt::format("/{} {}", printable(path), what) };
}

TarEntry directory_at(std::string path)
{
    return { .path = std::move(path), .type = TarType::Directory, .mode = 0755 };
}

}  // namespace

Overlay::Overlay(TarLimits limits, TarUse& use) : m_limits(limits), m_use(use)
{
    m_files.emplace("", FileInventory { .entry = directory_at(""), .implied = true });
}

void Overlay::begin_layer()
{
    ++m_layer;
    m_whiteouts.clear();
    m_links.clear();
}

Result<void> Overlay::add(TarEntry entry, Sha256 const& content)
{
    // Overlayfs hides by such a device what a layer below has.
    if (entry.type == TarType::CharacterDevice && entry.device_major == 0 && entry.device_minor == 0)
        return contradiction(entry.path, "is the character device 0:0, which some engines take for a whiteout");
    TRY(check_not_hidden(entry.path));
    TRY(make_directories_above(entry.path));
    if (parent_and_name(entry.path).second.starts_with(whiteout))
        return hide(entry);
    FileInventory file { .entry = std::move(entry), .content = content, .layer = m_layer };
    if (file.entry.type == TarType::HardLink)
        TRY(follow(file));
    else if (file.entry.type != TarType::Directory)
        file.inode = ++m_inodes;
    return put(std::move(file));
}

Result<void> Overlay::end_layer()
{
    for (auto const& link : m_links) {
        auto const found = m_files.find(link.target);
        if (found == m_files.end() || found->second.inode != link.inode)
            return contradiction(link.path,
                fmt::format("is a hard link to /{} of a layer below, which the same layer replaces or removes",
                    printable(link.target)));
    }
    return ok;
}

/// A link above: some engines follow it, and others put a directory into its place.
Result<void> Overlay::make_directories_above(std::string const& path)
{
    if (path.empty())
        return ok;
    return for_all_above(path, [&](std::string const& above) -> Result<void> {
        auto const found = m_files.find(above);
        if (found == m_files.end()) {
            TRY(m_use.keep(TarUse::of(directory_at(above)), m_limits));
            m_files.emplace(above, FileInventory { .entry = directory_at(above), .layer = m_layer, .implied = true });
            return ok;
        }
        auto const& entry = found->second.entry;
        if (entry.type == TarType::Directory)
            return ok;
        return contradiction(path,
            fmt::format("lies below /{}, a {}{}", printable(above), name_of(entry.type),
                is_own(found->second) ? "" : " of a layer below"));
    });
}

Result<void> Overlay::check_not_hidden(std::string const& path) const
{
    if (m_whiteouts.empty())
        return ok;
    auto const check = [&](std::string const& one) -> Result<void> {
        auto const [parent, name] = parent_and_name(one);
        if (m_whiteouts.contains(joined(parent, fmt::format("{}{}", whiteout, name))))
            return contradiction(path, fmt::format("is in a layer that hides /{}", printable(one)));
        return ok;
    };
    TRY(for_all_above(path, check));
    return check(path);
}

Result<void> Overlay::hide(TarEntry const& entry)
{
    auto const [parent, name] = parent_and_name(entry.path);
    // aufs makes one of them and links the others to it.
    if (entry.type != TarType::File && entry.type != TarType::HardLink)
        return contradiction(entry.path, fmt::format("is a whiteout and a {}", name_of(entry.type)));
    if (!m_whiteouts.insert(entry.path).second)
        return contradiction(entry.path, "is in the layer twice");
    if (name == opaque)
        return hide_all_in(std::string(parent));
    auto const hidden = name.substr(whiteout.size());
    if (hidden.empty() || hidden == "." || hidden == ".." || hidden.starts_with(whiteout))
        return contradiction(entry.path, "is a whiteout of nothing that could be there");
    return hide_one(joined(parent, hidden));
}

Result<void> Overlay::hide_one(std::string const& path)
{
    auto const refused_own = [&](FileInventory const& file) -> Result<void> {
        if (is_own(file))
            return contradiction(file.entry.path, fmt::format("is in a layer that hides /{}", printable(path)));
        return ok;
    };
    auto const [first, last] = below(m_files, path);
    for (auto at = first; at != last; ++at)
        TRY(refused_own(at->second));
    m_files.erase(first, last);
    if (auto const itself = m_files.find(path); itself != m_files.end()) {
        TRY(refused_own(itself->second));
        m_files.erase(itself);
    }
    return ok;
}

/// What the layer itself has put there stays; but an engine removes a directory of a layer below with all in it.
Result<void> Overlay::hide_all_in(std::string const& directory)
{
    auto const [first, last] = below(m_files, directory);
    for (auto at = first; at != last;)
        at = is_own(at->second) ? std::next(at) : m_files.erase(at);
    auto const [own, end] = below(m_files, directory);
    for (auto at = own; at != end; ++at)
        if (at->second.implied || !m_files.contains(std::string(parent_and_name(at->first).first)))
            return contradiction(at->first,
                fmt::format("is in the archive before the whiteout of all in /{}", printable(directory)));
    return ok;
}

/// Its target must be there already, in every engine. They disagree on whose mode a file with two names has.
Result<void> Overlay::follow(FileInventory& link)
{
    auto& entry = link.entry;
    auto const found = m_files.find(entry.target);
    if (found == m_files.end() || found->second.entry.type == TarType::Directory)
        return contradiction(entry.path,
            fmt::format("is a hard link to no file that is there before it: /{}", printable(entry.target)));
    auto const& target = found->second;
    auto const has = [&](auto const& xattr) {
        auto const same = target.entry.xattrs.find(xattr.first);
        return same != target.entry.xattrs.end() && same->second == xattr.second;
    };
    auto const is_link = target.entry.type == TarType::SymbolicLink;
    if ((entry.mode != target.entry.mode && !is_link) || entry.uid != target.entry.uid || entry.gid != target.entry.gid
        || !std::ranges::all_of(entry.xattrs, has))
        return contradiction(entry.path,
            fmt::format("is a hard link with another mode, owner or attribute than /{}", printable(entry.target)));
    TRY(m_use.keep(TarUse::of(target.entry), m_limits));
    if (!is_own(target))
        m_links.push_back({ .path = entry.path, .target = entry.target, .inode = target.inode });
    auto path = std::move(entry.path);
    link = target;
    link.entry.path = std::move(path);
    link.layer = m_layer;
    return ok;
}

Result<void> Overlay::put(FileInventory file)
{
    auto const& path = file.entry.path;
    auto const is_directory = file.entry.type == TarType::Directory;
    auto const found = m_files.find(path);
    auto const is_there = found != m_files.end() && is_own(found->second);
    // Of several entries for the root the last one counts, for every engine that heeds them.
    if (is_there && !found->second.implied && !path.empty())
        return contradiction(path, "is in the layer twice");
    if (is_there && !is_directory)
        return contradiction(path, fmt::format("is a directory and a {} in one layer", name_of(file.entry.type)));
    if (!is_directory)
        TRY(hide_one(path));
    m_files.insert_or_assign(path, std::move(file));
    return ok;
}

}  // namespace mpc::oci
