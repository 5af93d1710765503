#include "net/registry_push.h"

#include "hash/hash.h"

namespace mpc::net {

namespace {

/// What a no to a push comes to.
Error refused(Registry const& registry, http::Response const& response, std::string const& what)
{
    auto const is_about_us = response.status == 401 || response.status == 403;
    return registry.refusal(response, is_about_us ? "leave to push" : "a place for " + what)
        .remedy("check the repository's name, and that it may be pushed to");
}

/// One upload, with the authorisation where it goes to the registry itself. A token is for the registry, and a signed
/// address needs none: what asks for more elsewhere gets no answer.
Result<http::Response> send(Registry& registry, UploadRequest request, StartBody const& body,
    Interrupt const& interrupt)
{
    auto const origin = TRY(registry.url_of("")).origin();
    request.tls = registry.settings().tls;
    request.silence = registry.settings().timeout;
    if (request.url.origin() != origin)
        return upload(request, body(), interrupt).in(request.url.display());
    auto const plain = request.headers;
    return registry.authorised([&](Registry::Headers const& authorisation) {
        request.headers = plain;
        request.headers.insert(request.headers.end(), authorisation.begin(), authorisation.end());
        return upload(request, body(), interrupt);
    });
}

Fill nothing()
{
    return [](std::span<char>) -> Result<std::size_t> { return std::size_t { 0 }; };
}

StartBody body_of(std::string_view bytes)
{
    return [bytes]() -> Fill {
        return [left = bytes](std::span<char> into) mutable -> Result<std::size_t> {
            auto const count = left.copy(into.data(), into.size());
            left.remove_prefix(count);
            return count;
        };
    };
}

/// However slowly the other side takes it, it must come to an end.
StartBody bounded(StartBody const& body, Duration at_most)
{
    return [&body, at_most]() -> Fill {
        return [fill = body(), deadline = Deadline::after(at_most)](std::span<char> into) -> Result<std::size_t> {
            if (deadline.passed())
                return Error(ErrorKind::Timeout, "the upload does not come to an end");
            return fill(into);
        };
    };
}

/// The address of an upload is the registry's business, with or without a query.
Result<Url> with_digest(Url const& location, BlobDigest const& digest)
{
    return Url::parse(location.text() + (location.has_query() ? "&" : "?")
        + "digest=" + http::percent_encode(digest.text()));
}

Result<void> check_created(Registry const& registry, http::Response const& response, std::string const& what,
    std::string const& digest)
{
    if (response.status != 201)
        return refused(registry, response, what);
    auto const claimed = response.header("Docker-Content-Digest");
    if (!claimed.empty() && claimed != digest)
        return Error(ErrorKind::Mismatch, "the registry has taken " + what + " under a digest that it does not have")
            .remedy("do not use this registry before it is known why");
    return ok;
}

}  // namespace

Result<Push> push_blob(Registry& registry, BlobDigest const& digest, std::uint64_t size, StartBody const& body,
    Interrupt const& interrupt)
{
    if (TRY(registry.has_blob(digest)))
        return Push::WasThere;
    auto const what = "the blob " + digest.text();
    auto const start = TRY(registry.url_of("blobs/uploads/"));
    auto const started =
        TRY(send(registry, { .method = UploadRequest::Method::Post, .url = start }, nothing, interrupt).in(what));
    if (started.status != 202)
        return refused(registry, started, what);
    auto const location = TRY(registry.location(start, started).in(what));
    auto const url = TRY(with_digest(location, digest).in(what));
    UploadRequest const put { .url = url, .headers = { { "Content-Type", "application/octet-stream" } }, .size = size };
    auto const answer = TRY(send(registry, put, bounded(body, registry.settings().blob_deadline), interrupt).in(what));
    TRY(check_created(registry, answer, what, digest.text()));
    return Push::Done;
}

Result<void> push_manifest(Registry& registry, std::string_view bytes, std::string const& media_type,
    std::optional<std::string> const& tag, Interrupt const& interrupt)
{
    image::ManifestDigest const digest(sha256({ as_bytes(bytes) }));
    auto const what = "the manifest " + digest.text();
    for (auto const& name : { std::optional(digest.text()), tag }) {
        if (!name)
            continue;
        auto const url = TRY(registry.url_of("manifests/" + *name));
        UploadRequest const put { .url = url, .headers = { { "Content-Type", media_type } }, .size = bytes.size() };
        auto const answer = TRY(send(registry, put, body_of(bytes), interrupt).in(what));
        TRY(check_created(registry, answer, what, digest.text()));
    }
    // It is served as it was sent, or it is an error.
    TRY(registry.manifest(digest));
    return ok;
}

}  // namespace mpc::net
