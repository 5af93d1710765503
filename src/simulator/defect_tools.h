// How defects are made; for the files that list them.
#pragma once

#include "simulator/defects.h"

namespace mpc::simulator {

[[nodiscard]] std::span<Defect const> collateral_defects();
[[nodiscard]] std::span<Defect const> quote_defects();
[[nodiscard]] std::span<Defect const> tcb_defects();
[[nodiscard]] std::span<Defect const> boot_defects();
[[nodiscard]] std::span<Defect const> node_defects();
[[nodiscard]] std::span<Defect const> unreadable_defects();

inline constexpr std::chrono::seconds second(1);

/// A key that nobody trusts.
[[nodiscard]] SigningKey stranger();
/// The serial number of certificates that are to be revoked.
inline constexpr long revoked_serial = 77;

/// Where things are in a quote whose QE authentication data has 32 bytes.
struct QuoteOffsets {
    std::size_t section_size, signature, outer_type, outer_size, qe_report, qe_report_signature, authentication_size,
        authentication, inner_type, inner_size, chain;
    static QuoteOffsets of(QuoteShape shape);
};

/// Changed before anything is signed or measured.
template <auto Edit>
Result<Exhibit> edited(AttestedNode const& sound)
{
    auto node = sound;
    Edit(node);
    return node.exhibit();
}

/// Changed after everything was signed and measured.
template <auto Tamper>
Result<Exhibit> tampered(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    Tamper(shown);
    return shown;
}

/// The quote's bytes, changed afterwards.
template <auto Tamper>
Result<Exhibit> with_quote(AttestedNode const& node)
{
    auto shown = TRY(node.exhibit());
    Tamper(shown.quote, QuoteOffsets::of(node.quote.shape));
    return shown;
}

/// The same, of a version 5 quote.
template <auto Tamper>
Result<Exhibit> with_quote_v5(AttestedNode const& sound)
{
    auto node = sound;
    if (node.quote.shape == QuoteShape::V4)
        node.quote.shape = QuoteShape::V5Td10;
    return with_quote<Tamper>(node);
}

/// The first event of that name, or of that register; there is one in every node's log.
[[nodiscard]] evidence::Event& event_named(evidence::EventLog& log, std::string_view name);
[[nodiscard]] evidence::Event& first_event_of(evidence::EventLog& log, std::uint32_t imr);

/// The text with the first occurrence of a part replaced; it is there.
[[nodiscard]] std::string replaced(std::string text, std::string_view part, std::string_view other);

}  // namespace mpc::simulator
