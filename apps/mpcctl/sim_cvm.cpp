#include "mpcctl/sim_cvm.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "mpcctl/say.h"
#include "simulator/cvm.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t app_compose_limit = 256 * 1024;  // of dstack 0.5.5 to 0.5.11
constexpr std::size_t user_config_limit = std::size_t { 1 } << 20;

/// "[127.x.x.x:]PORT:GUEST_PORT".
Result<simulator::PortMapping> parse_port(std::string const& text)
{
    auto const colon = text.rfind(':');
    if (colon == std::string::npos)
        return Error(ErrorKind::Invalid, fmt::format("\"{}\" is not PORT:GUEST_PORT", printable(text, 60)));
    auto const left = text.substr(0, colon);
    auto const has_address = left.find(':') != std::string::npos;
    auto const guest = TRY(simulator::parse_loopback("127.0.0.1:" + text.substr(colon + 1)));
    auto const at = TRY(simulator::parse_loopback(has_address ? left : "127.0.0.1:" + left));
    return simulator::PortMapping { .at = at, .vm_port = guest.port };
}

Result<simulator::CvmOptions> cvm_options(SimCvmOptions const& options)
{
    auto const app_compose = TRY(read_file(options.app_compose, app_compose_limit));
    simulator::CvmOptions cvm { .directory = options.directory,
        .app_compose = app_compose,
        .seed = options.seed,
        .version = options.version,
        .vcpu = options.vcpu,
        .memory = options.memory,
        .os_image = options.os_image,
        .archives = options.archives };
    if (options.user_config)
        cvm.user_config = TRY(read_file(*options.user_config, user_config_limit));
    if (options.registry)
        cvm.registry = TRY(simulator::parse_loopback(*options.registry).exit_as(mpc::ExitCode::Usage));
    for (auto const& port : options.ports)
        cvm.ports.push_back(TRY(parse_port(port).exit_as(mpc::ExitCode::Usage)));
    return cvm;
}

}  // namespace

Result<ExitCode> run(SimCvmOptions const& options, Interrupt const& interrupt)
{
    auto const cvm = TRY(cvm_options(options));
    say(stderr, "SIMULATED CVM, seed {}, in {}\n", options.seed, options.directory.string());
    TRY(simulator::run_cvm(cvm, interrupt));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
