// Collateral on disk, so that it is fetched once a month and not once a verification.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mpc::net {

/// $XDG_CACHE_HOME/mpcctl/collateral or ~/.cache/mpcctl/collateral; nullopt when neither variable is an absolute path.
[[nodiscard]] std::optional<std::filesystem::path> default_cache_directory();

/// One JSON file for each name in a directory of its own. What is read back is as untrusted as what a server sends.
class CollateralCache {
public:
    /// An empty path caches nothing. The directory is made when it is needed, with mode 0700.
    explicit CollateralCache(std::filesystem::path directory) : m_directory(std::move(directory)) {}

    /// At most 1 MiB. Errors: NotFound, Io, Invalid.
    [[nodiscard]] Result<std::string> load(std::string const& name) const;
    /// Replaces the file as a whole, mode 0600. Errors: Io.
    [[nodiscard]] Result<void> store(std::string const& name, std::string_view text) const;

    [[nodiscard]] bool enabled() const { return !m_directory.empty(); }

private:
    std::filesystem::path m_directory;
};

}  // namespace mpc::net
