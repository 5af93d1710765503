#include "net/collateral_cache.h"

#include <cerrno>
#include <cstdlib>
#include <sys/stat.h>

#include "base/fd.h"

namespace mpc::net {

namespace {

constexpr std::size_t most_bytes = 1 << 20;

std::optional<std::filesystem::path> absolute_path_in(char const* variable)
{
    auto const* value = std::getenv(variable);
    if (!value || *value != '/')
        return std::nullopt;
    return value;
}

/// Makes what is missing of a path, readable by its owner alone.
Result<void> make_directories(std::filesystem::path const& path)
{
    std::filesystem::path made;
    for (auto const& part : path) {
        made /= part;
        if (mkdir(made.c_str(), 0700) != 0 && errno != EEXIST && !std::filesystem::is_directory(made))
            return Error(ErrorKind::Io, "cannot make " + made.string() + ": " + errno_text());
    }
    return ok;
}

}  // namespace

std::optional<std::filesystem::path> default_cache_directory()
{
    auto const* below = "mpcctl/collateral";
    if (auto const cache = absolute_path_in("XDG_CACHE_HOME"))
        return *cache / below;
    if (auto const home = absolute_path_in("HOME"))
        return *home / ".cache" / below;
    return std::nullopt;
}

Result<std::string> CollateralCache::load(std::string const& name) const
{
    if (!enabled())
        return Error(ErrorKind::NotFound, "there is no cache directory");
    return read_file(m_directory / (name + ".json"), most_bytes);
}

Result<void> CollateralCache::store(std::string const& name, std::string_view text) const
{
    if (!enabled())
        return ok;
    TRY(make_directories(m_directory));
    return write_file_atomically(m_directory / (name + ".json"), text);
}

}  // namespace mpc::net
