#include "launch.h"

#include <fmt/format.h>

#include "launcher_lock.h"
#include "ports.h"
#include "receipt.h"

namespace mpc::launcher {

namespace {

constexpr auto pending_name = ".mpc-launcher.pending";
constexpr auto receipt_name = "mpc-launch-receipt.json";
/// dockerd's words for a port that its own books call taken; one that the system refuses has other words.
constexpr std::string_view port_is_taken = "port is already allocated";

/// Running in full: a paused or restarting container has "Running" set as well.
bool is_running(json::Object const& inspected)
{
    auto const* state = inspected.find("State");
    auto const* status = state && state->object() ? state->object()->find("Status") : nullptr;
    return status && status->text() && *status->text() == "running";
}

}  // namespace

Launch::Launch(LaunchPlan const& plan, docker::Engine& engine, dstack::Agent* agent, Interrupt const& interrupt,
    Log const& log, Restarts restarts)
    : m_plan(plan), m_engine(engine), m_agent(agent), m_interrupt(interrupt), m_log(log), m_restarts(restarts)
{
}

Result<std::string> Launch::run()
{
    auto const lock = TRY(take_lock(m_plan, m_engine, m_agent, m_interrupt, m_log));
    if (m_plan.is_tee())
        TRY(reach_agent());
    else
        m_log.warning("measure", "PLATFORM=NONTEE: nothing is measured and the node cannot attest");
    if (auto const running = TRY(be_quiet()))
        return *running;
    // A port that somebody else publishes would make the start fail, after the digest was measured.
    TRY(require_free_ports(m_engine, m_plan.user.ports));
    auto image = TRY(get_image());
    TRY(write_node_config());
    auto const prepared = TRY(prepare_container(image));
    if (m_plan.is_tee()) {
        if (auto measured = measure(image); !measured.ok()) {
            undo(prepared);
            return std::move(measured).error();
        }
    }
    TRY(start(prepared.id));
    return prepared.id;
}

/// Step 3: the agent answers, there is a way to measure, and what this boot has measured already.
Result<void> Launch::reach_agent()
{
    m_extender =
        TRY(measure::choose_extender(m_plan.environment.measurement, *m_agent, m_plan.environment.native, m_interrupt));
    m_before = TRY(m_agent->quote({}).in("quote before measuring").exit_as(ExitCode::Measurement));
    m_log.info("measure", "quote before measuring",
        { { "rtmr3", m_before->view.rtmrs[3].hex() }, { "quote", to_hex(m_before->bytes) } });
    return ok;
}

/// Step 4: done already? If not, nothing that may be the node is left running.
Result<std::optional<std::string>> Launch::be_quiet()
{
    auto const state = m_before
        ? TRY(measure::state_of(*m_before, m_plan.selection.digest).exit_as(ExitCode::Measurement))
        : measure::State::Same;
    if (state == measure::State::Other) {
        return Error(ErrorKind::Mismatch, "another image digest is already measured in this boot")
            .exit_as(ExitCode::Reboot)
            .remedy("reboot the CVM to run the newly selected image; whatever runs now was left as it is");
    }
    auto const containers = TRY(m_engine.containers().exit_as(ExitCode::Engine));
    m_surroundings = surroundings_of(m_plan.environment, containers);
    if (state == measure::State::Same) {
        if (auto running = TRY(already_running(containers)))
            return running;
    }
    auto const stopped = TRY(make_quiet(m_engine, m_surroundings, m_log));
    m_log.info("quiet", "no container that may be the node runs", { { "stopped", std::to_string(stopped) } });
    return std::optional<std::string>();
}

Result<std::optional<std::string>> Launch::already_running(std::span<docker::ContainerSummary const> containers)
{
    docker::ContainerSummary const* node = nullptr;
    for (auto const& container : containers) {
        if (!is_active(container) || standing_of(container, m_surroundings) != Standing::Node)
            continue;
        if (node)
            return std::optional<std::string>();
        node = &container;
    }
    auto const image = node ? TRY(find_locally(m_engine, m_plan.selection.digest)) : std::nullopt;
    if (!image)
        return std::optional<std::string>();
    auto const inspected = TRY(m_engine.inspect_container(node->id).exit_as(ExitCode::Engine));
    auto const wanted = node_config_of(m_plan);
    if (wanted) {
        auto const current = read_file(node_config_path(), 1 << 21);
        if (!current.ok() || *current != *wanted)
            return std::optional<std::string>();
    }
    if (!is_running(inspected) || !differences(spec_for(image->details), inspected).empty())
        return std::optional<std::string>();
    m_log.info("start", "the node already runs as planned; nothing to do");
    return std::optional(node->id);
}

/// Steps 5 and 6.
Result<ObtainedImage> Launch::get_image()
{
    auto image = TRY(obtain({
        .engine = m_engine,
        .user = m_plan.user,
        .digest = m_plan.selection.digest,
        .docker_config = m_plan.environment.docker_config,
        .silence = m_plan.environment.pull_silence,
        .deadline = Deadline::after(m_plan.environment.pull_deadline),
        .interrupt = m_interrupt,
        .log = m_log,
    }));
    m_log.info("image", fmt::format("the approved digest is this image's {}", text_of(image.match)),
        { { "digest", m_plan.selection.digest.text() }, { "image", image.details.id } });
    return image;
}

/// Step 7. A 2025 node gets its configuration in variables; a file of a later one may lie there and is left alone.
Result<void> Launch::write_node_config()
{
    auto const content = node_config_of(m_plan);
    if (!content)
        return ok;
    return write_file_atomically(node_config_path(), *content)
        .exit_as(ExitCode::Environment)
        .remedy("the shared volume must be writable and have space");
}

ContainerSpec Launch::spec_for(docker::ImageDetails const& image) const
{
    return node_container(m_plan, image, m_restarts == Restarts::BySupervisor);
}

/// Step 8: a container equal to the plan, not started.
Result<Launch::Prepared> Launch::prepare_container(ObtainedImage& image)
{
    Prepared prepared;
    auto const existing = m_engine.inspect_container(m_plan.environment.container_name);
    if (!existing.ok() && existing.error().kind() != ErrorKind::NotFound)
        return Error(existing.error()).exit_as(ExitCode::Engine);
    if (existing.ok()) {
        auto const id = TRY(existing->require_text("Id").exit_as(ExitCode::Engine));
        auto const spec = spec_for(image.details);
        // Under TEE what an earlier node wrote would run unmeasured.
        auto const reusable = !m_plan.is_tee() || !keeps_what_it_wrote(spec);
        if (reusable && differences(spec, *existing).empty()) {
            m_log.info("container", "the existing container equals the plan and is started again");
            return Prepared { .id = id };
        }
        prepared.put_aside = TRY(put_aside(id));
    }
    auto created = create(image);
    if (!created.ok()) {
        undo(prepared);
        return std::move(created).error();
    }
    prepared.id = *created;
    prepared.created = true;
    return prepared;
}

/// Keeps the container that has the node's name, for its logs, under another; the one kept before goes.
Result<std::string> Launch::put_aside(std::string const& id)
{
    TRY(m_engine.remove_container(previous_name(), docker::Engine::Force::No).exit_as(ExitCode::Engine));
    TRY(m_engine.forbid_restart(id).exit_as(ExitCode::Engine));
    TRY(m_engine.rename_container(id, previous_name()).exit_as(ExitCode::Engine));
    m_log.info("container", fmt::format("the container of an earlier launch is kept as \"{}\"", previous_name()));
    return id;
}

Result<std::string> Launch::create(ObtainedImage& image)
{
    auto const try_once = [&] {
        return m_engine.create_container(m_plan.environment.container_name, create_body(spec_for(image.details)));
    };
    auto created = try_once();
    if (!created.ok() && created.error().kind() == ErrorKind::NotFound) {
        // dstack prunes unused images right after it has started the launcher.
        m_log.warning("container", "the image vanished before a container used it; obtaining it again");
        image = TRY(get_image());
        created = try_once();
    }
    auto id = TRY(std::move(created).in("creating the node's container").exit_as(ExitCode::Engine));

    auto const found = [&]() -> Result<std::vector<std::string>> {
        return differences(spec_for(image.details), TRY(m_engine.inspect_container(id).exit_as(ExitCode::Engine)));
    }();
    if (found.ok() && found->empty()) {
        m_log.info("container", "created and found to be as planned", { { "id", id.substr(0, 12) } });
        return id;
    }
    undo({ .id = id, .created = true });
    if (!found.ok())
        return found.error();
    return Error(ErrorKind::Mismatch,
        fmt::format("the created container is not what was asked for: {}", fmt::join(*found, ", ")))
        .exit_as(ExitCode::Container)
        .remedy("check the Docker Engine's own configuration and version; something changes what it is asked for");
}

void Launch::undo(Prepared const& prepared)
{
    // Also when we were asked to end: what was begun is put back first.
    auto const engine = m_engine.uninterruptible();
    auto outcome =
        prepared.created ? engine->remove_container(prepared.id, docker::Engine::Force::Yes) : Result<void>(ok);
    if (outcome.ok() && prepared.put_aside)
        outcome = engine->rename_container(*prepared.put_aside, m_plan.environment.container_name);
    if (!outcome.ok())
        m_log.warning("container", fmt::format("not put back as it was: {}", outcome.error().message()));
}

/// Step 9: RTMR3 holds the digest, once, and a quote that carries the receipt's hash proves it.
Result<void> Launch::measure(ObtainedImage const& image)
{
    // A pull may have taken an hour, in which somebody may have started something.
    TRY(make_quiet(m_engine, m_surroundings, m_log));
    m_receipt = write_receipt(m_plan, image, spec_for(image.details));
    measure::PendingNote const note(m_plan.shared(pending_name), m_plan.environment.dstack_socket);
    auto const proof =
        TRY(measure::measure({ *m_agent, *m_extender, note, m_interrupt, m_plan.environment.agent_deadline }, *m_before,
            m_plan.selection.digest, report_data_of(m_receipt)));
    m_log.info("measure", "RTMR3 holds the image digest, and the quote proves it",
        { { "rtmr3", proof.view.rtmrs[3].hex() }, { "receipt", m_receipt }, { "event_log", proof.log_text },
            { "quote", to_hex(proof.bytes) } });
    return ok;
}

/// Step 10.
Result<void> Launch::start(std::string const& id)
{
    if (auto started = m_engine.start_container(id); !started.ok())
        return why_not_started(std::move(started).error()).in("starting the node");
    TRY(see_it_running(id));
    if (!m_receipt.empty()) {
        if (auto written = write_file_atomically(m_plan.shared(receipt_name), m_receipt); !written.ok())
            m_log.warning("start", fmt::format("the receipt was not kept: {}", written.error().message()));
    }
    m_log.info("start", "MPC launched successfully.", { { "container", id.substr(0, 12) } });
    return ok;
}

/// After a power cut that met the start of a node, dockerd (20.10) keeps its port for as long as it lives.
Error Launch::why_not_started(Error error)
{
    if (error.message().find(port_is_taken) != std::string::npos) {
        if (auto const free = require_free_ports(m_engine, m_plan.user.ports); !free.ok())
            return free.error();
        return Error(ErrorKind::Refused, fmt::format("{}, although no container publishes it", port_is_taken))
            .exit_as(ExitCode::Reboot)
            .remedy("reboot the CVM: a power cut met an earlier start of the node, and the engine gives its port back "
                    "when it is started anew");
    }
    return without_ports(std::move(error), m_plan.user.ports)
        .exit_as(ExitCode::Engine)
        .remedy("the digest is measured; mend the cause and start the launcher again in this boot");
}

/// A node with a broken configuration ends at once; an operator wants to hear that here. A supervisor sees to it
/// itself.
Result<void> Launch::see_it_running(std::string const& id)
{
    if (m_restarts == Restarts::BySupervisor)
        return ok;
    auto const ended = m_engine.wait_container(id, std::chrono::seconds(2));
    if (!ended.ok() && ended.error().kind() == ErrorKind::Timeout)
        return ok;
    if (!ended.ok())
        return Error(ended.error()).exit_as(ExitCode::Engine);
    return Error(ErrorKind::Refused,
        fmt::format("the node ended with exit code {} as soon as it was started", ended->code))
        .exit_as(ExitCode::Engine)
        .remedy(fmt::format("read its log (docker logs {}), mend its configuration and start the launcher again",
            m_plan.environment.container_name));
}

}  // namespace mpc::launcher
