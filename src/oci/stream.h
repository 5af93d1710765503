// Bytes that pass by: sources, sinks, hashes on the way. Nothing is held but a buffer, however large a file is.
#pragma once

#include <filesystem>
#include <memory>

#include <sys/stat.h>

#include "base/fd.h"
#include "base/interrupt.h"
#include "hash/hasher.h"

namespace mpc::oci {

class FileRange;

class Sink {
public:
    virtual ~Sink() = default;
    /// Takes all of the bytes. Errors: Io.
    [[nodiscard]] virtual Result<void> write(ByteView bytes) = 0;
    /// Takes all of a piece of a file. Errors: Io, also when it is cut short meanwhile; Interrupted.
    [[nodiscard]] virtual Result<void> write_file(FileRange const& file);
};

class Source {
public:
    virtual ~Source() = default;
    /// At least one byte into `into`, or 0 at the end. Errors: Io; Invalid for what cannot be decoded.
    [[nodiscard]] virtual Result<std::size_t> read(std::span<std::uint8_t> into) = 0;
};

using Hasher = Sha256Hasher;

/// Hashes what it hands on. The next sink must outlive it.
class HashingSink final : public Sink {
public:
    explicit HashingSink(Sink& next) : m_next(next) {}
    Result<void> write(ByteView bytes) override
    {
        m_hasher.update(bytes);
        return m_next.write(bytes);
    }
    [[nodiscard]] Hasher& hasher() { return m_hasher; }

private:
    Sink& m_next;
    Hasher m_hasher;
};

/// Hashes what is read through it. The next source must outlive it.
class HashingSource final : public Source {
public:
    explicit HashingSource(Source& next) : m_next(next) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        auto const count = TRY(m_next.read(into));
        m_hasher.update(into.first(count));
        return count;
    }
    [[nodiscard]] Hasher& hasher() { return m_hasher; }

private:
    Source& m_next;
    Hasher m_hasher;
};

/// Collects what is written to it.
class BytesSink final : public Sink {
public:
    Result<void> write(ByteView bytes) override
    {
        m_bytes.insert(m_bytes.end(), bytes.begin(), bytes.end());
        return ok;
    }
    [[nodiscard]] Bytes const& bytes() const { return m_bytes; }

private:
    Bytes m_bytes;
};

/// What tells that a file is another one than before, or was written to (stat(2)).
struct FileState {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::uint64_t modified = 0;  ///< these two in nanoseconds
    std::uint64_t changed = 0;

    static FileState of(struct stat const& status);
    bool operator==(FileState const&) const = default;
};

/// A piece of an open file: a blob of a layout or archive. Copies share the file.
class FileRange {
public:
    /// The whole of a regular file. Errors: NotFound, Io.
    static Result<FileRange> open(std::filesystem::path const& path);
    /// The whole of an open file. `name` is for errors. Errors: Io, also for what is no regular file.
    static Result<FileRange> of(Fd file, std::string const& name);

    /// A piece of this piece. Errors: Invalid where it reaches beyond.
    [[nodiscard]] Result<FileRange> part(std::uint64_t offset, std::uint64_t size) const;
    [[nodiscard]] std::uint64_t size() const { return m_size; }
    /// The whole of it. Errors: Invalid when larger than `limit`; Io.
    [[nodiscard]] Result<std::string> text(std::size_t limit) const;
    [[nodiscard]] std::unique_ptr<Source> source() const;
    /// As pread(2). Errors: Io, Interrupted.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) const;
    /// Of the whole file. Errors: Io.
    [[nodiscard]] Result<FileState> state() const;
    /// The same bytes, and an end to reading them once the interrupt, which must outlive it, is raised.
    [[nodiscard]] FileRange ending_on(Interrupt const& interrupt) const;

private:
    friend class FileSink;
    FileRange(std::shared_ptr<Fd const> fd, std::uint64_t offset, std::uint64_t size)
        : m_fd(std::move(fd)), m_offset(offset), m_size(size)
    {
    }
    [[nodiscard]] Result<void> go_on() const;

    std::shared_ptr<Fd const> m_fd;
    std::uint64_t m_offset;
    std::uint64_t m_size;
    Interrupt const* m_interrupt = nullptr;
};

/// A file that is written from its beginning, through a buffer.
class FileSink final : public Sink {
public:
    /// Mode 0644. Errors: Io, also when something is there already.
    static Result<FileSink> create(std::filesystem::path const& path);
    Result<void> write(ByteView bytes) override;
    /// Within the kernel where the file systems can do that.
    Result<void> write_file(FileRange const& file) override;
    /// Writes what is left in the buffer. Errors: Io.
    [[nodiscard]] Result<void> finish();

private:
    friend class TemporaryFile;
    FileSink(Fd fd, std::filesystem::path path) : m_fd(std::move(fd)), m_path(std::move(path)) {}
    Result<void> flush();

    Fd m_fd;
    std::filesystem::path m_path;
    Bytes m_buffer;
};

inline constexpr char const* temporary_remedy = "set TMPDIR to a directory with room for the image";

/// A file without a name, which is gone when nobody has it open, in TMPDIR or /var/tmp: downloads may be large.
class TemporaryFile final : public Sink {
public:
    /// Errors: Io.
    static Result<TemporaryFile> create();
    Result<void> write(ByteView bytes) override { return m_sink.write(bytes).remedy(temporary_remedy); }
    /// What was written. To be called once, at the end. Errors: Io.
    [[nodiscard]] Result<FileRange> finish();

private:
    TemporaryFile(FileSink sink, Fd copy) : m_sink(std::move(sink)), m_copy(std::move(copy)) {}
    FileSink m_sink;
    Fd m_copy;  ///< of the same open file, to read it
};
/// TMPDIR, or /var/tmp.
[[nodiscard]] std::filesystem::path temporary_directory();

inline constexpr std::size_t copy_bytes = std::size_t { 256 } << 10;

/// Reads until `into` is full or the source ends; returns how much there was.
[[nodiscard]] Result<std::size_t> read_fully(Source& source, std::span<std::uint8_t> into);
/// Everything that is left of the source. Returns how much that was.
Result<std::uint64_t> copy(Source& source, Sink& sink);
/// Reads the source to its end, for the sake of those that watch.
Result<void> drain(Source& source);

}  // namespace mpc::oci
