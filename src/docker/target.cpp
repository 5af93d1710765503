#include "docker/target.h"

#include <algorithm>

namespace mpc::docker {

namespace {

constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_reference = 512;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool consists_of(std::string_view text, std::string_view others)
{
    return !text.empty() && is_alphanumeric(text.front()) && std::ranges::all_of(text, [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

/// Whether a component between two '/' is empty, "." or "..": what path cleaning would take away.
bool has_a_relative_component(std::string_view path)
{
    for (std::size_t start = 0; start <= path.size();) {
        auto const end = std::min(path.find('/', start), path.size());
        auto const component = path.substr(start, end - start);
        if (component.empty() || component == "." || component == "..")
            return true;
        start = end + 1;
    }
    return false;
}

}  // namespace

Result<void> check_container_name(std::string_view name)
{
    if (name.size() > longest_name || !consists_of(name, "_.-"))
        return Error(ErrorKind::Invalid, "not a container's id or name: only [a-zA-Z0-9][a-zA-Z0-9_.-]* is");
    return ok;
}

Result<void> check_reference(std::string_view reference)
{
    if (reference.size() > longest_reference || !consists_of(reference, "_.-/:@")
        || has_a_relative_component(reference))
        return Error(ErrorKind::Invalid, "not an image's id or reference");
    return ok;
}

Result<std::string> container_path(std::string_view id, std::string_view action)
{
    TRY(check_container_name(id));
    auto path = "/containers/" + std::string(id);
    if (!action.empty())
        path.append("/").append(action);
    return path;
}

Result<std::string> image_path(std::string_view before, std::string_view reference, std::string_view after)
{
    TRY(check_reference(reference));
    return std::string(before).append(reference).append(after);
}

}  // namespace mpc::docker
