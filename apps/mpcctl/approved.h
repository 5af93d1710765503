// mpcctl approved: what the network's contract allows, asked through NEAR's JSON-RPC.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/interrupt.h"
#include "mpcctl/exit_code.h"
#include "near/allowed_lists.h"

namespace mpc::ctl {

struct ApprovedOptions {
    std::string contract;
    std::vector<std::string> endpoints;              ///< URLs, in order of preference
    std::optional<std::filesystem::path> tls_ca {};  ///< PEM file of whom to trust, instead of the system's
    int timeout_seconds = 10;                        ///< for one request; an endpoint gets four
    std::optional<std::string> at {};                ///< when to judge deadlines; absent: now
    bool json = false;
};

/// The lists as text for people; ends with a newline. Deadlines are judged at `now`: at the second itself an image is
/// no longer allowed. The first image is the one that a launcher chooses, as it is the first that a node writes down.
[[nodiscard]] std::string as_table(near::AllowedLists const& lists, near::AccountId const& contract,
    std::chrono::sys_seconds now);
/// {"contract","endpoint","block_height","at","chosen","image_digests":[{"digest","deadline","allowed"}],
/// "launcher_digests":[...],"launcher_compose_hashes":[...],"os_measurements":[{...}],"notes":[...]}; a list that the
/// contract does not have is null.
[[nodiscard]] std::string as_json(near::AllowedLists const& lists, near::AccountId const& contract,
    std::chrono::sys_seconds now);

/// Errors: as run().
[[nodiscard]] Result<near::AllowedLists> fetch_lists(ApprovedOptions const& options, Interrupt const& interrupt);

/// Prints the lists on standard output. Errors: Invalid (exit code Usage for options), and what the network or the
/// endpoints did (exit code OtherSide).
[[nodiscard]] Result<ExitCode> run(ApprovedOptions const& options, Interrupt const& interrupt);

}  // namespace mpc::ctl
