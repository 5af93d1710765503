#include "vmm/client.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"
#include "vmm/messages.h"

namespace mpc::vmm {

namespace {

constexpr json::Limits answer_limits { .bytes = std::size_t { 32 } << 20, .depth = 32 };
constexpr std::size_t shortest_secret = 6;
constexpr std::size_t shortest_prefix = 8;
constexpr std::size_t most_vms = 10000;
// The VMM itself says something every minute to who follows a log.
constexpr auto silence_of_followed_log = std::chrono::seconds(90);
constexpr auto longest_log_answer = std::chrono::minutes(10);
constexpr std::size_t most_bytes_of_a_line = std::size_t { 64 } << 10;
constexpr std::size_t fewest_log_bytes = std::size_t { 1 } << 20;
constexpr std::size_t most_log_bytes = std::size_t { 64 } << 20;

bool is_html(std::string_view body)
{
    auto const first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

char const* name_of(LogChannel channel)
{
    switch (channel) {
    case LogChannel::Serial: return "serial";
    case LogChannel::Stdout: return "stdout";
    case LogChannel::Stderr: return "stderr";
    }
    return "?";
}

/// Major, minor and patch of "v0.5.8 (git:...)" or "0.5.8"; nullopt for anything else.
std::optional<std::array<unsigned, 3>> numbers_of(std::string_view version)
{
    if (version.starts_with('v'))
        version.remove_prefix(1);
    std::array<unsigned, 3> numbers {};
    auto const* at = version.data();
    auto const* const end = at + version.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        auto const [next, error] = std::from_chars(at, end, numbers.at(i));
        if (error != std::errc() || (i < 2 && (next == end || *next != '.')))
            return std::nullopt;
        at = i < 2 ? next + 1 : next;
    }
    return numbers;
}

bool needs_update_vm(Update const& update) { return update.vcpu || update.memory_mb || update.disk_gb || update.image; }

Error not_an_answer(std::string const& detail)
{
    return Error(ErrorKind::Invalid, "the answer is not one of dstack-vmm: " + detail)
        .remedy("check that the address is that of a dstack-vmm, 0.5.0 to 0.6");
}

std::string id_body(std::string const& id) { return json::write(json::Object { { "id", id } }); }

/// The reason in {"error":"..."}; "" when there is none.
std::string reason_in(std::string const& body)
{
    auto const object = json::read_object(body, answer_limits);
    if (!object.ok())
        return "";
    auto const text = object->require_text("error");
    return text.ok() ? *text : "";
}

enum class Look { Page, Log, TooShort };

/// What a log's beginning is. A log's own lines may begin with '<', too: the kernel's do.
Look look_at(std::string_view text)
{
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.empty())
        return Look::TooShort;
    std::string lower(text.substr(0, 9));
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    for (std::string_view const page : { "<!doctype", "<html" }) {
        if (lower.starts_with(page))
            return Look::Page;
        if (page.starts_with(lower))
            return Look::TooShort;
    }
    return Look::Log;
}

/// Hands a log on, with an eye on what it is and how much.
class LogPieces {
public:
    LogPieces(LogRequest const& request, http::OnPiece const& on_piece)
        : m_most(std::clamp(request.lines * most_bytes_of_a_line, fewest_log_bytes, most_log_bytes)),
          m_is_bounded(!request.follow), m_on_piece(on_piece)
    {
    }

    Result<void> take(std::string_view piece)
    {
        m_taken += piece.size();
        if (m_is_bounded && m_taken > m_most)
            return Error(ErrorKind::Invalid,
                fmt::format("the VMM sends more than the {} MiB that so many lines can have", m_most >> 20U))
                .remedy("look at the log on the VMM's own host, or see what answers at that address");
        if (m_is_bounded && m_deadline.passed())
            return Error(ErrorKind::Timeout, "the log has not come to its end after ten minutes")
                .remedy("ask for fewer lines (-n), or with --follow for what is still to come");
        if (m_is_seen)
            return m_on_piece(piece);
        m_held += piece;
        auto const look = look_at(m_held);
        if (look == Look::Page)
            return not_an_answer("a web page");
        return look == Look::Log || m_held.size() > fewest_log_bytes ? finish() : Result<void>(ok);
    }

    /// Hands on what was too short to see what it is.
    Result<void> finish()
    {
        m_is_seen = true;
        return m_on_piece(std::exchange(m_held, ""));
    }

private:
    std::size_t m_most;
    bool m_is_bounded;
    http::OnPiece const& m_on_piece;
    Deadline m_deadline = Deadline::after(longest_log_answer);
    std::size_t m_taken = 0;
    bool m_is_seen = false;
    std::string m_held;  ///< until it is seen what it is
};

void sort_by_length(std::vector<Secret>& secrets)
{
    // The longest first, so that no end of one is left standing.
    std::ranges::sort(secrets, std::greater(), &Secret::size);
}

}  // namespace

Client::Client(std::unique_ptr<Transport> transport, std::vector<Secret> secrets)
    : m_transport(std::move(transport)), m_secrets(std::move(secrets))
{
    sort_by_length(m_secrets);
}

Result<Client> Client::make(Endpoint const& endpoint, Interrupt const& interrupt)
{
    return Client(TRY(make_transport(endpoint, interrupt)), secrets_of(endpoint));
}

std::string Client::without_secrets(std::string text) const
{
    for (auto const& secret : m_secrets) {
        if (secret.size() == 0)
            continue;
        // Where a short one is masked, what is left of a word tells it.
        if (secret.size() < shortest_secret && text.find(secret.reveal()) != std::string::npos)
            return "(its words are not shown: a credential is in them)";
        for (auto at = text.find(secret.reveal()); at != std::string::npos; at = text.find(secret.reveal(), at))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

/// Remembers each line of a user_config, and what is between quotes in it: a VMM may repeat parts of what it refuses.
void Client::protect(Secret const& text)
{
    std::string_view rest = text.reveal();
    while (!rest.empty()) {
        auto const end = std::min(rest.find_first_of("\n\"'="), rest.size());
        auto piece = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        auto const first = piece.find_first_not_of(" \t\r");
        if (first == std::string_view::npos)
            continue;
        piece = piece.substr(first, piece.find_last_not_of(" \t\r") - first + 1);
        if (piece.size() >= shortest_secret)
            m_secrets.emplace_back(std::string(piece));
    }
    sort_by_length(m_secrets);
}

Error Client::refusal(http::Response const& response) const
{
    if (response.status == 401)
        return Error(ErrorKind::Refused, "the VMM does not accept us (401)")
            .remedy(
                "give its token: --token-file, DSTACK_VMM_TOKEN or token_file of the context; or user and password: "
                "DSTACK_VMM_AUTH_USER, DSTACK_VMM_AUTH_PASSWORD");
    if (auto const reason = reason_in(response.body); !reason.empty())
        return Error(ErrorKind::Refused, "the VMM refuses: " + printable(without_secrets(reason)))
            .remedy("correct what the VMM names; its own log says more");
    if (is_html(response.body) || response.status == 404)
        return not_an_answer(fmt::format("status {}, {}", response.status,
            is_html(response.body) ? "a web page" : "nothing that it knows"));
    return Error(ErrorKind::Refused, fmt::format("the VMM answers with status {}", response.status))
        .remedy("look into the VMM's own log");
}

Result<std::string> Client::call(std::string const& method, std::string const& body)
{
    auto response = TRY(m_transport->post("/prpc/" + method + "?json", body)
            .in(method)
            .remedy("check that the dstack-vmm runs and its address is right (--vmm, DSTACK_VMM_URL or a context)"));
    if (response.status != 200)
        return refusal(response).in(method);
    if (is_html(response.body))
        return not_an_answer("a web page").in(method);
    return std::move(response.body);
}

/// Calls without a result answer null, or nothing in some versions, or the id of an app.
Result<void> Client::call_for_vm(std::string const& method, std::string const& id)
{
    auto const body = TRY(call(method, id_body(id)));
    if (body.empty())
        return ok;
    auto const value = json::read(body, answer_limits);
    if (!value.ok())
        return not_an_answer(value.error().message()).in(method);
    return ok;
}

Result<std::string> Client::version()
{
    auto const body = TRY(call("Version", "{}"));
    auto const object = json::read_object(body, answer_limits);
    auto const text = object.ok() ? object->require_text("version") : Result<std::string>(object.error());
    if (!text.ok())
        return not_an_answer(text.error().message()).in("Version");
    return printable(without_secrets(*text), 100);
}

Result<std::vector<std::string>> Client::images()
{
    auto const read = [](std::string const& body) -> Result<std::vector<std::string>> {
        std::vector<std::string> names;
        auto const object = TRY(json::read_object(body, answer_limits));
        for (auto const& image : *TRY(object.require_array("images"))) {
            if (!image.object())
                return Error(ErrorKind::Invalid, "an image is no object");
            names.push_back(TRY(image.object()->require_text("name")));
        }
        return names;
    };
    auto names = read(TRY(call("ListImages", "{}")));
    if (!names.ok())
        return not_an_answer(names.error().message()).in("ListImages");
    return names;
}

Result<bool> Client::forwards_ports()
{
    auto const read = [](std::string const& answer) -> Result<bool> {
        auto const object = TRY(json::read_object(answer, answer_limits));
        return object.find("port_mapping_enabled") ? object.require_bool("port_mapping_enabled") : true;
    };
    auto enabled = read(TRY(call("Status", R"({"brief":true})")));
    if (!enabled.ok())
        return not_an_answer(enabled.error().message()).in("Status");
    return enabled;
}

Result<std::vector<VmInfo>> Client::list_with(std::string const& body)
{
    auto const read = [](std::string const& answer) -> Result<std::vector<VmInfo>> {
        std::vector<VmInfo> vms;
        auto const object = TRY(json::read_object(answer, answer_limits));
        auto const* const array = TRY(object.require_array("vms"));
        if (array->size() > most_vms)
            return Error(ErrorKind::Invalid, "more VMs than a host can have");
        for (auto const& value : *array) {
            if (!value.object())
                return Error(ErrorKind::Invalid, "a VM is no object");
            vms.push_back(TRY(parse_vm(*value.object()).in(fmt::format("VM {}", vms.size() + 1))));
        }
        return vms;
    };
    auto vms = read(TRY(call("Status", body)));
    if (!vms.ok())
        return not_an_answer(vms.error().message()).in("Status");
    return vms;
}

Result<std::vector<VmInfo>> Client::list() { return list_with("{}"); }

Result<std::vector<VmInfo>> Client::list_briefly() { return list_with(R"({"brief":true})"); }

Result<std::optional<VmInfo>> Client::info(std::string const& id)
{
    auto const read = [&id](std::string const& answer) -> Result<std::optional<VmInfo>> {
        auto const object = TRY(json::read_object(answer, answer_limits));
        if (!TRY(object.require_bool("found")))
            return std::optional<VmInfo>();
        auto vm = TRY(parse_vm(*TRY(object.require_object("info"))));
        if (vm.id != id)
            return Error(ErrorKind::Invalid, "it is about another VM than was asked for");
        return std::optional(std::move(vm));
    };
    auto vm = read(TRY(call("GetInfo", id_body(id))));
    if (!vm.ok())
        return not_an_answer(vm.error().message()).in("GetInfo");
    return vm;
}

Result<Sha256> Client::compose_hash(Configuration const& configuration)
{
    auto without_secret = configuration;
    without_secret.user_config = Secret();
    auto const body = TRY(call("GetComposeHash", json::write(to_json(without_secret))));
    auto const object = json::read_object(body, answer_limits);
    auto const text = object.ok() ? object->require_text("hash") : Result<std::string>(object.error());
    auto const hash = text.ok() ? from_hex_exactly<32>(*text) : Result<Sha256>(text.error());
    if (!hash.ok())
        return not_an_answer(hash.error().message()).in("GetComposeHash");
    return *hash;
}

Result<std::string> Client::create(Configuration const& configuration)
{
    protect(configuration.user_config);
    auto const body = TRY(call("CreateVm", json::write(to_json(configuration))));
    auto const object = json::read_object(body, answer_limits);
    auto id = object.ok() ? object->require_text("id") : Result<std::string>(object.error());
    if (!id.ok() || id->empty() || id->size() > 64)
        return not_an_answer(id.ok() ? "no id" : id.error().message()).in("CreateVm");
    return printable(*id, 64);
}

Result<void> Client::update(std::string const& id, Update const& update)
{
    if (update.user_config)
        protect(*update.user_config);
    auto const body = json::write(to_json(id, update));
    auto done = call("UpdateVm", body);
    if (done.ok())
        return ok;
    if (done.error().kind() != ErrorKind::Refused && done.error().kind() != ErrorKind::Invalid)
        return done.error();
    // An unknown method is refused like any other call, and texts change: only the version tells.
    auto const version = this->version();
    auto const numbers = version.ok() ? numbers_of(*version) : std::nullopt;
    if (!numbers || *numbers >= std::array { 0U, 5U, 6U })
        return done.error();
    if (needs_update_vm(update))
        return Error(ErrorKind::Refused, "dstack-vmm " + *version + " cannot change resources or the image of a VM")
            .remedy("update dstack-vmm to 0.5.6 or later, or remove the VM and deploy it anew");
    TRY(call("UpgradeApp", body));
    return ok;
}

Result<void> Client::start(std::string const& id) { return call_for_vm("StartVm", id); }
Result<void> Client::shut_down(std::string const& id) { return call_for_vm("ShutdownVm", id); }
Result<void> Client::kill(std::string const& id) { return call_for_vm("StopVm", id); }
Result<void> Client::remove(std::string const& id) { return call_for_vm("RemoveVm", id); }

Result<void> Client::logs(std::string const& id, LogRequest const& request, http::OnPiece const& on_piece)
{
    auto const target = fmt::format("/logs?id={}&follow={}&ansi=false&lines={}&ch={}", http::percent_encode(id),
        request.follow, request.lines, name_of(request.channel));
    LogPieces pieces(request, on_piece);
    auto const take = [&pieces](std::string_view piece) { return pieces.take(piece); };
    auto const silence = request.follow ? silence_of_followed_log : request.silence;
    auto const response = TRY(m_transport->stream(target, take, silence)
            .in("logs")
            .remedy("this is not the whole log: see whether the dstack-vmm is well, and ask again; --timeout is its "
                    "patience"));
    if (response.status == 404)
        return Error(ErrorKind::NotFound, "logs: the VMM has no log of this VM")
            .remedy("look with mpcctl list whether it exists and has run");
    if (response.status != 200)
        return refusal(response).in("logs");
    return pieces.finish().in("logs");
}

Result<VmInfo> find_vm(std::vector<VmInfo> const& vms, std::string_view wanted)
{
    std::vector<VmInfo const*> found;
    for (auto const& vm : vms) {
        if (vm.id == wanted)
            return vm;
        if (vm.name == wanted || (wanted.size() >= shortest_prefix && vm.id.starts_with(wanted)))
            found.push_back(&vm);
    }
    if (found.empty())
        return Error(ErrorKind::NotFound, "no VM has the name or id " + printable(wanted, 80))
            .remedy("mpcctl list shows those that exist");
    if (found.size() == 1)
        return *found.front();
    std::string ids;
    for (auto const* vm : found)
        ids += (ids.empty() ? "" : ", ") + vm->id;
    return Error(ErrorKind::Invalid, fmt::format("{} VMs fit {}: {}", found.size(), printable(wanted, 80), ids))
        .remedy("give the id instead");
}

}  // namespace mpc::vmm
