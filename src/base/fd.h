// File descriptors and files: bounded reads, atomic writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace mpc {

/// Owns a file descriptor.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : m_fd(fd) {}
    Fd(Fd&& other) noexcept : m_fd(std::exchange(other.m_fd, -1)) {}
    Fd& operator=(Fd&& other) noexcept
    {
        std::swap(m_fd, other.m_fd);
        return *this;
    }
    ~Fd();

    [[nodiscard]] int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd = -1;
};

/// The text of the current errno.
[[nodiscard]] std::string errno_text();

/// The whole of a regular file of at most `limit` bytes; the path is in the message.
/// Errors: NotFound when nothing is at the path; Io for a directory, device, no permission; Invalid when larger.
[[nodiscard]] Result<std::string> read_file(std::filesystem::path const& path, std::size_t limit);

/// Replaces a file as a whole: written beside its place with mode 0600, flushed, renamed, the directory flushed. Others
/// may read and write it meanwhile; all see old or new content, also after a power cut. On an error the file is as it
/// was and nothing is left beside it. What a killed writer left goes with a write an hour later. Errors: Io.
[[nodiscard]] Result<void> write_file_atomically(std::filesystem::path const& path, std::string_view content);

/// Appends one write to an existing or new file (mode 0600) and flushes it. Errors: Io.
[[nodiscard]] Result<void> append_to_file(std::filesystem::path const& path, std::string_view content);

}  // namespace mpc
