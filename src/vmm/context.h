// Which VMM is meant, and who we are to it: options, then the deployment file, then the environment, then a context.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "vmm/transport.h"

namespace mpc::vmm {

/// One host in ~/.config/mpcctl/config.toml.
struct Context {
    std::string url;
    std::optional<Secret> token {};
    std::optional<std::filesystem::path> token_file {};
    std::optional<std::filesystem::path> ca {};
    bool insecure = false;
};

struct Contexts {
    std::map<std::string, Context> by_name {};
    std::optional<std::string> default_name {};

    /// A file of [contexts.NAME] tables {url, token | token_file, ca, insecure} and, if wanted, default = "NAME".
    /// Errors: Invalid, naming the key, never with a value.
    static Result<Contexts> parse(std::string_view toml);
};

/// The file's contexts; none when there is no file. A file with a token in it must be its owner's alone (mode 0600), a
/// relative path in it is relative to it. Errors: Invalid, Io.
[[nodiscard]] Result<Contexts> read_contexts(std::filesystem::path const& path);

/// What was said on the command line, or in a deployment file.
struct Choice {
    std::optional<std::string> address {};
    std::optional<std::string> context {};
    std::optional<std::filesystem::path> token_file {};
    std::optional<std::filesystem::path> ca {};
    bool insecure = false;
};

/// The value of an environment variable; nullopt when it is not set or empty.
using Lookup = std::function<std::optional<std::string>(char const* name)>;

/// The VMM that is meant: the address of the choice, or its context, or DSTACK_VMM_URL, or the default context. Who we
/// are: the choice's token file, or DSTACK_VMM_TOKEN, or DSTACK_VMM_AUTH_USER and _PASSWORD, or what the context says,
/// which never goes to another address than the context's own. Errors: Invalid, NotFound, Io.
[[nodiscard]] Result<Endpoint> resolve(Choice const& choice, Contexts const& contexts, Lookup const& lookup);

}  // namespace mpc::vmm
