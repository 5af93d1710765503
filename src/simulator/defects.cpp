#include "simulator/defects.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"
#include "simulator/defect_tools.h"

namespace mpc::simulator {

std::vector<Defect> all_defects()
{
    std::vector<Defect> all;
    for (auto const& part :
        { collateral_defects(), quote_defects(), tcb_defects(), boot_defects(), node_defects(), unreadable_defects() })
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

Result<Defect> defect_named(std::string_view name)
{
    auto const all = all_defects();
    auto const found = std::ranges::find(all, name, &Defect::name);
    if (found == all.end())
        return Error(ErrorKind::Invalid, fmt::format("there is no defect \"{}\"", printable(name, 60)))
            .remedy("mpcctl sim evidence --list-defects lists them");
    return *found;
}

Result<Case> make_case(AttestedNode const& node, std::optional<Defect> const& defect)
{
    auto const sound = TRY(node.exhibit());
    auto policy = TRY(policy_for(sound));
    policy.advisories = std::vector<std::string>();
    policy.maximum_collateral_age = std::chrono::days(31);
    policy.minimum_tcb_evaluation_number = node.qe_identity.evaluation_number;
    auto exhibit = defect ? TRY(defect->make(node).in(std::string(defect->name))) : sound;
    // A defect of the root's certificate makes another certificate, which must be the trusted one to be judged.
    policy.allow(attestation::SimulatedRoot { exhibit.root });
    return Case { std::move(exhibit), std::move(policy) };
}

SigningKey stranger() { return SigningKey::of(Seed(0), "stranger"); }

QuoteOffsets QuoteOffsets::of(QuoteShape shape)
{
    QuoteOffsets at {};
    at.section_size = shape == QuoteShape::V4 ? 632 : shape == QuoteShape::V5Td10 ? 638 : 702;
    at.signature = at.section_size + 4;
    at.outer_type = at.signature + 64 + 64;
    at.outer_size = at.outer_type + 2;
    at.qe_report = at.outer_size + 4;
    at.qe_report_signature = at.qe_report + 384;
    at.authentication_size = at.qe_report_signature + 64;
    at.authentication = at.authentication_size + 2;
    at.inner_type = at.authentication + 32;
    at.inner_size = at.inner_type + 2;
    at.chain = at.inner_size + 4;
    return at;
}

evidence::Event& event_named(evidence::EventLog& log, std::string_view name)
{
    return *std::ranges::find(log, name, &evidence::Event::name);
}

evidence::Event& first_event_of(evidence::EventLog& log, std::uint32_t imr)
{
    return *std::ranges::find(log, imr, &evidence::Event::imr);
}

std::string replaced(std::string text, std::string_view part, std::string_view other)
{
    return text.replace(text.find(part), part.size(), other);
}

}  // namespace mpc::simulator
