#include "mpcctl/image_compare.h"

#include <fmt/format.h>

#include "oci/comparison.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t most_lines = 200;

Result<oci::Inventory> inventory_of(std::string const& text, ImageAccess const& access, Interrupt const& interrupt)
{
    auto const image = TRY(open_image(TRY(parse_image_place(text)), access, interrupt));
    return oci::take_inventory(image);
}

std::string as_text(oci::Comparison const& comparison)
{
    auto text = fmt::format("{}\n", oci::name_of(comparison.likeness));
    auto const& all = comparison.differences;
    for (std::size_t at = 0; at < all.size() && at < most_lines; ++at)
        text += fmt::format("  {} {}: {}\n", all[at].matters ? "!" : "~", all[at].where, all[at].what);
    if (all.size() > most_lines)
        text += fmt::format("  and {} more (--json has all)\n", all.size() - most_lines);
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
    auto const a = TRY(inventory_of(options.a, options.access, interrupt).in("A"));
    auto const b = TRY(inventory_of(options.b, options.access, interrupt).in("B"));
    auto const comparison = oci::compare(a, b);
    fmt::print("{}", options.json ? json::write_pretty(as_json(comparison)) + "\n" : as_text(comparison));
    return code_of(comparison.likeness);
}

}  // namespace mpc::ctl
