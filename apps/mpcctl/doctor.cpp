#include "mpcctl/doctor.h"

#include <algorithm>
#include <sys/timex.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.h"
#include "base/user_directory.h"
#include "mpcctl/doctor_services.h"
#include "mpcctl/say.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

/// Verification judges certificates, collateral and deadlines by this clock.
Finding clock_finding()
{
    timex state {};
    auto const answer = adjtimex(&state);
    if (answer >= 0 && answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0)
        return good("clock", fmt::format("synchronised, within {} ms", state.esterror / 1000));
    return warning("clock", "nothing keeps it right, as far as the kernel knows",
        "run chrony or systemd-timesyncd; attestation is judged by this clock");
}

/// Whether a directory of ours can be written to, or made.
Finding directory(std::string what, std::optional<std::filesystem::path> const& path, std::string const& variable)
{
    if (!path)
        return problem(std::move(what), "HOME is not set", "set HOME or " + variable);
    auto existing = *path;
    while (!existing.empty() && access(existing.c_str(), F_OK) != 0 && existing.has_relative_path())
        existing = existing.parent_path();
    if (std::filesystem::is_directory(existing) && access(existing.c_str(), W_OK | X_OK) == 0)
        return good(std::move(what), path->string());
    return problem(std::move(what), existing.string() + " cannot be written to",
        "make it this user's, or name another directory: " + variable);
}

Finding trust_store()
{
    constexpr auto path = "/etc/ssl/certs/ca-certificates.crt";
    if (access(path, R_OK) == 0)
        return good("trust-store", path);
    return problem("trust-store", std::string(path) + " cannot be read: no https server can be believed",
        "apt-get install ca-certificates");
}

Findings examine_this_machine()
{
    return { clock_finding(), directory("state", user_directory("XDG_STATE_HOME", ".local/state"), "XDG_STATE_HOME"),
        directory("cache", user_directory("XDG_CACHE_HOME", ".cache"), "XDG_CACHE_HOME"), trust_store() };
}

void add(Findings& findings, Findings more) { std::ranges::move(more, std::back_inserter(findings)); }

std::size_t count(Findings const& findings, Level level)
{
    return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::string as_table(Findings const& findings)
{
    std::string text;
    for (auto const& it : findings) {
        text += fmt::format("{:<8} {:<22} {}\n", name_of(it.level), it.what, it.text);
        if (!it.remedy.empty())
            text += fmt::format("{:<31} -> {}\n", "", it.remedy);
    }
    return text
        + fmt::format("{} ok, {} warnings, {} problems, {} skipped\n", count(findings, Level::Good),
            count(findings, Level::Warning), count(findings, Level::Problem), count(findings, Level::Skipped));
}

json::Object as_json(Findings const& findings)
{
    json::Array array;
    for (auto const& it : findings)
        array.emplace_back(json::Object {
            { "level", name_of(it.level) }, { "what", it.what }, { "text", it.text }, { "remedy", it.remedy } });
    return { { "healthy", count(findings, Level::Problem) == 0 }, { "findings", std::move(array) } };
}

}  // namespace

Result<ExitCode> run(DoctorOptions const& options, Interrupt const& interrupt)
{
    auto vmm = options.vmm;
    auto host = options.host_options;
    std::optional<std::string> os_image;
    if (options.deployment.file || options.deployment.env_file) {
        auto const wanted = TRY(read_deployment(options.deployment));
        vmm = with_vmm_of(vmm, wanted.deployment);
        os_image = wanted.deployment.os_image;
        host.ports = wanted.deployment.ports;
        host.memory_mb = wanted.deployment.memory_mb;
    }
    auto findings = examine_this_machine();
    add(findings, examine_vmms(vmm, os_image, interrupt));
    add(findings,
        options.offline ? Findings { skipped("collateral", "--offline") }
                        : examine_collateral(options.pccs, interrupt));
    if (!options.approved.contract.empty())
        add(findings, examine_contract(options.approved, interrupt));
    if (options.host)
        add(findings, examine_host(host, interrupt));
    if (interrupt.raised())
        return Interrupt::error();
    say("{}", options.json ? json::write_pretty(as_json(findings)) + "\n" : as_table(findings));
    return count(findings, Level::Problem) == 0 ? ExitCode::Done : ExitCode::NotTrusted;
}

}  // namespace mpc::ctl
