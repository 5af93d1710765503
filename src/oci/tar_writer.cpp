#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"
#include "oci/tar.h"

namespace mpc::oci {

namespace {

constexpr std::uint64_t block_bytes = 512;
constexpr std::size_t name_bytes = 100;
constexpr std::uint64_t most_octal_7 = 07777777;
constexpr std::uint64_t most_octal_11 = 077777777777;

using Block = std::array<std::uint8_t, block_bytes>;

void put_text(Block& block, std::size_t at, std::size_t width, std::string_view text)
{
    std::copy_n(text.begin(), std::min(width, text.size()), block.begin() + static_cast<std::ptrdiff_t>(at));
}

/// Octal digits with leading zeros and a NUL at the end; what does not fit is in the pax header, and 0 here.
void put_number(Block& block, std::size_t at, std::size_t width, std::uint64_t number)
{
    auto const most = width == 8 ? most_octal_7 : most_octal_11;
    put_text(block, at, width - 1, fmt::format("{:0{}o}", number > most ? 0 : number, width - 1));
}

char type_flag(TarType type)
{
    switch (type) {
    case TarType::File: return '0';
    case TarType::HardLink: return '1';
    case TarType::SymbolicLink: return '2';
    case TarType::CharacterDevice: return '3';
    case TarType::BlockDevice: return '4';
    case TarType::Directory: return '5';
    case TarType::Fifo: return '6';
    }
    return '0';
}

struct HeaderFields {
    std::string_view name;
    char flag = '0';
    std::uint32_t mode = 0644;
    std::uint64_t uid = 0;
    std::uint64_t gid = 0;
    std::uint64_t size = 0;
    std::uint64_t mtime = 0;
    std::string_view target {};
};

Block header(HeaderFields const& fields)
{
    Block block {};
    put_text(block, 0, name_bytes, fields.name);
    put_number(block, 100, 8, fields.mode);
    put_number(block, 108, 8, fields.uid);
    put_number(block, 116, 8, fields.gid);
    put_number(block, 124, 12, fields.size);
    put_number(block, 136, 12, fields.mtime);
    put_text(block, 148, 8, "        ");
    block[156] = static_cast<std::uint8_t>(fields.flag);
    put_text(block, 157, name_bytes, fields.target);
    put_text(block, 257, 6, "ustar");
    put_text(block, 263, 2, "00");
    put_number(block, 329, 8, 0);
    put_number(block, 337, 8, 0);
    std::uint64_t sum = 0;
    for (auto const byte : block)
        sum += byte;
    put_text(block, 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return block;
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value)
{
    auto const rest = key.size() + value.size() + 3;
    auto length = rest + 1;
    while (length != rest + std::to_string(length).size())
        length = rest + std::to_string(length).size();
    return fmt::format("{} {}={}\n", length, key, value);
}

/// In the order of the keys, as everything here has one order.
std::string pax_records(TarEntry const& entry, std::string_view path)
{
    std::string records;
    for (auto const& [name, value] : entry.xattrs)
        records += pax_record("SCHILY.xattr." + name, value);
    if (entry.gid > most_octal_7)
        records += pax_record("gid", std::to_string(entry.gid));
    if (entry.target.size() > name_bytes)
        records += pax_record("linkpath", entry.target);
    if (entry.mtime < 0 || static_cast<std::uint64_t>(entry.mtime) > most_octal_11)
        records += pax_record("mtime", std::to_string(entry.mtime));
    if (path.size() > name_bytes)
        records += pax_record("path", path);
    if (entry.size > most_octal_11)
        records += pax_record("size", std::to_string(entry.size));
    if (entry.uid > most_octal_7)
        records += pax_record("uid", std::to_string(entry.uid));
    return records;
}

Result<void> check(TarEntry const& entry)
{
    auto const has_nul = [](std::string const& text) { return text.find('\0') != std::string::npos; };
    auto const is_link = entry.type == TarType::HardLink || entry.type == TarType::SymbolicLink;
    if (entry.path.empty() || has_nul(entry.path) || has_nul(entry.target) || is_link == entry.target.empty())
        return Error(ErrorKind::Invalid, "\"" + printable(entry.path) + "\" has no usable name or target");
    if (entry.path.size() > most_path_bytes || entry.target.size() > most_path_bytes)
        return Error(ErrorKind::Invalid, printable(entry.path, 60) + " is longer than a path may be");
    if (entry.type != TarType::File && entry.type != TarType::Directory && !is_link)
        return Error(ErrorKind::Invalid, fmt::format("{} is a {}", printable(entry.path), name_of(entry.type)))
            .remedy("leave it out: engines make devices, and programs make sockets and fifos");
    return ok;
}

}  // namespace

char const* name_of(TarType type)
{
    switch (type) {
    case TarType::File: return "file";
    case TarType::HardLink: return "hard link";
    case TarType::SymbolicLink: return "symbolic link";
    case TarType::CharacterDevice: return "character device";
    case TarType::BlockDevice: return "block device";
    case TarType::Directory: return "directory";
    case TarType::Fifo: return "fifo";
    }
    return "entry";
}

Result<void> TarWriter::add(TarEntry const& entry)
{
    if (m_left > 0)
        return Error(ErrorKind::Internal, "tar: content is missing before " + printable(entry.path));
    TRY(check(entry));
    auto const path = entry.type == TarType::Directory ? entry.path + "/" : entry.path;
    auto const records = pax_records(entry, path);
    if (!records.empty()) {
        TRY(m_sink.write(header({ .name = "././@PaxHeader", .flag = 'x', .size = records.size() })));
        TRY(m_sink.write(as_bytes(records)));
        TRY(pad(records.size()));
    }
    HeaderFields const fields { .name = path,
        .flag = type_flag(entry.type),
        .mode = entry.mode,
        .uid = entry.uid,
        .gid = entry.gid,
        .size = entry.size,
        .mtime = entry.mtime < 0 ? 0 : static_cast<std::uint64_t>(entry.mtime),
        .target = entry.target };
    TRY(m_sink.write(header(fields)));
    m_content = m_left = entry.size;
    return ok;
}

Result<void> TarWriter::content(ByteView bytes)
{
    if (bytes.size() > m_left)
        return Error(ErrorKind::Internal, "tar: more content than announced");
    TRY(m_sink.write(bytes));
    m_left -= bytes.size();
    return m_left == 0 && !bytes.empty() ? pad(m_content) : ok;
}

Result<void> TarWriter::content(FileRange const& file)
{
    if (file.size() != m_left)
        return Error(ErrorKind::Internal, "tar: other content than announced");
    TRY(m_sink.write_file(file));
    m_left = 0;
    return pad(m_content);
}

Result<void> TarWriter::finish()
{
    if (m_left > 0)
        return Error(ErrorKind::Internal, "tar: content is missing at the end");
    static constexpr std::array<std::uint8_t, 2 * block_bytes> end {};
    return m_sink.write(end);
}

Result<void> TarWriter::pad(std::uint64_t size)
{
    static constexpr Block zeros {};
    return m_sink.write(ByteView(zeros).first((block_bytes - size % block_bytes) % block_bytes));
}

}  // namespace mpc::oci
