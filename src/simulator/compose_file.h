// The part of Docker Compose's file format that launcher files use, as plain values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mpc::simulator {

/// One service. What is absent is empty.
struct ComposeService {
    std::string name;
    std::string image;
    std::string container_name {};            ///< never empty: "dstack-<name>-1" when the file gives none
    std::vector<std::string> environment {};  ///< "NAME=value"
    std::vector<std::string> command {};
    std::vector<std::string> entrypoint {};
    std::vector<std::string> binds {};  ///< "source:/target[:mode]", named volumes already by their real name
    std::vector<std::string> tmpfs {};  ///< "/path[:options]"
    std::vector<std::string> security_opt {};
    std::vector<std::string> cap_add {};
    std::vector<std::string> cap_drop {};
    bool read_only = false;
    bool init = false;
    std::string restart { "no" };
    std::string network_mode {};
    std::string user {};
    std::map<std::string, std::string> labels {};
};

struct ComposeFile {
    std::vector<ComposeService> services;
    std::vector<std::string> volumes {};  ///< the real names of its named volumes
};

/// Reads a compose file of at most 256 KiB as `docker compose` in /dstack would. Errors: Invalid, naming what is not
/// understood: nothing is passed over.
[[nodiscard]] Result<ComposeFile> parse_compose_file(std::string_view text);

}  // namespace mpc::simulator
