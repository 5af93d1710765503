#include <fmt/format.h>

#include "base/log.h"
#include "oci/tree.h"

namespace mpc::oci {

namespace {

using Files = std::map<std::string, FileInventory>;

constexpr int most_links = 40;  // as Linux follows

/// What is above a path in a directory whose entry no layer has is a directory all the same.
bool is_directory(Files const& base, std::string const& path)
{
    if (auto const found = base.find(path); found != base.end())
        return found->second.entry.type == TarType::Directory;
    auto const below = base.lower_bound(path + "/");
    return below != base.end() && below->first.starts_with(path + "/");
}

/// Where a container finds what is at a path: with every link followed. Nothing where they go round in circles.
std::optional<std::string> followed(Files const& base, std::string const& path)
{
    std::string place;
    auto rest = path;
    for (int links = 0; !rest.empty();) {
        auto const slash = std::min(rest.find('/'), rest.size());
        auto const part = rest.substr(0, slash);
        rest.erase(0, slash + 1);
        if (part.empty() || part == ".")
            continue;
        if (part == "..") {
            auto const above = place.rfind('/');
            place.resize(above == std::string::npos ? 0 : above);
            continue;
        }
        auto const here = place.empty() ? part : place + "/" + part;
        auto const found = base.find(here);
        if (found == base.end() || found->second.entry.type != TarType::SymbolicLink) {
            place = here;
            continue;
        }
        if (++links > most_links)
            return std::nullopt;
        auto const& target = found->second.entry.target;
        if (target.starts_with('/'))
            place.clear();
        rest = target + "/" + rest;
    }
    return place;
}

Error replaces(Files const& base, std::string const& path, std::string const& given)
{
    auto const found = base.find(path);
    if (found == base.end() || found->second.entry.type == TarType::Directory)
        return Error(ErrorKind::Invalid, fmt::format("/{} would replace a directory of the base", printable(path)))
            .remedy("give it another path, or give the files that belong into that directory");
    auto const& entry = found->second.entry;
    if (entry.type != TarType::SymbolicLink)
        return Error(ErrorKind::Invalid,
            fmt::format("/{} would replace /{} of the base, a {}, by a directory", printable(given), printable(path),
                name_of(entry.type)))
            .remedy("give it another path");
    auto const place = followed(base, given);
    return Error(ErrorKind::Invalid,
        fmt::format("/{} would replace /{} of the base, a link to {}, by a directory", printable(given),
            printable(path), printable(entry.target)))
        .remedy(place ? fmt::format("give it as /{}, where a container finds it", printable(*place))
                      : std::string("leave it out: that link leads nowhere"));
}

}  // namespace

Result<void> Tree::stack_on(Inventory const& base)
{
    auto const& files = base.files;
    for (auto& [path, found] : m_entries) {
        bool const is_directory_there = is_directory(files, path);
        bool const is_directory_here = found.entry.type == TarType::Directory;
        auto const there = files.find(path);
        if (is_directory_here != is_directory_there && (is_directory_there || there != files.end())) {
            // An implied directory is named by what it was implied by.
            auto given = m_entries.find(path);
            while (given->second.is_implied)
                given = m_entries.lower_bound(given->first + "/");
            return replaces(files, path, given->first);
        }
        if (!found.is_implied || there == files.end())
            continue;
        found.entry.mode = there->second.entry.mode;
        found.entry.uid = there->second.entry.uid;
        found.entry.gid = there->second.entry.gid;
    }
    return ok;
}

}  // namespace mpc::oci
