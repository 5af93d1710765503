#include "near/allowed_lists.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::near {

namespace {

/// The views of one contract at one endpoint.
class Views {
public:
    Views(AccountId const& contract, Endpoint const& endpoint) : m_contract(contract), m_endpoint(endpoint) {}

    /// A list, or that the contract has none; the outer errors end the work with this endpoint.
    template <typename T>
    Result<Listed<T>> list(std::string_view method, Result<std::vector<T>> (*parse)(std::string_view))
    {
        auto const where = std::string(method);
        auto answer = parse_view_answer(TRY(post(view_request(m_contract, method)).in(where))).in(where);
        if (!answer.ok() && answer.error().kind() == ErrorKind::NotFound)
            return Listed<T>(std::move(answer).error());
        if (!answer.ok())
            return std::move(answer).error();
        m_heights.push_back(answer->block_height);
        auto parsed = parse(answer->value);
        if (!parsed.ok())  // its text may quote what was answered, at any length
            return Error(ErrorKind::Invalid, where + ": " + printable(parsed.error().message(), 200));
        return Listed<T>(std::move(parsed));
    }

    /// Whether the contract has any of the lists that were asked for.
    [[nodiscard]] bool found_any() const { return !m_heights.empty(); }
    [[nodiscard]] std::uint64_t lowest() const { return std::ranges::min(m_heights); }

private:
    /// Whatever becomes of the transport is the endpoint's doing and not what the network says.
    Result<http::Response> post(std::string const& body)
    {
        auto response = m_endpoint.post(body);
        if (response.ok() || response.error().kind() == ErrorKind::Interrupted)
            return response;
        return Error(ErrorKind::Unreachable, response.error().message()).remedy(response.error().remedy());
    }

    AccountId const& m_contract;
    Endpoint const& m_endpoint;
    std::vector<std::uint64_t> m_heights;
};

Result<AllowedLists> ask(AccountId const& contract, Endpoint const& endpoint)
{
    Views views(contract, endpoint);
    auto images = TRY(views.list("allowed_docker_image_hashes", &parse_allowed_images));
    auto launchers = TRY(views.list("allowed_launcher_image_hashes", &parse_allowed_launchers));
    auto composes = TRY(views.list("allowed_launcher_compose_hashes", &parse_allowed_composes));
    auto measurements = TRY(views.list("allowed_os_measurements", &parse_allowed_measurements));
    if (!views.found_any())
        return Error(ErrorKind::NotFound, contract.text() + " has none of the lists")
            .remedy("give --contract the account of the MPC contract");
    return AllowedLists { .images = std::move(images),
        .launchers = std::move(launchers),
        .launcher_composes = std::move(composes),
        .os_measurements = std::move(measurements),
        .block_height = views.lowest(),
        .endpoint = endpoint.name };
}

/// Whether another endpoint might say something else.
bool is_of_endpoint(Error const& error)
{
    return error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::Refused
        && error.kind() != ErrorKind::Interrupted;
}

void note_what_is_odd(AllowedLists& lists)
{
    if (lists.images.ok() && !deadlines_agree_with_order(*lists.images))
        lists.notes.emplace_back("the deadlines of the image digests contradict their order, newest first: look at the "
                                 "contract before you rely on either");
}

}  // namespace

Result<AllowedLists> fetch_allowed_lists(AccountId const& contract, std::vector<Endpoint> const& endpoints)
{
    if (endpoints.empty())
        return Error(ErrorKind::Invalid, "no endpoint was named");
    std::vector<std::string> failures;
    std::string remedy;
    for (auto const& endpoint : endpoints) {
        auto lists = ask(contract, endpoint);
        if (lists.ok()) {
            lists->notes = std::move(failures);
            note_what_is_odd(*lists);
            return lists;
        }
        if (!is_of_endpoint(lists.error()))
            return std::move(lists).in(endpoint.name);
        failures.push_back(endpoint.name + ": " + lists.error().message());
        if (remedy.empty())
            remedy = lists.error().remedy();
    }
    auto const message = fmt::format("{}", fmt::join(failures, "; "));
    return Error(ErrorKind::Unreachable, message)
        .remedy(remedy.empty() ? "check the endpoints, or give another one with --rpc" : remedy);
}

}  // namespace mpc::near
