#include "mpcctl/doctor_services.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/option_values.h"
#include "net/pcs.h"

namespace mpc::ctl {

namespace {

/// The error's own remedy, or this one.
Finding finding_of(std::string what, Error error, std::string remedy, Level level = Level::Problem)
{
    auto const mended = std::move(error).remedy(std::move(remedy));
    return { level, std::move(what), printable(mended.message(), 400), mended.remedy() };
}

constexpr auto look_at_vmm = "look into the VMM's own log";
constexpr auto look_at_service = "look at what answers there, or use another service: --pccs URL";

/// Whom the connection trusts, and who may use the VMM.
Finding access(std::string const& what, vmm::Endpoint const& endpoint)
{
    if (endpoint.address.starts_with("unix:"))
        return good(what, "a unix socket");
    if (std::holds_alternative<net::InsecureTls>(endpoint.tls))
        return warning(what, "whoever answers is believed (--insecure)", "name the VMM's certificate: --tls-ca FILE");
    auto const url = net::Url::parse(endpoint.address);
    if (url.ok() && !url->is_private())
        return warning(what, "neither encrypted nor authenticated: whoever is on the way can change what is deployed",
            "put TLS before the VMM, or use a tunnel");
    if (!endpoint.token && !endpoint.password)
        return warning(what, "nobody is asked for a token: whoever reaches the VMM can remove VMs",
            "set a token in the VMM's configuration ([auth]), and --token-file here");
    return good(what, "a secret is sent, privately");
}

Finding images(std::string const& what, vmm::Client& client, std::optional<std::string> const& os_image)
{
    auto const names = client.images();
    if (!names.ok())
        return finding_of(what, names.error(), look_at_vmm);
    if (names->empty())
        return problem(what, "the VMM has no image of an operating system",
            "put one where the VMM looks for images (image_path in vmm.toml)");
    if (os_image && std::ranges::find(*names, *os_image) == names->end())
        return problem(what, fmt::format("the VMM has no image {}", printable(*os_image, 80)),
            "put it where the VMM looks for images, or choose another: mpcctl plan lists them");
    return good(what, os_image ? fmt::format("{} is there", *os_image) : fmt::format("{} images", names->size()));
}

void examine_vmm(Findings& findings, std::string const& name, VmmOptions const& options,
    std::optional<std::string> const& os_image, Interrupt const& interrupt)
{
    auto const endpoint = endpoint_of(options);
    if (!endpoint.ok()) {
        findings.push_back(finding_of(name, endpoint.error(), "mend the configuration file"));
        return;
    }
    auto client = vmm::Client::make(*endpoint, interrupt);
    auto const version = client.ok() ? client->version() : Result<std::string>(client.error());
    if (!version.ok()) {
        findings.push_back(finding_of(name, version.error(), look_at_vmm));
        return;
    }
    findings.push_back(good(name, fmt::format("dstack-vmm {} at {}", printable(*version, 40), endpoint->address)));
    findings.push_back(access(name + "-access", *endpoint));
    auto const list = client->list_briefly();
    findings.push_back(list.ok() ? good(name + "-vms", fmt::format("{} VMs", list->size()))
                                 : finding_of(name + "-vms", list.error(), look_at_vmm));
    findings.push_back(images(name + "-images", *client, os_image));
}

Result<std::vector<net::Endpoint>> collateral_endpoints(std::vector<std::string> const& texts)
{
    if (texts.empty())
        return net::Endpoint::defaults();
    std::vector<net::Endpoint> endpoints;
    for (auto const& text : texts)
        endpoints.push_back(TRY(net::Endpoint::parse(text).exit_as(mpc::ExitCode::Usage)));
    return endpoints;
}

/// A verification needs one service. Which of several does not answer is worth a warning.
Finding collateral_at(net::Endpoint const& endpoint, crypto::Time now, Interrupt const& interrupt)
{
    auto const what = "collateral " + endpoint.base.display();
    auto const der = net::fetch_root_crl(endpoint, std::chrono::seconds(10), interrupt);
    if (!der.ok())
        return finding_of(what, der.error(), look_at_service, Level::Warning);
    auto const crl = crypto::RevocationList::parse(*der);
    if (!crl.ok())
        return finding_of(what, crl.error(), look_at_service, Level::Warning);
    auto const validity = crl->validity();
    if (now < validity.from)
        return problem(what, "its root CRL is from the future: this machine's clock is behind", "set the clock");
    if (now > validity.until)
        return problem(what, "its root CRL has ended: the service is stale, or this machine's clock is ahead",
            "compare the clock; refresh the service, or use another");
    return good(what, "a root CRL that is current");
}

}  // namespace

Findings examine_vmms(VmmOptions const& options, std::optional<std::string> const& os_image, Interrupt const& interrupt)
{
    Findings findings;
    auto const contexts = contexts_of(options);
    if (!contexts.ok())
        return { finding_of("configuration", contexts.error(), "mend the configuration file") };
    findings.push_back(good("configuration", fmt::format("{} contexts", contexts->by_name.size())));
    bool const is_named = options.choice.address || options.choice.context || std::getenv("DSTACK_VMM_URL");
    if (is_named) {
        examine_vmm(findings, "vmm", options, os_image, interrupt);
        return findings;
    }
    for (auto const& [name, context] : contexts->by_name) {
        auto one = options;
        one.choice.context = name;
        examine_vmm(findings, "vmm " + printable(name, 60), one, os_image, interrupt);
    }
    if (contexts->by_name.empty())
        findings.push_back(skipped("vmm", "none is named: --vmm, --context, DSTACK_VMM_URL or a configuration file"));
    return findings;
}

Findings examine_collateral(std::vector<std::string> const& endpoints, Interrupt const& interrupt)
{
    auto const services = collateral_endpoints(endpoints);
    auto const now = moment_or_now(std::nullopt);
    if (!services.ok() || !now.ok())
        return { finding_of("collateral", services.ok() ? now.error() : services.error(), look_at_service) };
    Findings findings;
    for (auto const& service : *services)
        findings.push_back(collateral_at(service, *now, interrupt));
    if (std::ranges::none_of(findings, [](Finding const& it) { return it.level == Level::Good; }))
        findings.push_back(problem("collateral", "no service gives collateral: nothing can be verified here",
            "allow https to one of them, or run a PCCS and name it: --pccs URL"));
    return findings;
}

Findings examine_contract(ApprovedOptions const& options, Interrupt const& interrupt)
{
    auto const what = "contract " + printable(options.contract, 80);
    auto const lists = fetch_lists(options, interrupt);
    if (!lists.ok())
        return { finding_of(what, lists.error(), "try another endpoint: --rpc URL") };
    if (!lists->images || lists->images->empty())
        return { problem(what, "it allows no image", "look whether this is the network's contract") };
    return { good(what, fmt::format("{} images are allowed, asked at {}", lists->images->size(), lists->endpoint)) };
}

}  // namespace mpc::ctl
