#include "simulator/policy_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace mpc::simulator {

namespace {

using attestation::Loosening;
using attestation::MeasurementSet;
using attestation::Policy;

std::string comment(std::string_view text)
{
    std::string lines;
    while (!text.empty()) {
        auto const line = text.substr(0, text.find('\n'));
        lines += fmt::format("# {}\n", line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return lines;
}

/// name = ["...", "..."]
template <typename List, typename Text>
std::string list(std::string_view name, List const& items, Text text)
{
    std::vector<std::string> quoted;
    for (auto const& item : items)
        quoted.push_back(fmt::format("\"{}\"", text(item)));
    return fmt::format("{} = [{}]\n", name, fmt::join(quoted, ", "));
}

std::string limits(Policy const& policy)
{
    auto const same = [](std::string const& text) { return text; };
    std::string lines;
    if (policy.advisories)
        lines += list("advisories", *policy.advisories, same);
    if (auto const age = policy.maximum_collateral_age)
        lines += fmt::format("maximum_collateral_age_days = {}\n",
            std::chrono::duration_cast<std::chrono::days>(*age).count());
    if (auto const number = policy.minimum_tcb_evaluation_number)
        lines += fmt::format("minimum_tcb_evaluation_number = {}\n", *number);
    return lines;
}

std::string measurements(MeasurementSet const& set)
{
    return fmt::format("\n[[measurements]]\nname = \"{}\"\nmrtd = \"{}\"\nrtmr0 = \"{}\"\nrtmr1 = \"{}\"\n"
                       "rtmr2 = \"{}\"\nkey_provider_digest = \"{}\"\n",
        set.name, to_hex(set.mrtd), to_hex(set.rtmr0), to_hex(set.rtmr1), to_hex(set.rtmr2),
        to_hex(set.key_provider_digest));
}

std::string loosenings(Policy const& policy)
{
    std::string lines;
    for (auto const loosening : policy.loosenings())
        lines += fmt::format("{} = {}\n", name_of(loosening),
            loosening == Loosening::SimulatedRoot ? "\"root.pem\"" : "true");
    return lines.empty() ? "" : "\n[loosen]\n" + lines;
}

}  // namespace

std::string policy_text(Policy const& policy, std::string_view remark)
{
    auto text = comment(remark);
    text += list("image_digests", policy.image_digests, [](auto const& digest) { return digest.text(); });
    text +=
        list("launcher_compose_hashes", policy.launcher_compose_hashes, [](auto const& hash) { return to_hex(hash); });
    text += list("tcb_statuses", policy.tcb_statuses, [](auto status) { return std::string(name_of(status)); });
    text += limits(policy);
    for (auto const& set : policy.measurements)
        text += measurements(set);
    return text + loosenings(policy);
}

}  // namespace mpc::simulator
