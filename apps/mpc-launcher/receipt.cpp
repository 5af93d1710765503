#include "receipt.h"

#include <algorithm>

#include "config/user_config.h"

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
    if (auto const* file = std::get_if<config::NodeConfigFile>(&plan.user.node)) {
        auto const content = config::render_node_config(*file, plan.environment.platform, plan.selection.digest,
            node_approved_file, node_dstack_socket);
        receipt.add("node_config_sha256", to_hex(sha256({ as_bytes(content) })));
    }
    return json::write_canonical(receipt);
}

dstack::ReportData report_data_of(std::string_view receipt)
{
    dstack::ReportData data {};
    std::ranges::copy(sha384({ as_bytes(receipt) }), data.begin());
    return data;
}

}  // namespace mpc::launcher
