#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "oci/tar_header.h"

namespace mpc::oci {

namespace {

constexpr std::uint64_t block_bytes = 512;

Result<std::uint64_t> decimal(std::string_view text)
{
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return Error(ErrorKind::Invalid, "a pax header has a number that is none");
    return number;
}

/// Whole seconds; a fraction is cut off.
Result<std::int64_t> seconds(std::string_view text)
{
    text = text.substr(0, text.find('.'));
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return Error(ErrorKind::Invalid, "a pax header has a time that is none");
    return number;
}

Result<std::string> target_in(ByteView block, TarType type, std::string const* record)
{
    auto target = record ? *record : std::string(text_at(block, 157, 100));
    // Engines look for it below the root, however it is written.
    if (type == TarType::HardLink)
        target =
            TRY(clean_path(target.substr(std::min(target.find_first_not_of('/'), target.size()))).in("its target"));
    if (target.empty())
        return Error(ErrorKind::Invalid, "is a link to nothing");
    return target;
}

/// By attributes of its own overlayfs shows a directory as another or hides what is in it, and engines unpack them.
Result<void> check_xattr(std::string_view name)
{
    if (name.starts_with("trusted.") || name.starts_with("user.overlay."))
        return Error(ErrorKind::Invalid,
            fmt::format("has the attribute {}, by which engines may show other files", printable(name, 60)))
            .remedy("make the image without attributes of overlayfs");
    return ok;
}

bool all_zero(ByteView bytes)
{
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

/// What the headers before an entry say of it.
struct TarReader::Extended {
    std::map<std::string, std::string, std::less<>> records {};
    bool used = false;    ///< such a header must be followed by its entry
    bool is_pax = false;  ///< one was a pax header, of which there is one

    [[nodiscard]] std::string const* find(std::string_view key) const
    {
        auto const found = records.find(key);
        return found == records.end() ? nullptr : &found->second;
    }

    Result<void> put(std::string key, std::string value)
    {
        used = true;
        if (!records.emplace(std::move(key), std::move(value)).second)
            return Error(ErrorKind::Invalid, "an extended header says something twice");
        return ok;
    }

    [[nodiscard]] Result<std::map<std::string, std::string>> xattrs() const
    {
        constexpr std::string_view prefix = "SCHILY.xattr.";
        std::map<std::string, std::string> all;
        for (auto const& [key, value] : records)
            if (key.starts_with(prefix)) {
                TRY(check_xattr(std::string_view(key).substr(prefix.size())));
                all.emplace(key.substr(prefix.size()), value);
            }
        return all;
    }

    /// "LENGTH KEY=VALUE\n" ...
    Result<void> parse(std::string_view text)
    {
        while (!text.empty()) {
            auto const space = text.find(' ');
            if (space == std::string_view::npos)
                return Error(ErrorKind::Invalid, "a pax header is malformed");
            auto const length = TRY(decimal(text.substr(0, space)));
            if (length <= space + 1 || length > text.size() || text[length - 1] != '\n')
                return Error(ErrorKind::Invalid, "a pax header lies about its length");
            auto const record = text.substr(space + 1, length - space - 2);
            auto const equal = record.find('=');
            if (equal == std::string_view::npos || equal == 0)
                return Error(ErrorKind::Invalid, "a pax header is malformed");
            auto const key = record.substr(0, equal);
            if (key.starts_with("GNU.sparse."))
                return Error(ErrorKind::Invalid, "an entry is stored sparsely, which is not supported");
            TRY(put(std::string(key), std::string(record.substr(equal + 1))));
            text.remove_prefix(length);
        }
        return ok;
    }
};

Result<std::string> clean_path(std::string_view path)
{
    if (path.starts_with('/'))
        return Error(ErrorKind::Invalid, "\"" + printable(path) + "\" is an absolute path");
    if (path.find('\0') != std::string_view::npos)
        return Error(ErrorKind::Invalid, "\"" + printable(path) + "\" has a NUL in its name");
    std::string clean;
    for (std::size_t at = 0; at <= path.size();) {
        auto const end = std::min(path.find('/', at), path.size());
        auto const part = path.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".")
            continue;
        if (part == "..")
            return Error(ErrorKind::Invalid, "\"" + printable(path) + "\" leads out of the tree");
        clean.append(clean.empty() ? "" : "/").append(part);
    }
    return clean;
}

Result<void> TarReader::check_global(std::string_view text)
{
    Extended global;
    TRY(global.parse(text));
    for (auto const& [key, value] : global.records)
        if (key != "comment")
            return Error(ErrorKind::Invalid,
                fmt::format("it has a global pax header with {}, which is not supported", printable(key, 40)))
                .remedy("make the archive without one");
    return ok;
}

/// Before anything of it is kept.
Result<void> TarReader::check_text(TarEntry const& entry)
{
    auto const parts = std::ranges::count(entry.path, '/') + 1;
    if (entry.path.size() > most_path_bytes || entry.target.size() > most_path_bytes
        || static_cast<std::size_t>(parts) > most_path_parts)
        return Error(ErrorKind::Invalid, printable(entry.path, 60) + " is longer or deeper than a path may be");
    if (entry.xattrs.size() > m_limits.xattrs)
        return Error(ErrorKind::Invalid,
            fmt::format("{} has more than {} attributes", printable(entry.path, 60), m_limits.xattrs));
    return m_use.keep(TarUse::of(entry), m_limits);
}

std::uint64_t TarUse::of(TarEntry const& entry)
{
    constexpr std::uint64_t record = 64;
    auto bytes = record + entry.path.size() + entry.target.size();
    for (auto const& [name, value] : entry.xattrs)
        bytes += record + name.size() + value.size();
    return bytes;
}

Result<void> TarUse::keep(std::uint64_t bytes, TarLimits const& limits)
{
    text += bytes;
    if (text > limits.text_bytes)
        return Error(ErrorKind::Invalid,
            fmt::format("names and attributes have more than {} bytes", limits.text_bytes));
    return ok;
}

std::string TarReader::forms() const
{
    auto forms = m_forms;
    // What has a pax header has a ustar header, too.
    if (forms.contains("pax"))
        forms.erase("ustar");
    return fmt::format("{}", fmt::join(forms, " and "));
}

Result<std::size_t> TarReader::take(std::span<std::uint8_t> into)
{
    auto const count = TRY(read_fully(m_source, into));
    m_offset += count;
    if (m_offset > m_limits.bytes)
        return Error(ErrorKind::Invalid, fmt::format("it unpacks to more than {} bytes", m_limits.bytes));
    return count;
}

Result<bool> TarReader::read_header(Block& block)
{
    auto const count = TRY(take(block));
    if (count == 0)
        return Error(ErrorKind::Invalid, "the archive is cut: it has no end");
    if (count != block.size())
        return Error(ErrorKind::Invalid, "the archive is cut within a header");
    if (!all_zero(block)) {
        TRY(check_sum(block));
        m_forms.insert(form_of(block));
        return true;
    }
    TRY(read_end());
    return false;
}

Result<void> TarReader::read_end()
{
    Bytes buffer(copy_bytes);
    std::uint64_t zeros = 0;
    for (;;) {
        auto const count = TRY(take(buffer));
        if (!all_zero(ByteView(buffer).first(count)))
            return Error(ErrorKind::Invalid, "something follows the end of the archive");
        zeros += count;
        if (count < buffer.size())
            break;
    }
    if (zeros < block_bytes)
        return Error(ErrorKind::Invalid, "the archive is cut within its end");
    return ok;
}

Result<std::string> TarReader::read_text(std::uint64_t size)
{
    if (size > m_limits.pax_bytes)
        return Error(ErrorKind::Invalid, fmt::format("an extended header is larger than {} bytes", m_limits.pax_bytes));
    std::string text(size + (block_bytes - size % block_bytes) % block_bytes, '\0');
    if (TRY(take({ reinterpret_cast<std::uint8_t*>(text.data()), text.size() })) != text.size())
        return Error(ErrorKind::Invalid, "the archive is cut within an extended header");
    text.resize(size);
    return text;
}

Result<void> TarReader::skip_content()
{
    Bytes buffer(std::min<std::uint64_t>(copy_bytes, std::max<std::uint64_t>(m_left, block_bytes)));
    while (TRY(read(buffer)) > 0) {}
    auto const padding = std::span(buffer).first(m_padding);
    m_padding = 0;
    if (TRY(take(padding)) != padding.size())
        return Error(ErrorKind::Invalid, "the archive is cut after " + printable(m_name));
    return ok;
}

Result<std::size_t> TarReader::read(std::span<std::uint8_t> into)
{
    auto const wanted = std::min<std::uint64_t>(into.size(), m_left);
    if (wanted == 0)
        return std::size_t { 0 };
    auto const count = TRY(take(into.first(wanted)));
    if (count != wanted)
        return Error(ErrorKind::Invalid, "the archive is cut within " + printable(m_name));
    m_left -= count;
    return count;
}

Result<std::optional<TarEntry>> TarReader::next()
{
    TRY(skip_content());
    Extended extended;
    Block block {};
    for (;;) {
        if (!TRY(read_header(block))) {
            if (extended.used)
                return Error(ErrorKind::Invalid, "an extended header has no entry");
            return std::optional<TarEntry>();
        }
        auto const size = TRY(number_at(block, 124, 12));
        switch (static_cast<char>(block[156])) {
        case 'x':
            if (std::exchange(extended.is_pax, true))
                return Error(ErrorKind::Invalid, "a pax header follows another");
            TRY(extended.parse(TRY(read_text(size))));
            continue;
        case 'L': TRY(extended.put("path", std::string(text_at(as_bytes(TRY(read_text(size))), 0, size)))); continue;
        case 'K':
            TRY(extended.put("linkpath", std::string(text_at(as_bytes(TRY(read_text(size))), 0, size))));
            continue;
        case 'g': TRY(check_global(TRY(read_text(size)))); continue;
        default: break;
        }
        if (++m_use.entries > m_limits.entries)
            return Error(ErrorKind::Invalid, fmt::format("there are more than {} entries", m_limits.entries));
        return std::optional(TRY(entry_of(block, extended)));
    }
}

Result<TarEntry> TarReader::entry_of(Block const& block, Extended& extended)
{
    m_name = name_in(block);
    if (auto const* path = extended.find("path"))
        m_name = *path;
    auto const number = [&](std::string_view key, std::size_t at, std::size_t width) -> Result<std::uint64_t> {
        auto const* const record = extended.find(key);
        return record ? decimal(*record) : number_at(block, at, width);
    };
    TarEntry entry;
    entry.path = TRY(clean_path(m_name));
    auto const flag = static_cast<char>(block[156]);
    // Before POSIX a name's last slash told a directory.
    auto const is_old_directory = flag == '\0' && m_name.ends_with('/');
    entry.type = is_old_directory ? TarType::Directory : TRY(type_of(flag).in(printable(m_name)));
    entry.mode = static_cast<std::uint32_t>(TRY(number_at(block, 100, 8)) & 07777);
    entry.uid = TRY(number("uid", 108, 8));
    entry.gid = TRY(number("gid", 116, 8));
    entry.size = TRY(number("size", 124, 12));
    auto const* const mtime = extended.find("mtime");
    entry.mtime = mtime ? TRY(seconds(*mtime)) : TRY(signed_number_at(block, 136, 12));
    if (entry.type == TarType::CharacterDevice || entry.type == TarType::BlockDevice) {
        entry.device_major = TRY(number_at(block, 329, 8));
        entry.device_minor = TRY(number_at(block, 337, 8));
    }
    if (entry.path.empty() && entry.type != TarType::Directory)
        return Error(ErrorKind::Invalid, fmt::format("the root itself is a {}", name_of(entry.type)));
    if (entry.size > m_limits.bytes)
        return Error(ErrorKind::Invalid, printable(m_name) + " claims to be larger than an archive may be");
    if (entry.type != TarType::File && entry.size > 0)
        return Error(ErrorKind::Invalid,
            fmt::format("{} is a {} and claims to have content", printable(m_name), name_of(entry.type)));
    if (entry.type == TarType::HardLink || entry.type == TarType::SymbolicLink)
        entry.target = TRY(target_in(block, entry.type, extended.find("linkpath")).in(printable(m_name)));
    entry.xattrs = TRY(extended.xattrs().in(printable(m_name)));
    TRY(check_text(entry));
    m_left = entry.size;
    m_padding = (block_bytes - entry.size % block_bytes) % block_bytes;
    return entry;
}

}  // namespace mpc::oci
