#include "receipt.h"

#include <algorithm>

namespace mpc::launcher {

std::string write_receipt(LaunchPlan const& plan, ObtainedImage const& image, ContainerSpec const& spec)
{
    auto const body = json::write_canonical(create_body(spec));
    json::Object receipt {
        { "format", "mpc-launch-receipt/1" },
        { "launcher", MPC_VERSION },
        { "platform", plan.is_tee() ? "TEE" : "NONTEE" },
        { "image_digest", plan.selection.digest.text() },
        { "choice", text_of(plan.selection.choice) },
        { "matched_as", text_of(image.match) },
        { "image", image.details.id },
        { "container", describe(spec) },
        { "container_sha256", to_hex(sha256({ as_bytes(body) })) },
    };
    if (auto const content = node_config_of(plan))
        receipt.add("node_config_sha256", to_hex(sha256({ as_bytes(*content) })));
    return json::write_canonical(receipt);
}

dstack::ReportData report_data_of(std::string_view receipt)
{
    dstack::ReportData data {};
    std::ranges::copy(sha384({ as_bytes(receipt) }), data.begin());
    return data;
}

}  // namespace mpc::launcher
