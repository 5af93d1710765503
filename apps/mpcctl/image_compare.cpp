#include "mpcctl/image_compare.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"
#include "oci/comparison.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t most_lines = 200;
/// Of the same kind and without a meaning; more are counted.
constexpr std::ptrdiff_t most_of_a_kind = 10;

Result<oci::Inventory> inventory_of(std::string const& text, ImageAccess const& access, Interrupt const& interrupt)
{
    auto const image = TRY(open_named_image(text, access, interrupt));
    return oci::take_inventory(image).in(printable(text));
}

/// What many files have in common, or nullptr for what has to be said of each.
char const* sum_of(oci::Subject subject)
{
    switch (subject) {
    case oci::Subject::Implied: return "directories: only implied in one image";
    case oci::Subject::Time: return "files: other times";
    case oci::Subject::Config:
    case oci::Subject::Content:
    case oci::Subject::Properties:
    case oci::Subject::Image: break;
    }
    return nullptr;
}

std::vector<std::string> lines_of(std::vector<oci::Difference> const& all)
{
    std::vector<std::string> lines;
    for (auto at = all.begin(); at != all.end();) {
        // They come sorted by subject.
        auto const end = std::find_if(at, all.end(), [&](auto const& one) { return one.subject != at->subject; });
        auto const* const sum = sum_of(at->subject);
        if (sum && end - at > most_of_a_kind) {
            lines.push_back(fmt::format("  ~ {} {}\n", end - at, sum));
            at = end;
        }
        for (; at != end; ++at)
            lines.push_back(fmt::format("  {} {}: {}\n", at->matters ? "!" : "~", at->where, at->what));
    }
    return lines;
}

std::string as_text(oci::Comparison const& comparison)
{
    auto text = fmt::format("{}\n", oci::name_of(comparison.likeness));
    auto const lines = lines_of(comparison.differences);
    for (auto const& line : lines | std::views::take(most_lines))
        text += line;
    if (lines.size() > most_lines)
        text += fmt::format("  and {} more (--json has all)\n", lines.size() - most_lines);
    return text;
}

json::Object as_json(oci::Comparison const& comparison)
{
    json::Array differences;
    for (auto const& difference : comparison.differences)
        differences.emplace_back(json::Object {
            { "where", difference.where }, { "what", difference.what }, { "matters", difference.matters } });
    return { { "verdict", oci::name_of(comparison.likeness) }, { "differences", std::move(differences) } };
}

ExitCode code_of(oci::Likeness likeness)
{
    switch (likeness) {
    case oci::Likeness::Equal: return ExitCode::Done;
    case oci::Likeness::SameContent: return ExitCode::SameContent;
    case oci::Likeness::Different: return ExitCode::NotTrusted;
    }
    return ExitCode::Internal;
}

}  // namespace

Result<ExitCode> run(ImageCompareOptions const& options, Interrupt const& interrupt)
{
    auto const a = TRY(inventory_of(options.a, options.access, interrupt));
    auto const b = TRY(inventory_of(options.b, options.access, interrupt));
    auto const comparison = oci::compare(a, b);
    say("{}", options.json ? json::write_pretty(as_json(comparison)) + "\n" : as_text(comparison));
    return code_of(comparison.likeness);
}

}  // namespace mpc::ctl
