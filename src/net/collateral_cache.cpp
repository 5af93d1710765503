#include "net/collateral_cache.h"

#include <cerrno>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/user_directory.h"

namespace mpc::net {

namespace {

constexpr std::size_t most_bytes = 1 << 20;

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
    auto const cache = user_directory("XDG_CACHE_HOME", ".cache");
    return cache ? std::optional(*cache / "mpcctl/collateral") : std::nullopt;
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
