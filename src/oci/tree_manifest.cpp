#include <charconv>

#include <fmt/format.h>

#include "oci/tree.h"
#include "json/json.h"

namespace mpc::oci {

namespace {

Result<std::optional<std::string>> text_of(json::Object const& object, std::string_view name)
{
    if (!object.find(name))
        return std::optional<std::string>();
    return std::optional(TRY(object.require_text(name)));
}

Result<std::optional<std::uint32_t>> mode_of(json::Object const& object)
{
    auto const text = TRY(text_of(object, "mode"));
    if (!text)
        return std::optional<std::uint32_t>();
    return std::optional(TRY(parse_mode(*text)));
}

Result<std::uint64_t> number_of(json::Object const& object, std::string_view name, std::uint64_t otherwise)
{
    return object.find(name) ? object.require_number(name) : Result<std::uint64_t>(otherwise);
}

Result<TarType> type_of(json::Object const& object)
{
    auto const name = TRY(text_of(object, "type")).value_or("file");
    if (name == "file")
        return TarType::File;
    if (name == "directory")
        return TarType::Directory;
    if (name == "symlink")
        return TarType::SymbolicLink;
    if (name == "hardlink")
        return TarType::HardLink;
    return Error(ErrorKind::Invalid, "type is none of file, directory, symlink, hardlink");
}

std::string_view without_first_slash(std::string_view path) { return path.substr(path.starts_with('/') ? 1 : 0); }

/// All of it but a file's content.
Result<TarEntry> entry_of(json::Object const& object, Owner owner)
{
    TRY(object.allow_only({ "path", "type", "source", "target", "mode", "uid", "gid" }));
    TarEntry entry;
    auto const path = TRY(object.require_text("path"));
    entry.path = TRY(clean_path(without_first_slash(path)));
    if (entry.path.empty())
        return Error(ErrorKind::Invalid, "path is the root itself");
    entry.type = TRY(type_of(object));
    auto const is_link = entry.type == TarType::SymbolicLink || entry.type == TarType::HardLink;
    if (is_link != (object.find("target") != nullptr)
        || (entry.type == TarType::File) != (object.find("source") != nullptr))
        return Error(ErrorKind::Invalid, "a file needs a source, a link a target, and nothing else has either");
    if (is_link)
        entry.target = TRY(object.require_text("target"));
    if (entry.type == TarType::HardLink)
        entry.target = TRY(clean_path(without_first_slash(entry.target)));
    if (is_link && object.find("mode"))
        return Error(ErrorKind::Invalid, "a link has no mode of its own");
    entry.mode = is_link ? 0777 : TRY(mode_of(object)).value_or(0755);
    entry.uid = TRY(number_of(object, "uid", owner.uid));
    entry.gid = TRY(number_of(object, "gid", owner.gid));
    return entry;
}

}  // namespace

Result<std::uint32_t> parse_mode(std::string_view text)
{
    std::uint32_t mode = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (text.size() < 3 || error != std::errc() || end != text.data() + text.size() || mode > 07777)
        return Error(ErrorKind::Invalid, "a mode is not three or four octal digits, such as 0755");
    return mode;
}

Result<void> Tree::add_manifest(std::string_view text, std::filesystem::path const& directory)
{
    auto const list = TRY(json::read(text).in("manifest"));
    if (!list.array())
        return Error(ErrorKind::Invalid, "manifest: it is not a JSON array");
    for (std::size_t at = 0; at < list.array()->size(); ++at) {
        auto const where = fmt::format("manifest: entry {}", at + 1);
        auto const* const object = (*list.array())[at].object();
        if (!object)
            return Error(ErrorKind::Invalid, where + ": it is not an object");
        auto entry = TRY(entry_of(*object, m_owner).in(where));
        if (entry.type != TarType::File) {
            TRY(add({ .entry = std::move(entry) }).in(where));
            continue;
        }
        auto const source = TRY(object->require_text("source").in(where));
        TRY(add_file(directory / source, entry.path, TRY(mode_of(*object).in(where))).in(where));
        auto& added = m_entries.at(entry.path).entry;
        added.uid = entry.uid;
        added.gid = entry.gid;
    }
    return ok;
}

}  // namespace mpc::oci
