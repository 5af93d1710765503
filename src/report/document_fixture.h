// Documents for the tests of their renderings.
#pragma once

#include "report/document.h"
#include "support/test_node.h"

namespace mpc::report {

/// What mpcctl would render for this node.
inline Document document_of(test::BuiltNode const& node)
{
    auto const report = node.verify();
    return { .report = report,
        .evidence = node.evidence,
        .collateral = node.collateral,
        .forecast = attestation::forecast(report, node.policy, {}),
        .evidence_source = "quote.bin, tcb_info.json",
        .collateral_source = "collateral.json" };
}

inline Document trusted_document() { return document_of(test::TestNode().build()); }

/// The platform was judged, and nothing else.
inline Document platform_document()
{
    auto node = test::TestNode().build();
    node.policy.scope = attestation::Scope::Platform;
    node.evidence.event_log.reset();
    return document_of(node);
}

/// A policy that allows another image.
inline Document untrusted_document()
{
    auto node = test::TestNode().build();
    node.policy.image_digests = { image::ImageDigest(std::array<std::uint8_t, 32> { 0xee }) };
    return document_of(node);
}

/// Trusted, but for one event whose name somebody chose.
inline Document document_with_event(std::string const& name)
{
    test::TestNode node;
    node.log.insert(node.log.end() - 1, test::runtime_event(name, { 1, 2, 3 }));
    return document_of(node.build());
}

/// How often a text occurs.
inline std::size_t occurrences(std::string_view text, std::string_view of)
{
    std::size_t count = 0;
    for (auto at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size()))
        ++count;
    return count;
}

}  // namespace mpc::report
