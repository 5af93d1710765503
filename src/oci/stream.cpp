#include "oci/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace mpc::oci {

namespace {

/// Reads a range from its beginning.
class RangeSource final : public Source {
public:
    explicit RangeSource(FileRange range) : m_range(std::move(range)) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        auto const count = TRY(m_range.read_at(m_at, into));
        m_at += count;
        return count;
    }

private:
    FileRange m_range;
    std::uint64_t m_at = 0;
};

/// What the kernel copies before anybody asks again whether to end.
constexpr std::uint64_t kernel_bytes = std::uint64_t { 16 } << 20;

}  // namespace

Result<void> Sink::write_file(FileRange const& file)
{
    auto const source = file.source();
    Bytes buffer(std::min<std::uint64_t>(copy_bytes, file.size()));
    for (auto left = file.size(); left > 0;) {
        auto const count = TRY(source->read(buffer));
        if (count == 0)
            return Error(ErrorKind::Io, "a file is shorter than it was");
        TRY(write(ByteView(buffer).first(count)));
        left -= count;
    }
    return ok;
}

Result<FileSink> FileSink::create(std::filesystem::path const& path)
{
    Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!fd)
        return Error(ErrorKind::Io, "cannot create " + path.string() + ": " + errno_text())
            .remedy("give a path in a directory that exists and can be written to");
    // Independent of the umask, as everything else that comes out.
    if (fchmod(fd.get(), 0644) != 0)
        return Error(ErrorKind::Io, "cannot set the mode of " + path.string() + ": " + errno_text());
    return FileSink(std::move(fd), path);
}

Result<void> FileSink::write(ByteView bytes)
{
    m_buffer.insert(m_buffer.end(), bytes.begin(), bytes.end());
    if (m_buffer.size() >= copy_bytes)
        return flush();
    return ok;
}

Result<void> FileSink::flush()
{
    ByteView left(m_buffer);
    while (!left.empty()) {
        auto const written = ::write(m_fd.get(), left.data(), left.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return Error(ErrorKind::Io, "cannot write " + m_path.string() + ": " + errno_text());
        left = left.subspan(static_cast<std::size_t>(written));
    }
    m_buffer.clear();
    return ok;
}

Result<void> FileSink::write_file(FileRange const& file)
{
    TRY(flush());
    auto at = static_cast<off_t>(file.m_offset);
    auto left = file.m_size;
    while (left > 0) {
        TRY(file.go_on());
        auto const count = copy_file_range(file.m_fd->get(), &at, m_fd.get(), nullptr, std::min(left, kernel_bytes), 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        left -= static_cast<std::uint64_t>(count);
    }
    // Between some file systems the kernel cannot; any other reason comes out here as well.
    return Sink::write_file(TRY(file.part(file.m_size - left, left)));
}

Result<void> FileSink::finish() { return flush(); }

Result<TemporaryFile> TemporaryFile::create()
{
    auto const directory = temporary_directory();
    auto name = (directory / "mpcctl-XXXXXX").string();
    Fd file(mkostemp(name.data(), O_CLOEXEC));
    if (!file)
        return Error(ErrorKind::Io, "cannot create a file in " + directory.string() + ": " + errno_text())
            .remedy(temporary_remedy);
    unlink(name.c_str());
    Fd copy(fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy)
        return Error(ErrorKind::Io, "cannot keep a file open: " + errno_text());
    return TemporaryFile(FileSink(std::move(file), directory / "(a temporary file)"), std::move(copy));
}

Result<FileRange> TemporaryFile::finish()
{
    TRY(m_sink.finish().remedy(temporary_remedy));
    return FileRange::of(std::move(m_copy), "a temporary file");
}

std::filesystem::path temporary_directory()
{
    auto const* const chosen = std::getenv("TMPDIR");
    return chosen && *chosen != '\0' ? chosen : "/var/tmp";
}

FileState FileState::of(struct stat const& status)
{
    auto const nanoseconds = [](timespec const& time) {
        return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
    };
    return { .device = status.st_dev,
        .inode = status.st_ino,
        .size = status.st_size,
        .modified = nanoseconds(status.st_mtim),
        .changed = nanoseconds(status.st_ctim) };
}

Result<FileRange> FileRange::open(std::filesystem::path const& path)
{
    Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file)
        return Error(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Io,
            "cannot open " + path.string() + ": " + errno_text());
    return of(std::move(file), path.string());
}

Result<FileRange> FileRange::of(Fd file, std::string const& name)
{
    struct stat status {};
    if (fstat(file.get(), &status) != 0)
        return Error(ErrorKind::Io, "cannot look at " + name + ": " + errno_text());
    if (!S_ISREG(status.st_mode))
        return Error(ErrorKind::Io, name + " is not a regular file");
    return FileRange(std::make_shared<Fd>(std::move(file)), 0, static_cast<std::uint64_t>(status.st_size));
}

Result<FileRange> FileRange::part(std::uint64_t offset, std::uint64_t size) const
{
    if (offset > m_size || size > m_size - offset)
        return Error(ErrorKind::Invalid, "the file is cut short");
    auto part = *this;
    part.m_offset += offset;
    part.m_size = size;
    return part;
}

Result<std::string> FileRange::text(std::size_t limit) const
{
    if (m_size > limit)
        return Error(ErrorKind::Invalid, "it is larger than " + std::to_string(limit) + " bytes");
    std::string text(m_size, '\0');
    RangeSource source(*this);
    auto const count = TRY(read_fully(source, { reinterpret_cast<std::uint8_t*>(text.data()), text.size() }));
    if (count != m_size)
        return Error(ErrorKind::Io, "the file is shorter than it was");
    return text;
}

std::unique_ptr<Source> FileRange::source() const { return std::make_unique<RangeSource>(*this); }

Result<void> FileRange::go_on() const
{
    if (m_interrupt && m_interrupt->raised())
        return Interrupt::error().remedy("run it again: nothing is left of this time");
    return ok;
}

FileRange FileRange::ending_on(Interrupt const& interrupt) const
{
    auto range = *this;
    range.m_interrupt = &interrupt;
    return range;
}

Result<FileState> FileRange::state() const
{
    struct stat status {};
    if (fstat(m_fd->get(), &status) != 0)
        return Error(ErrorKind::Io, "cannot look at an open file: " + errno_text());
    return FileState::of(status);
}

Result<std::size_t> FileRange::read_at(std::uint64_t offset, std::span<std::uint8_t> into) const
{
    TRY(go_on());
    auto const wanted = std::min<std::uint64_t>(into.size(), m_size - std::min(offset, m_size));
    for (;;) {
        auto const count = pread(m_fd->get(), into.data(), wanted, static_cast<off_t>(m_offset + offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return Error(ErrorKind::Io, "cannot read: " + errno_text());
        return static_cast<std::size_t>(count);
    }
}

Result<std::size_t> read_fully(Source& source, std::span<std::uint8_t> into)
{
    std::size_t filled = 0;
    while (filled < into.size()) {
        auto const count = TRY(source.read(into.subspan(filled)));
        if (count == 0)
            break;
        filled += count;
    }
    return filled;
}

Result<std::uint64_t> copy(Source& source, Sink& sink)
{
    Bytes buffer(copy_bytes);
    std::uint64_t copied = 0;
    for (;;) {
        auto const count = TRY(source.read(buffer));
        if (count == 0)
            return copied;
        TRY(sink.write(ByteView(buffer).first(count)));
        copied += count;
    }
}

Result<void> drain(Source& source)
{
    Bytes buffer(copy_bytes);
    while (TRY(source.read(buffer)) > 0) {}
    return ok;
}

}  // namespace mpc::oci
