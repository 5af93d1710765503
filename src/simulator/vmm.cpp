#include "simulator/vmm.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/log.h"
#include "http/client.h"
#include "simulator/directory_lock.h"
#include "simulator/rpc_answer.h"

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

constexpr Duration patience_with_shutdown = std::chrono::seconds(60);
constexpr std::size_t largest_log = std::size_t { 64 } << 20;
constexpr std::string_view bearer = "Bearer ";
constexpr std::string_view basic = "Basic ";

/// The last `count` lines.
std::string_view tail(std::string_view text, std::size_t count)
{
    auto at = text.size();
    for (std::size_t lines = 0; at > 0; --at) {
        if (text[at - 1] == '\n' && at != text.size() && ++lines == count)
            break;
    }
    return text.substr(at);
}

std::string text_in(json::Object const& query, std::string_view name, std::string_view otherwise)
{
    auto const* const value = query.find(name);
    return value && value->text() ? *value->text() : std::string(otherwise);
}

http::Answer unauthorised()
{
    return { .response = { .status = 401, .headers = { { "WWW-Authenticate", "Basic realm=\"dstack-vmm API\"" } } } };
}

http::Answer text_answer(unsigned status, std::string body)
{
    return { .response = { .status = status,
                 .headers = { { "Content-Type", "text/plain; charset=utf-8" }, { "X-Accel-Buffering", "no" } },
                 .body = std::move(body) } };
}

/// What a file grows by, for as long as it is there.
std::function<std::optional<std::string>()> followed(fs::path const& path, std::size_t from)
{
    return [path, from]() mutable -> std::optional<std::string> {
        auto const text = read_file(path, largest_log);
        if (!text.ok())
            return std::nullopt;
        auto piece = text->substr(std::min(from, text->size()));
        from = text->size();
        return piece;
    };
}

}  // namespace

Result<std::unique_ptr<Vmm>> Vmm::open(VmmOptions options)
{
    std::error_code error;
    fs::create_directories(options.directory / "vm", error);
    if (error)
        return Error(ErrorKind::Io, "cannot make " + options.directory.string() + ": " + error.message())
            .remedy("give --directory a path that may be written to");
    options.directory = fs::canonical(options.directory);
    auto lock = TRY(lock_directory(options.directory, "a VMM", Duration(0)));
    auto vmm = std::unique_ptr<Vmm>(new Vmm(std::move(options)));
    vmm->m_lock = std::move(lock);
    for (auto const& entry : fs::directory_iterator(vmm->m_options.directory / "vm")) {
        auto machine = TRY(VirtualMachine::load(entry.path(), vmm->m_options.setting));
        auto const id = machine->id();
        vmm->m_machines.emplace(id, std::move(machine));
    }
    return vmm;
}

void Vmm::shut_down()
{
    std::lock_guard const lock(m_mutex);
    for (auto const& [_, machine] : m_machines)
        machine->shut_down();
    auto const deadline = Deadline::after(patience_with_shutdown);
    auto const rests = [](auto const& entry) { return entry.second->is_at_rest(); };
    while (!std::ranges::all_of(m_machines, rests) && !deadline.passed())
        usleep(20'000);
    m_machines.clear();
}

bool Vmm::knows(http::Request const& request, json::Object const& query) const
{
    if (m_options.token.empty() && m_options.auth_password.empty())
        return true;
    http::Response const headers { .headers = request.headers };
    auto const is_token = [this](std::string_view text) { return !m_options.token.empty() && text == m_options.token; };
    auto const shown = headers.header("Authorization");
    if (shown.starts_with(bearer) && is_token(shown.substr(bearer.size())))
        return true;
    if (is_token(headers.header("X-Admin-Token")))
        return true;
    if (request.method == http::Method::Get && is_token(text_in(query, "token", "")))
        return true;
    if (!shown.starts_with(basic))
        return false;
    auto const decoded = from_base64(shown.substr(basic.size()));
    auto const pair = decoded.ok() ? std::string(as_text(*decoded)) : std::string();
    auto const user = pair.substr(0, pair.find(':'));
    auto const password = pair.substr(std::min(user.size() + 1, pair.size()));
    return is_token(password)
        || (!m_options.auth_password.empty() && user == m_options.auth_user && password == m_options.auth_password);
}

http::Answer Vmm::handle(http::Request const& request)
{
    std::string_view const target = request.target;
    auto const path = target.substr(0, target.find('?'));
    auto const query = query_arguments(target.substr(std::min(path.size() + 1, target.size())));
    auto const method = path.substr(path.rfind('/') + 1);

    std::lock_guard const lock(m_mutex);
    bury();
    http::Answer answer = not_found();
    if (!knows(request, query))
        answer = unauthorised();
    else if (path == fmt::format("/prpc/{}", method) && request.method == http::Method::Post)
        answer = rpc(method.starts_with("Teepod.") ? method.substr(7) : method, request);
    else if (path == fmt::format("/guest/{}", method) && request.method == http::Method::Post)
        answer = guest(method, request);
    else if (path == "/logs" && request.method == http::Method::Get)
        answer = logs(query);
    answer.response.headers.emplace_back("X-App-Version", m_options.setting.version);
    return answer;
}

http::Answer Vmm::rpc(std::string_view method, http::Request const& request)
{
    auto const faults = m_plan.next_call_of(method);
    if (faults.has(Fault::DropBefore))
        return { .delivery = { .drop = true } };
    if (faults.has(Fault::Html))
        return deliver(html_page(), faults);
    if (faults.has(Fault::Fail))
        return deliver(error_answer("told to fail"), faults);
    auto const message = request.body.empty() ? Result<json::Object>(json::Object()) : json::read_object(request.body);
    if (!message.ok())
        return deliver(error_answer("Failed to decode request: " + message.error().message()), faults);
    auto const result = call(method, *message, faults);
    return deliver(result.ok() ? json_answer(200, json::write(*result)) : error_answer(result.error().message()),
        faults);
}

/// What dstack-vmm asks the guest for through vsock; here, through the guest's sockets in the VM's directory.
http::Answer Vmm::guest(std::string_view method, http::Request const& request)
{
    auto const message = json::read_object(request.body);
    auto const machine = message.ok() ? named_in(*message) : Result<VirtualMachine*>(message.error());
    if (!machine.ok())
        return error_answer(machine.error().message());
    if ((*machine)->status() != VmStatus::Running)
        return error_answer("VM is not running");
    if (method == "Shutdown") {
        (*machine)->shut_down();
        return json_answer(200, "null");
    }
    auto const run = (*machine)->directory() / "run";
    auto const interrupt = Interrupt::never();
    http::Client const agent(run / "dstack.sock", interrupt);
    http::Client const engine(run / "docker.sock", interrupt);
    constexpr http::Limits quick { .deadline = std::chrono::seconds(5) };
    if (method != "Info" && method != "ListContainers")
        return error_answer(fmt::format("Method not found: {}", method));
    auto const reply = method == "Info"
        ? agent.send({ .method = http::Method::Post, .target = "/Info?json", .body = "{}" }, quick)
        : engine.send({ .method = http::Method::Get, .target = "/containers/json?all=1" }, quick);
    if (!reply.ok())
        return error_answer(reply.error().message());
    return json_answer(reply->status,
        method == "Info" ? reply->body : fmt::format("{{\"containers\":{}}}", reply->body));
}

http::Answer Vmm::logs(json::Object const& query)
{
    auto const machine = find(text_in(query, "id", ""));
    if (!machine.ok())
        return text_answer(404, "VM not found");
    auto const channel = text_in(query, "ch", "serial");
    if (channel != "serial" && channel != "stdout" && channel != "stderr")
        return text_answer(400, "Unknown channel");
    auto const lines = std::strtoul(text_in(query, "lines", "10000").c_str(), nullptr, 10);
    auto const path = (*machine)->directory() / (channel + ".log");
    auto const text = read_file(path, largest_log);
    auto const whole = text.ok() ? *text : std::string();
    auto answer = text_answer(200, lines == 0 ? std::string() : std::string(tail(whole, lines)));
    if (text_in(query, "follow", "false") == "true")
        answer.delivery.more = followed(path, whole.size());
    return answer;
}

/// Forgets the VMs that were removed and have ended.
void Vmm::bury()
{
    std::erase_if(m_machines, [](auto const& entry) { return entry.second->is_gone(); });
}

Result<VirtualMachine*> Vmm::find(std::string const& id)
{
    auto const found = m_machines.find(id);
    if (found == m_machines.end())
        return Error(ErrorKind::NotFound, fmt::format("VM not found: {}", printable(id, 60)));
    return found->second.get();
}

Result<VirtualMachine*> Vmm::named_in(json::Object const& message) { return find(TRY(text_member(message, "id"))); }

}  // namespace mpc::simulator
