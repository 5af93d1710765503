#include "vmm/context.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/toml_values.h"

namespace mpc::vmm {

namespace {

constexpr std::size_t file_limit = std::size_t { 1 } << 20;
constexpr std::size_t token_limit = 4096;

Result<std::optional<std::string>> optional_text(json::Object const& object, std::string_view name)
{
    if (!object.find(name))
        return std::optional<std::string>();
    return std::optional(TRY(object.require_text(name)));
}

Result<Context> parse_context(json::Object const& object)
{
    TRY(object.allow_only({ "url", "token", "token_file", "ca", "insecure" }));
    Context context;
    context.url = TRY(object.require_text("url"));
    if (auto token = TRY(optional_text(object, "token")))
        context.token = Secret(*std::move(token));
    context.token_file = TRY(optional_text(object, "token_file"));
    context.ca = TRY(optional_text(object, "ca"));
    if (object.find("insecure"))
        context.insecure = TRY(object.require_bool("insecure"));
    if (context.token && context.token_file)
        return Error(ErrorKind::Invalid, "has both token and token_file").remedy("keep one of the two");
    if (context.ca && context.insecure)
        return Error(ErrorKind::Invalid, "has a ca, and insecure, which does not look at it")
            .remedy("keep one of the two");
    return context;
}

Result<Secret> read_token(std::filesystem::path const& path)
{
    auto text = TRY(read_file(path, token_limit).in("token file").remedy("give a file that holds the token alone"));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    return Secret(std::move(text));
}

Result<Context const*> context_named(Contexts const& contexts, std::string const& name)
{
    auto const found = contexts.by_name.find(name);
    if (found == contexts.by_name.end())
        return Error(ErrorKind::NotFound, "there is no context " + printable(name, 80))
            .remedy("add [contexts." + printable(name, 80)
                + "] with its url to the configuration file: that of --config, or ~/.config/mpcctl/config.toml");
    return &found->second;
}

/// The context that is in force; nullptr when an address was given in another way.
Result<Context const*> context_of(Choice const& choice, Contexts const& contexts, Lookup const& lookup)
{
    if (choice.address && choice.context)
        return Error(ErrorKind::Invalid, "both an address of the VMM and a context were given")
            .exit_as(ExitCode::Usage)
            .remedy("give one of the two");
    if (choice.context)
        return context_named(contexts, *choice.context);
    if (choice.address || lookup("DSTACK_VMM_URL"))
        return static_cast<Context const*>(nullptr);
    if (contexts.default_name)
        return context_named(contexts, *contexts.default_name);
    return Error(ErrorKind::Invalid, "no VMM was named")
        .exit_as(ExitCode::Usage)
        .remedy("give --vmm http://HOST:PORT or unix:PATH, set DSTACK_VMM_URL, or name a context in "
                "~/.config/mpcctl/config.toml");
}

/// One that can be: errors say where it comes from, but for the choice, whose own place is its caller's to tell.
Result<std::string> address_of(Choice const& choice, Context const* context, Lookup const& lookup)
{
    if (context) {
        TRY(check_address(context->url).in("url of the context"));
        return context->url;
    }
    if (choice.address)
        return *choice.address;
    auto address = lookup("DSTACK_VMM_URL").value_or("");
    TRY(check_address(address).in("DSTACK_VMM_URL").exit_as(ExitCode::Usage));
    return address;
}

/// Both, or neither: half of them would be sent as if it was all.
Result<std::optional<std::pair<std::string, Secret>>> user_and_password(Lookup const& lookup)
{
    constexpr auto user_name = "DSTACK_VMM_AUTH_USER";
    constexpr auto password_name = "DSTACK_VMM_AUTH_PASSWORD";
    auto user = lookup(user_name);
    auto password = lookup(password_name);
    if (user.has_value() != password.has_value())
        return Error(ErrorKind::Invalid,
            fmt::format("{} is set, and {} is not", user ? user_name : password_name, user ? password_name : user_name))
            .exit_as(ExitCode::Usage)
            .remedy("set both or neither; a token goes into DSTACK_VMM_TOKEN");
    if (!user)
        return std::optional<std::pair<std::string, Secret>>();
    return std::optional(std::pair(*std::move(user), Secret(*std::move(password))));
}

Result<void> add_credentials(Endpoint& endpoint, Choice const& choice, Context const* context, Lookup const& lookup)
{
    if (choice.token_file) {
        endpoint.token = TRY(read_token(*choice.token_file));
    } else if (auto token = lookup("DSTACK_VMM_TOKEN")) {
        endpoint.token = Secret(*std::move(token));
    } else if (auto credentials = TRY(user_and_password(lookup))) {
        endpoint.user = std::move(credentials->first);
        endpoint.password = std::move(credentials->second);
    } else if (context && context->token) {
        endpoint.token = context->token;
    } else if (context && context->token_file) {
        endpoint.token = TRY(read_token(*context->token_file));
    }
    return ok;
}

}  // namespace

Result<Contexts> Contexts::parse(std::string_view toml)
{
    auto const object = TRY(config::read_toml_values(toml));
    TRY(object.allow_only({ "default", "contexts" }));
    Contexts contexts;
    contexts.default_name = TRY(optional_text(object, "default"));
    if (object.find("contexts")) {
        for (auto const& [name, value] : *TRY(object.require_object("contexts"))) {
            auto const place = "contexts." + printable(name, 80);
            if (!value.object())
                return Error(ErrorKind::Invalid, place + ": must be a table");
            contexts.by_name.emplace(name, TRY(parse_context(*value.object()).in(place)));
        }
    }
    if (contexts.default_name)
        TRY(context_named(contexts, *contexts.default_name).in("default"));
    return contexts;
}

Result<Contexts> read_contexts(std::filesystem::path const& path)
{
    auto const text = read_file(path, file_limit);
    if (!text.ok() && text.error().kind() == ErrorKind::NotFound)
        return Contexts();
    if (!text.ok())
        return text.error();
    auto contexts =
        TRY(Contexts::parse(*text).in(path.string()).remedy("mend the file; mpcctl(1) describes it under FILES"));
    bool const has_token =
        std::ranges::any_of(contexts.by_name, [](auto const& it) { return it.second.token.has_value(); });
    std::error_code error;
    using std::filesystem::perms;
    auto const others = std::filesystem::status(path, error).permissions() & (perms::group_all | perms::others_all);
    if (has_token && (error || others != perms::none))
        return Error(ErrorKind::Invalid, path.string() + " holds a token, and others than its owner may use the file")
            .remedy("chmod 600 " + path.string());
    for (auto& [name, context] : contexts.by_name) {
        if (context.token_file)
            context.token_file = path.parent_path() / *context.token_file;
        if (context.ca)
            context.ca = path.parent_path() / *context.ca;
    }
    return contexts;
}

Result<Endpoint> resolve(Choice const& choice, Contexts const& contexts, Lookup const& lookup)
{
    auto const* const context = TRY(context_of(choice, contexts, lookup));
    Endpoint endpoint { .address = TRY(address_of(choice, context, lookup)) };
    TRY(add_credentials(endpoint, choice, context, lookup));
    if (choice.ca && choice.insecure)
        return Error(ErrorKind::Invalid, "a CA file, and --insecure, which does not look at it")
            .exit_as(ExitCode::Usage)
            .remedy("give one of the two");
    if (choice.insecure)
        endpoint.tls = net::InsecureTls();
    else if (choice.ca)
        endpoint.tls = net::CaFile { *choice.ca };
    else if (context && context->insecure)
        endpoint.tls = net::InsecureTls();
    else if (context && context->ca)
        endpoint.tls = net::CaFile { *context->ca };
    return endpoint;
}

}  // namespace mpc::vmm
