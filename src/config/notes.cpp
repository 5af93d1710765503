#include "config/notes.h"

namespace mpc::config {

namespace {

constexpr std::size_t most_warnings = 100;
constexpr std::size_t shortest_sensitive = 6;

}  // namespace

void Notes::warn(std::string text)
{
    if (m_warnings.size() < most_warnings)
        m_warnings.push_back(std::move(text));
    else if (m_warnings.size() == most_warnings)
        m_warnings.emplace_back("there are more warnings, which are left out");
}

void Notes::protect(std::string_view value)
{
    if (value.size() >= shortest_sensitive)
        m_sensitive.emplace_back(std::string(value));
}

void Notes::protect(image::Reference const& reference)
{
    // The engine and registries write the parts apart as well: https://<registry>/v2/<path>/manifests/<tag>.
    std::string_view const repository = reference.repository();
    protect(repository);
    if (auto const host = reference.registry() + "/"; repository.starts_with(host)) {
        protect(reference.registry());
        protect(repository.substr(host.size()));
    }
    if (reference.tag())
        protect(*reference.tag());
}

}  // namespace mpc::config
