#include "net/registry.h"

#include <algorithm>

#include <strings.h>

#include <fmt/format.h>

#include "base/text.h"
#include "hash/hasher.h"
#include "net/challenge.h"
#include "json/json.h"

namespace mpc::net {

namespace {

constexpr std::size_t most_manifest_bytes = std::size_t { 4 } << 20;  // the distribution project's limit
constexpr std::size_t most_token_bytes = std::size_t { 16 } << 10;
constexpr int most_redirects = 5;
constexpr auto docker_hub = "docker.io";
constexpr auto docker_hub_host = "registry-1.docker.io";

constexpr auto accepted = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
                          "application/vnd.docker.distribution.manifest.v2+json, "
                          "application/vnd.docker.distribution.manifest.list.v2+json";

bool is_redirect(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The name that the registry knows, without the host.
std::string name_of(image::Reference const& reference)
{
    std::string_view name = reference.repository();
    bool const is_hub = reference.registry() == docker_hub;
    for (std::string const& host : { std::string("index.docker.io"), reference.registry() }) {
        if (name.starts_with(host + "/")) {
            name.remove_prefix(host.size() + 1);
            break;
        }
    }
    return is_hub && !name.contains('/') ? "library/" + std::string(name) : std::string(name);
}

/// The registry's own words for its no: {"errors":[{"code","message"}]}.
std::string reason_in(std::string const& body)
{
    auto const object = json::read_object(body, { .bytes = std::size_t { 64 } << 10, .depth = 16 });
    auto const errors = object.ok() ? object->require_array("errors") : Result<json::Array const*>(object.error());
    if (!errors.ok() || (*errors)->empty() || !(**errors)[0].object())
        return "";
    auto const code = (**errors)[0].object()->require_text("code");
    return code.ok() ? " (" + printable(*code, 60) + ")" : "";
}

bool is_fit_for_a_header(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

/// What a token service says. Its expiry does not matter: a 401 is answered anew.
Result<Secret> read_token(std::string const& body)
{
    auto const object =
        TRY(json::read_object(body, { .bytes = most_token_bytes, .depth = 8 }).in("the token service's answer"));
    auto const token = object.find("token") ? object.require_text("token") : object.require_text("access_token");
    if (!token.ok() || !is_fit_for_a_header(*token))
        return Error(ErrorKind::Invalid, "the token service's answer holds no usable token");
    return Secret(*token);
}

/// Hashes and counts what is handed on, and ends what is too long or takes too long.
class CheckedBlob {
public:
    CheckedBlob(std::uint64_t size, Duration deadline, http::OnPiece const& next)
        : m_size(size), m_deadline(Deadline::after(deadline)), m_next(next)
    {
    }
    Result<void> take(std::string_view piece)
    {
        if (piece.size() > m_size - m_hasher.size())
            return Error(ErrorKind::Invalid,
                fmt::format("the blob is longer than the {} bytes that it must have", m_size));
        if (m_deadline.passed())
            return Error(ErrorKind::Timeout, "the blob does not come to an end");
        m_hasher.update(as_bytes(piece));
        return m_next(piece);
    }
    Result<void> check(BlobDigest const& digest)
    {
        if (m_hasher.size() != m_size)
            return Error(ErrorKind::Invalid,
                fmt::format("the blob has {} bytes instead of {}", m_hasher.size(), m_size));
        if (BlobDigest(m_hasher.digest()) != digest)
            return Error(ErrorKind::Mismatch, "the blob's bytes are not those of its digest");
        return ok;
    }

private:
    std::uint64_t m_size;
    Deadline m_deadline;
    http::OnPiece const& m_next;
    Sha256Hasher m_hasher;
};

}  // namespace

Result<Registry> Registry::of(image::Reference const& repository, RegistrySettings settings, Interrupt const& interrupt)
{
    auto const host = repository.registry() == docker_hub ? docker_hub_host : repository.registry();
    bool const is_here = is_loopback(TRY(Url::parse("https://" + host)).host());
    bool const is_plain =
        settings.plain_http == PlainHttp::Everywhere || (is_here && !std::holds_alternative<CaFile>(settings.tls));
    auto name = name_of(repository);
    auto base = TRY(Url::parse(fmt::format("{}://{}/v2/{}/", is_plain ? "http" : "https", host, name)));
    return Registry(std::move(base), std::move(name), std::move(settings), interrupt);
}

Result<ServedManifest> Registry::manifest(image::ManifestDigest const& digest)
{
    auto const what = "the manifest " + digest.text();
    auto served = TRY(manifest_of(digest.text(), what));
    if (served.digest != digest)
        return Error(ErrorKind::Mismatch,
            "what the registry serves as " + what + " has the digest " + served.digest.text())
            .remedy("do not use this registry before it is known why");
    return served;
}

Result<ServedManifest> Registry::tagged(std::string const& tag) { return manifest_of(tag, "the tag " + tag); }

Result<ServedManifest> Registry::manifest_of(std::string const& reference, std::string const& what)
{
    std::string bytes;
    auto const deadline = Deadline::after(m_settings.timeout);
    http::OnPiece const take = [&](std::string_view piece) -> Result<void> {
        if (piece.size() > most_manifest_bytes - bytes.size())
            return Error(ErrorKind::Invalid, what + " has more than 4 MiB");
        if (deadline.passed())
            return Error(ErrorKind::Timeout, what + " does not come to an end");
        bytes += piece;
        return ok;
    };
    auto const response = TRY(ask(FetchRequest::Method::Get, "manifests/" + reference, &take));
    if (response.status != 200)
        return refusal(response, what);
    image::ManifestDigest const digest(sha256({ as_bytes(bytes) }));
    auto const claimed = response.header("Docker-Content-Digest");
    // The engine believes this header where it is asked for a tag.
    if (!claimed.empty() && claimed != digest.text())
        return Error(ErrorKind::Mismatch, "the registry serves " + what + " with a digest that its bytes do not have");
    return ServedManifest { std::move(bytes), std::string(response.header("Content-Type")), digest };
}

Result<bool> Registry::has_blob(BlobDigest const& digest)
{
    auto const response = TRY(ask(FetchRequest::Method::Head, "blobs/" + digest.text(), nullptr));
    if (response.status == 404)
        return false;
    if (response.status != 200)
        return refusal(response, "the blob " + digest.text());
    return true;
}

Result<void> Registry::blob(BlobDigest const& digest, std::uint64_t size, http::OnPiece const& on_piece)
{
    CheckedBlob checked(size, m_settings.blob_deadline, on_piece);
    http::OnPiece const take = [&checked](std::string_view piece) { return checked.take(piece); };
    auto const what = "the blob " + digest.text();
    auto const response = TRY(ask(FetchRequest::Method::Get, "blobs/" + digest.text(), &take).in(what));
    if (response.status != 200)
        return refusal(response, what);
    return checked.check(digest).in(what);
}

Result<http::Response> Registry::ask(FetchRequest::Method method, std::string const& path,
    http::OnPiece const* on_piece)
{
    FetchRequest request {
        .method = method, .url = TRY(url_of(path)), .tls = m_settings.tls, .silence = m_settings.timeout
    };
    auto response = TRY(authorised([&](Headers const& authorisation) {
        request.headers = authorisation;
        request.headers.emplace_back("Accept", path.starts_with("manifests/") ? accepted : "*/*");
        return fetch(request, on_piece, *m_interrupt);
    }));
    for (int i = 0; is_redirect(response.status); ++i) {
        if (i == most_redirects)
            return Error(ErrorKind::Refused, "the registry leads from one place to the next without end");
        request.url = TRY(location(request.url, response));
        // A token is for the registry, and a signed address needs none.
        if (request.url.origin() != m_base.origin())
            std::erase_if(request.headers, [](auto const& header) { return header.first == "Authorization"; });
        response = TRY(fetch(request, on_piece, *m_interrupt).in(request.url.display()));
    }
    return response;
}

Result<http::Response>
Registry::authorised(std::function<Result<http::Response>(Headers const& authorisation)> const& send)
{
    auto const headers = [this] {
        return m_authorisation.size() > 0 ? Headers { { "Authorization", m_authorisation.reveal() } } : Headers();
    };
    auto first = TRY(send(headers()).in(m_base.origin()));
    if (first.status != 401)
        return first;
    TRY(answer_challenge(first).in(m_base.origin()));
    return send(headers()).in(m_base.origin());
}

Result<void> Registry::answer_challenge(http::Response const& response)
{
    bool wants_basic = false;
    for (auto const& [name, value] : response.headers) {
        if (strcasecmp(name.c_str(), "WWW-Authenticate") != 0)
            continue;
        for (auto const& challenge : TRY(parse_challenges(value))) {
            auto const* realm = challenge.parameter("realm");
            if (challenge.scheme == "bearer" && realm) {
                auto const token = TRY(token_from(*realm, challenge.parameter("service")));
                m_authorisation = Secret("Bearer " + token.reveal());
                return ok;
            }
            wants_basic = wants_basic || challenge.scheme == "basic";
        }
    }
    if (!wants_basic)
        return Error(ErrorKind::Refused, "answered with status 401, and with no way in that is known here")
            .remedy("check that it is a registry of images");
    if (!m_settings.login)
        return Error(ErrorKind::Refused, "the registry wants a user and a password")
            .remedy("give its credentials, if the image is not public");
    m_authorisation = TRY(basic(m_base));
    return ok;
}

Result<Secret> Registry::basic(Url const& to) const
{
    if (!to.is_private())
        return Error(ErrorKind::Refused, "a password is not sent to " + to.origin() + " without TLS");
    auto const& login = *m_settings.login;
    return Secret("Basic " + to_base64(as_bytes(login.user + ":" + login.password.reveal())));
}

Result<Secret> Registry::token_from(std::string const& realm, std::string const* service)
{
    auto const parsed = TRY(Url::parse(realm).in("the realm that it names"));
    TRY(check_led_to(parsed));
    auto query = (parsed.has_query() ? "&scope=" : "?scope=")
        + http::percent_encode(fmt::format("repository:{}:{}", m_name,
            m_settings.access == Access::Pull ? "pull" : "pull,push"));
    if (service)
        query += "&service=" + http::percent_encode(*service);
    FetchRequest request {
        .url = TRY(Url::parse(parsed.text() + query)), .tls = m_settings.tls, .silence = m_settings.timeout
    };
    if (m_settings.login) {
        auto const login = TRY(basic(request.url));
        request.headers.emplace_back("Authorization", login.reveal());
    }
    auto const response = TRY(fetch(request, nullptr, *m_interrupt).in(request.url.display()));
    if (response.status == 401 || response.status == 403)
        return Error(ErrorKind::Refused, request.url.display() + " gives no token for " + m_name)
            .remedy(m_settings.login ? "check the user and the password, and what they may do"
                                     : "give its credentials, if the image is not public");
    if (response.status != 200)
        return Error(ErrorKind::Refused,
            fmt::format("{} answered with status {}", request.url.display(), response.status));
    return read_token(response.body).in(request.url.display());
}

Result<Url> Registry::location(Url const& asked, http::Response const& response) const
{
    auto const target = response.header("Location");
    if (target.empty())
        return Error(ErrorKind::Refused,
            fmt::format("answered with status {}, and without a Location", response.status));
    auto url = TRY(asked.resolve(target).in("the Location of its answer"));
    TRY(check_led_to(url));
    return url;
}

/// A registry says where to go next: never to less protection, and never from outside to what only we can reach.
Result<void> Registry::check_led_to(Url const& url) const
{
    bool const is_less = m_base.text().starts_with("https:") && !url.text().starts_with("https:");
    bool const is_inwards = (is_loopback(url.host()) && !is_loopback(m_base.host()))
        || (is_link_local(url.host()) && !is_link_local(m_base.host()));
    if (is_less || is_inwards)
        return Error(ErrorKind::Refused, "the registry leads to " + url.display() + ", which is not followed");
    return ok;
}

Error Registry::refusal(http::Response const& response, std::string const& what) const
{
    auto const reason = reason_in(response.body);
    auto const where = m_base.origin() + ": ";
    switch (response.status) {
    case 404: return { ErrorKind::NotFound, where + "there is not " + what + " in " + m_name + reason };
    case 401:
    case 403:
        return Error(ErrorKind::Refused,
            where + "it does not give " + what + " of " + m_name + " to "
                + (m_settings.login ? "this user" : "just anybody") + reason)
            .remedy("check the image's name, and the registry's credentials if it is not public");
    case 429:
        return Error(ErrorKind::Refused, where + "it has been asked too often" + reason)
            .remedy("wait a while, or give credentials");
    default:
        return { ErrorKind::Refused,
            fmt::format("{}asked for {} of {}, it answered with status {}{}", where, what, m_name, response.status,
                reason) };
    }
}

}  // namespace mpc::net
