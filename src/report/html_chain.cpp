// The chain of trust as a picture, drawn twice: wide for desks and paper, narrow for phones. The style shows one.
#include <algorithm>

#include <fmt/format.h>

#include "report/html_parts.h"
#include "report/text.h"

namespace mpc::report::html {

namespace {

using attestation::CheckId;
using attestation::Loosening;
using attestation::Report;

struct Range {
    CheckId first;
    CheckId last;  ///< included
};

struct Point {
    int x, y;
};

/// A box: who or what is vouched for, and by which checks.
struct Node {
    std::string_view title;
    std::array<Range, 3> ranges;  ///< repeated when there are fewer
    Point wide;
    Point narrow;
};

enum Place : std::size_t {
    Root,
    RootCrl,
    PckCa,
    PckCrl,
    Pck,
    TcbSigner,
    TcbInfo,
    QeIdentity,
    TcbLevel,
    QuotingEnclave,
    AttestationKey,
    Quote,
    VirtualMachine,
    Boot,
    Runs,
    place_count
};

constexpr std::array<Range, 3> ranges(Range a) { return { a, a, a }; }
constexpr std::array<Range, 3> ranges(Range a, Range b) { return { a, b, b }; }
constexpr std::array<Range, 3> ranges(Range a, Range b, Range c) { return { a, b, c }; }

constexpr std::array<Node, place_count> nodes {
    Node { "Intel root CA",
        ranges({ CheckId::RootPinned, CheckId::RootValidity }, { CheckId::RootNotRevoked, CheckId::RootNotRevoked },
            { CheckId::PckRootPinned, CheckId::PckRootPinned }),
        { 236, 12 }, { 2, 12 } },
    Node { "Root CRL", ranges({ CheckId::RootCrlSignature, CheckId::RootCrlCurrent }), { 2, 12 }, { 182, 12 } },
    Node { "PCK CA",
        ranges({ CheckId::PckCaRole, CheckId::PckCaNotRevoked },
            { CheckId::PckIssuerRole, CheckId::PckIssuerNotRevoked }),
        { 236, 104 }, { 2, 96 } },
    Node { "PCK CRL",
        ranges({ CheckId::PckCrlSignature, CheckId::PckCrlCurrent }, { CheckId::PckCrlCovers, CheckId::PckCrlCovers }),
        { 2, 104 }, { 182, 96 } },
    Node { "Platform key",
        ranges({ CheckId::PckRole, CheckId::PckValidity }, { CheckId::PckNotRevoked, CheckId::PckExtension }),
        { 236, 196 }, { 2, 180 } },
    Node { "TCB signer",
        ranges({ CheckId::TcbSignerRole, CheckId::TcbSignerNotRevoked },
            { CheckId::QeSignerRole, CheckId::QeSignerNotRevoked }),
        { 470, 12 }, { 182, 180 } },
    Node { "TCB Info", ranges({ CheckId::TcbInfoSignature, CheckId::TcbInfoCurrent }), { 470, 104 }, { 182, 348 } },
    Node { "QE identity", ranges({ CheckId::QeIdentitySignature, CheckId::QeIdentityCurrent }), { 704, 104 },
        { 182, 264 } },
    Node { "TCB level",
        ranges({ CheckId::PlatformFmspc, CheckId::TcbNotRevoked },
            { CheckId::TcbStatusAccepted, CheckId::CollateralAge }),
        { 470, 196 }, { 182, 432 } },
    Node { "Quoting enclave",
        ranges({ CheckId::QeVendor, CheckId::QeReportSignature }, { CheckId::QeMrSigner, CheckId::QeNotDebug }),
        { 236, 288 }, { 2, 264 } },
    Node { "Attestation key", ranges({ CheckId::AttestationKeyBound, CheckId::AttestationKeyBound }), { 2, 288 },
        { 2, 348 } },
    Node { "Quote", ranges({ CheckId::QuoteSignature, CheckId::QuoteSignature }), { 2, 380 }, { 2, 432 } },
    Node { "Virtual machine", ranges({ CheckId::TdNotDebug, CheckId::TdNoServiceTd }), { 236, 380 }, { 2, 516 } },
    Node { "Measured boot", ranges({ CheckId::EventTypes, CheckId::BootEventsPayloads }), { 470, 380 }, { 182, 516 } },
    Node { "Node", ranges({ CheckId::MrtdExpected, CheckId::Rtmr3Predicted }), { 704, 380 }, { 182, 600 } },
};

/// Who vouches for whom; as paths, so that no two lie on each other. An empty path is not drawn.
struct Edge {
    Place from, to;
    std::string_view wide;
    std::string_view narrow;
};

constexpr std::array edges {
    Edge { Root, RootCrl, "M236 42H202", "M158 41H178" },
    Edge { Root, PckCa, "M334 72V100", "M80 70V92" },
    Edge { Root, TcbSigner, "M432 42H466", "M158 56H164Q170 56 170 62V203Q170 209 176 209H178" },
    Edge { PckCa, PckCrl, "M236 134H202", "M158 125H178" },
    Edge { PckCa, Pck, "M334 164V192", "M80 154V176" },
    Edge { TcbSigner, TcbInfo, "M568 72V100", "M338 209H341Q347 209 347 215V371Q347 377 344 377H342" },
    Edge { TcbSigner, QeIdentity, "M666 42H790Q802 42 802 54V100", "M260 238V260" },
    Edge { TcbInfo, TcbLevel, "M568 164V192", "M260 406V428" },
    Edge { Pck, TcbLevel, "M432 226H466", "" },
    Edge { Pck, QuotingEnclave, "M334 256V284", "M80 238V260" },
    Edge { QeIdentity, QuotingEnclave, "M802 164V306Q802 318 790 318H436", "M182 293H162" },
    Edge { QuotingEnclave, AttestationKey, "M236 318H202", "M80 322V344" },
    Edge { AttestationKey, Quote, "M100 348V376", "M80 406V428" },
    Edge { Quote, VirtualMachine, "M198 410H232", "M80 490V512" },
    Edge { VirtualMachine, Boot, "M432 410H466", "M158 545H178" },
    Edge { Boot, Runs, "M666 410H700", "M260 574V596" },
};

struct Drawing {
    std::string_view name;
    int width, height;            // of all of it
    int node_width, node_height;  // of a box
    Point Node::* place;
    std::string_view Edge::* path;
};

constexpr Drawing wide { "wide", 902, 444, 196, 60, &Node::wide, &Edge::wide };
constexpr Drawing narrow { "narrow", 352, 664, 156, 58, &Node::narrow, &Edge::narrow };

bool belongs(Node const& node, CheckId id)
{
    return std::ranges::any_of(node.ranges, [id](Range const& range) { return range.first <= id && id <= range.last; });
}

struct State {
    Tally tally;
    CheckId link;  ///< the check to look at: the first that failed, else the first
    bool breaks = false;
};

State state_of(Report const& report, Node const& node)
{
    State state { .tally = {}, .link = node.ranges.front().first };
    auto const* const first_failure = report.first_failure();
    for (auto const& check : report.checks) {
        if (!belongs(node, check.id))
            continue;
        if (state.tally.failed == 0 && check.result == attestation::CheckResult::Fail)
            state.link = check.id;
        state.tally.add(check);
        state.breaks = state.breaks || &check == first_failure;
    }
    return state;
}

class Picture {
public:
    Picture(Report const& report, Drawing const& drawing) : m_report(report), m_drawing(drawing) {}

    std::string draw()
    {
        m_svg = fmt::format(R"(<svg class="chain {0}" viewBox="0 0 {1} {2}" role="group" aria-label="Chain of trust">)",
            m_drawing.name, m_drawing.width, m_drawing.height);
        draw_arrowheads();
        for (auto const& edge : edges)
            draw_edge(edge);
        for (auto const& node : nodes)
            draw_node(node, state_of(m_report, node));
        return m_svg + "</svg>\n";
    }

private:
    void draw_arrowheads()
    {
        m_svg += "<defs>";
        for (auto const* const kind : { "ok", "bad", "open", "none" })
            m_svg +=
                fmt::format(R"(<marker id="{0}-{1}" class="{1}" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" )"
                            R"(markerHeight="7" markerUnits="userSpaceOnUse" orient="auto">)"
                            R"(<path class="head" d="M0 0 8 4 0 8z"/></marker>)",
                    m_drawing.name, kind);
        m_svg += "</defs>";
    }

    void draw_edge(Edge const& edge)
    {
        auto const path = edge.*m_drawing.path;
        if (path.empty())
            return;
        auto const kind = class_of(state_of(m_report, nodes[edge.to]).tally.outcome());
        m_svg +=
            fmt::format(R"(<path class="edge {0}" d="{1}" marker-end='url(#{2}-{0})'/>)", kind, path, m_drawing.name);
    }

    void draw_node(Node const& node, State const& state)
    {
        auto const at = node.*m_drawing.place;
        auto const outcome = state.tally.outcome();
        m_svg += fmt::format(R"(<a href="#check-{}" class="node {}{}"><rect x="{}" y="{}" width="{}" height="{}" )"
                             R"(rx="12"/><svg x="{}" y="{}" width="18" height="18">{}</svg>)",
            name_of(state.link), class_of(outcome), state.breaks ? " breaks" : "", at.x, at.y, m_drawing.node_width,
            m_drawing.node_height, at.x + 12, at.y + 12, icon(outcome));
        m_svg +=
            fmt::format(R"(<text class="title" x="{0}" y="{1}">{3}</text><text class="sub" x="{0}" y="{2}">{4}</text>)",
                at.x + 36, at.y + 26, at.y + 45, title_of(node), state.tally.text());
        if (auto const flag = flag_of(node, state); !flag.empty())
            m_svg += fmt::format(R"(<rect class="flag" x="{}" y="{}" width="82" height="18" rx="9"/>)"
                                 R"(<text class="flag" x="{}" y="{}">{}</text>)",
                at.x + m_drawing.node_width - 92, at.y - 10, at.x + m_drawing.node_width - 51, at.y + 3, flag);
        m_svg += "</a>";
    }

    [[nodiscard]] bool is_simulated_root(Node const& node) const
    {
        return &node == &nodes[Root]
            && std::ranges::find(m_report.loosenings, Loosening::SimulatedRoot) != m_report.loosenings.end();
    }

    /// What must not be overlooked.
    [[nodiscard]] std::string_view flag_of(Node const& node, State const& state) const
    {
        return state.breaks ? "breaks here" : is_simulated_root(node) ? "not Intel's" : "";
    }

    [[nodiscard]] std::string_view title_of(Node const& node) const
    {
        return is_simulated_root(node) ? "Simulated root" : node.title;
    }

    Report const& m_report;
    Drawing const& m_drawing;
    std::string m_svg;
};

}  // namespace

std::string chain_of_trust(Document const& document)
{
    std::string text =
        R"(<section id="chain"><h2>Chain of trust</h2><p class="intro">Each box is vouched for by the one )"
        R"(that points to it. A box leads to its checks.</p><div class="card picture">)";
    text += Picture(document.report, wide).draw();
    text += Picture(document.report, narrow).draw();
    text += "</div></section>\n";
    return text;
}

}  // namespace mpc::report::html
