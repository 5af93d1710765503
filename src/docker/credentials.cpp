#include "docker/credentials.h"

#include "base/bytes.h"
#include "base/fd.h"
#include "json/json.h"

namespace mpc::docker {

namespace {

constexpr std::size_t largest_config = std::size_t { 1 } << 20;
constexpr auto docker_hub = "docker.io";
/// What Docker's own client sends for Docker Hub.
constexpr auto docker_hub_server = "https://index.docker.io/v1/";

/// The host (and port) of a key: "https://index.docker.io/v1/" and "index.docker.io" are both Docker Hub's.
std::string_view host_of(std::string_view key)
{
    for (std::string_view const scheme : { "https://", "http://" }) {
        if (key.starts_with(scheme)) {
            key.remove_prefix(scheme.size());
            break;
        }
    }
    auto const host = key.substr(0, key.find('/'));
    return host == "index.docker.io" ? docker_hub : host;
}

/// The member filed for a host: the one named exactly as the host, else the first whose key comes to it.
json::Value const* filed_for(json::Object const& members, std::string_view host)
{
    if (auto const* exact = members.find(host))
        return exact;
    for (auto const& [key, value] : members) {
        if (host_of(key) == host)
            return &value;
    }
    return nullptr;
}

/// An object that may be absent or null, then it is empty.
Result<json::Object> optional_object(json::Object const& parent, std::string_view name)
{
    auto const* value = parent.find(name);
    if (!value || value->is_null())
        return json::Object();
    return *TRY(parent.require_object(name));
}

Result<std::string> optional_text(json::Object const& parent, std::string_view name)
{
    return parent.find(name) ? parent.require_text(name) : std::string();
}

/// "auth" is base64 of "user:password"; it counts more than the two written out.
Result<void> read_password(json::Object const& entry, RegistryCredentials& credentials)
{
    auto const encoded = TRY(optional_text(entry, "auth"));
    if (encoded.empty()) {
        credentials.username = TRY(optional_text(entry, "username"));
        credentials.password = Secret(TRY(optional_text(entry, "password")));
        return ok;
    }
    auto const bytes = TRY(from_base64(encoded).in("\"auth\""));
    auto const text = as_text(bytes);
    auto const colon = text.find(':');
    if (colon == std::string_view::npos)
        return Error(ErrorKind::Invalid, "\"auth\" is not base64 of user:password");
    credentials.username = text.substr(0, colon);
    credentials.password = Secret(std::string(text.substr(colon + 1)));
    return ok;
}

/// What an entry holds; nullopt when it is empty, as docker login leaves it where a helper keeps the password.
Result<std::optional<RegistryCredentials>> read_entry(json::Value const& value, std::string_view host)
{
    auto const* entry = value.object();
    if (!entry)
        return Error(ErrorKind::Invalid, "the entry is not an object");
    RegistryCredentials credentials;
    credentials.server = host == docker_hub ? docker_hub_server : std::string(host);
    TRY(read_password(*entry, credentials));
    credentials.identity_token = Secret(TRY(optional_text(*entry, "identitytoken")));
    if (credentials.username.empty() && credentials.identity_token.size() == 0) {
        if (credentials.password.size() > 0)
            return Error(ErrorKind::Invalid, "the entry has a password and no username");
        return std::optional<RegistryCredentials>();
    }
    return std::optional(std::move(credentials));
}

Error needs_a_helper(char const* setting)
{
    return Error(ErrorKind::Invalid,
        std::string("\"") + setting
            + "\" leaves this registry to a credential helper, which is a "
              "child process")
        .remedy(
            "write the registry's credentials under \"auths\" (docker login does so where no helper is configured)");
}

Result<std::optional<RegistryCredentials>> look_up(std::string_view content, std::string_view registry)
{
    auto const config = TRY(json::read_object(content));
    auto const auths = TRY(optional_object(config, "auths"));
    auto const helpers = TRY(optional_object(config, "credHelpers"));
    auto const store = TRY(optional_text(config, "credsStore"));

    auto const host = host_of(registry);
    if (filed_for(helpers, host))
        return needs_a_helper("credHelpers");
    auto const* entry = filed_for(auths, host);
    if (!entry)
        return std::optional<RegistryCredentials>();
    auto credentials = TRY(read_entry(*entry, host).in("auths: " + std::string(host)));
    if (!credentials && !store.empty())
        return needs_a_helper("credsStore");
    return credentials;
}

}  // namespace

Result<std::optional<RegistryCredentials>> credentials_for(std::filesystem::path const& config_file,
    std::string_view registry)
{
    auto const content = read_file(config_file, largest_config);
    if (!content.ok() && content.error().kind() == ErrorKind::NotFound)
        return std::optional<RegistryCredentials>();
    if (!content.ok())
        return content.error();
    return look_up(content.value(), registry).in(config_file.string());
}

Secret registry_auth_header(RegistryCredentials const& credentials)
{
    json::Object const auth = credentials.identity_token.size() > 0
        ? json::Object { { "identitytoken", credentials.identity_token.reveal() } }
        : json::Object { { "username", credentials.username }, { "password", credentials.password.reveal() },
              { "serveraddress", credentials.server } };
    return Secret(to_base64url(as_bytes(json::write(auth))));
}

}  // namespace mpc::docker
