// A directory for what is being made.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace mpc::oci {

/// Made with a name of its own and mode 0700, gone at the end with what is still in it.
class Stage {
public:
    /// Errors: Io.
    static Result<Stage> in(std::filesystem::path const& directory);
    Stage(Stage&& other) noexcept : m_path(std::exchange(other.m_path, {})) {}
    Stage& operator=(Stage&&) = delete;
    ~Stage();
    [[nodiscard]] std::filesystem::path const& path() const { return m_path; }

private:
    explicit Stage(std::filesystem::path path) : m_path(std::move(path)) {}
    std::filesystem::path m_path;
};

}  // namespace mpc::oci
