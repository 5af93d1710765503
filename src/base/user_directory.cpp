#include "base/user_directory.h"

#include <cstdlib>

namespace mpc {

namespace {

std::optional<std::filesystem::path> absolute_path_in(char const* variable)
{
    auto const* const value = std::getenv(variable);
    return value && *value == '/' ? std::optional<std::filesystem::path>(value) : std::nullopt;
}

}  // namespace

std::optional<std::filesystem::path> user_directory(char const* variable, std::string_view in_home)
{
    if (auto directory = absolute_path_in(variable))
        return directory;
    auto const home = absolute_path_in("HOME");
    return home ? std::optional(*home / in_home) : std::nullopt;
}

}  // namespace mpc
