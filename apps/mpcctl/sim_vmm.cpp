#include "mpcctl/sim_vmm.h"

#include "mpcctl/say.h"
#include "simulator/dialect.h"
#include "simulator/vmm.h"

namespace mpc::ctl {

namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view http_prefix = "http://";

Result<std::vector<simulator::Misbehaviour>> misbehaviours_of(SimVmmOptions const& options)
{
    std::vector<simulator::Misbehaviour> misbehaviours;
    for (auto const& [fault, text] : options.misbehaviours)
        misbehaviours.push_back(TRY(simulator::parse_misbehaviour(fault, text, simulator::vmm_methods())));
    for (auto const& text : options.lies)
        misbehaviours.push_back(TRY(simulator::parse_vmm_lie(text)));
    return misbehaviours;
}

Result<simulator::VmmOptions> vmm_options(SimVmmOptions const& options)
{
    simulator::VmmOptions vmm { .directory = options.directory };
    auto const dialect = TRY(simulator::Dialect::of(options.version).exit_as(mpc::ExitCode::Usage));
    vmm.setting.program = std::filesystem::canonical("/proc/self/exe");
    vmm.setting.seed = options.seed;
    vmm.setting.version = dialect.version;
    if (options.registry)
        vmm.setting.registry = TRY(simulator::parse_loopback(*options.registry).exit_as(mpc::ExitCode::Usage));
    for (auto const& archive : options.archives)
        vmm.setting.archives.push_back(std::filesystem::absolute(archive));
    vmm.os_images = options.os_images;
    if (vmm.os_images.empty())
        vmm.os_images.push_back("dstack-" + dialect.version);
    vmm.token = options.token.value_or("");
    vmm.auth_user = options.auth_user.value_or("");
    vmm.auth_password = options.auth_password.value_or("");
    vmm.misbehaviours =
        TRY(misbehaviours_of(options).exit_as(mpc::ExitCode::Usage).remedy("see mpcctl sim vmm --help"));
    return vmm;
}

Result<std::unique_ptr<http::Server>> listen(std::string_view url, http::Handler handler)
{
    if (url.starts_with(unix_prefix))
        return http::Server::listen(url.substr(unix_prefix.size()), std::move(handler));
    if (!url.starts_with(http_prefix))
        return Error(ErrorKind::Invalid, "--listen is neither unix:PATH nor http://127.0.0.1:PORT")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("write it in one of these forms");
    auto const endpoint = TRY(simulator::parse_loopback(url.substr(http_prefix.size())).exit_as(mpc::ExitCode::Usage));
    if (endpoint.address != "127.0.0.1")
        return Error(ErrorKind::Invalid, "--listen: the address must be 127.0.0.1")
            .exit_as(mpc::ExitCode::Usage)
            .remedy("write unix:PATH or http://127.0.0.1:PORT");
    return http::Server::listen_on_loopback(endpoint.port, std::move(handler));
}

}  // namespace

Result<ExitCode> run(SimVmmOptions const& options, Interrupt const& interrupt)
{
    auto const vmm = TRY(simulator::Vmm::open(TRY(vmm_options(options))));
    auto const server = TRY(listen(options.listen, [&](http::Request const& request) {
        return vmm->handle(request);
    }).remedy("give --listen a place where nobody listens"));
    say(stderr, "SIMULATED dstack-vmm {}, seed {}\nready: {}\n", options.version, options.seed, options.listen);
    while (interrupt.sleep(std::chrono::hours(1)).ok()) {}
    vmm->shut_down();
    return ExitCode::Done;
}

}  // namespace mpc::ctl
