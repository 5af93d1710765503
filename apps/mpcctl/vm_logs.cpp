#include "mpcctl/vm_logs.h"

#include "base/fd.h"
#include "base/text.h"
#include "mpcctl/say.h"
#include "json/json.h"

namespace mpc::ctl {

namespace {

constexpr std::size_t longest_line = std::size_t { 64 } << 10;
constexpr std::string_view heartbeat = "[vmm heartbeat]";

vmm::LogChannel channel_named(std::string_view name)
{
    if (name == "stdout")
        return vmm::LogChannel::Stdout;
    return name == "stderr" ? vmm::LogChannel::Stderr : vmm::LogChannel::Serial;
}

}  // namespace

std::string LogText::shown(std::string line) const
{
    if (line.ends_with('\r'))
        line.pop_back();
    if (m_form == LogForm::Json)
        return json::write(json::Object { { "line", line } }) + "\n";
    return printable(line, uncut) + "\n";
}

std::string LogText::add(std::string_view piece)
{
    std::string text;
    for (auto const c : piece) {
        if (c != '\n' && m_line.size() < longest_line) {
            m_line += c;
            continue;
        }
        if (m_line != heartbeat)
            text += shown(std::exchange(m_line, ""));
        m_line = c == '\n' ? "" : std::string(1, c);
    }
    return text;
}

std::string LogText::rest() { return m_line.empty() || m_line == heartbeat ? "" : shown(std::exchange(m_line, "")); }

Result<ExitCode> run(LogsOptions const& options, Interrupt const& interrupt)
{
    auto client = TRY(client_of(options.vmm, interrupt));
    auto const vm = TRY(vmm::find_vm(TRY(from_other_side(client.list_briefly())), options.vm));
    LogText text(options.form);
    bool is_written = true;
    auto const print = [&](std::string_view piece) -> Result<void> {
        say("{}", text.add(piece));
        is_written = std::fflush(stdout) == 0;
        if (!is_written)
            return Error(ErrorKind::Io, "cannot write to standard output: " + errno_text())
                .remedy("make room where it goes");
        return ok;
    };
    vmm::LogRequest const request { .channel = channel_named(options.channel),
        .lines = options.lines,
        .follow = options.follow,
        .silence = std::chrono::seconds(options.vmm.timeout_seconds) };
    auto const done = client.logs(vm.id, request, print);
    say("{}", text.rest());
    if (!done.ok() && done.error().kind() == ErrorKind::Interrupted && options.follow)
        return ExitCode::Done;
    if (!done.ok() && (done.error().kind() == ErrorKind::NotFound || !is_written))
        return done.error();
    TRY(from_other_side(done));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
