// A registry of images (OCI distribution-spec 1.1), which may be hostile: what it says counts only where bytes prove
// it.
#pragma once

#include <functional>
#include <optional>

#include "base/secret.h"
#include "image/blob_digest.h"
#include "image/reference.h"
#include "net/http_fetch.h"

namespace mpc::net {

/// Who we are to a registry; without, anonymous.
struct RegistryLogin {
    std::string user;
    Secret password;
};

/// What is to be done in the repository: no token is asked for that allows more.
enum class Access { Pull, PullAndPush };

/// Where a registry is spoken to without TLS. On this machine it always is, unless a CA file is named.
enum class PlainHttp { OnThisMachine, Everywhere };

struct RegistrySettings {
    std::optional<RegistryLogin> login {};  ///< never sent to another machine without TLS
    TlsTrust tls = SystemStore();
    PlainHttp plain_http = PlainHttp::OnThisMachine;
    Access access = Access::Pull;
    Duration timeout = std::chrono::seconds(30);     ///< for one answer, or between two pieces of a blob
    Duration blob_deadline = std::chrono::hours(1);  ///< for the whole of one blob
};

/// A manifest or an index as the registry serves it.
struct ServedManifest {
    std::string bytes;
    std::string media_type;        ///< the answer's Content-Type; foreign text
    image::ManifestDigest digest;  ///< of the bytes
};

using image::BlobDigest;

/// One repository of one registry. Docker Hub's is asked where the engine asks it ("nearone/mpc-node" at
/// registry-1.docker.io, "debian" as "library/debian").
///
/// A 401 is answered once, with a bearer token of the realm that the registry names or with the login itself. What the
/// registry leads to (realm, redirect) has TLS where the registry has it, and is on this machine, or at a link-local
/// address, only where the registry is; a token goes to no other host than the registry's, the login to it and to its
/// realm.
///
/// Errors of every call: NotFound (404); Refused (any other no, with the registry's own code; also a way to lead us on
/// that is not taken); Mismatch (bytes that are not what their digest says); Invalid (not HTTP, too large, malformed);
/// Unreachable, Timeout, Interrupted. No message holds the login or a token.
class Registry {
public:
    /// Nothing is sent yet. `interrupt` must outlive it. Errors: Invalid.
    static Result<Registry> of(image::Reference const& repository, RegistrySettings settings,
        Interrupt const& interrupt);

    /// At most 4 MiB, of the four media types of manifests and indexes that the engine accepts.
    [[nodiscard]] Result<ServedManifest> manifest(image::ManifestDigest const& digest);
    /// What a tag stands for at the moment.
    [[nodiscard]] Result<ServedManifest> tagged(std::string const& tag);

    /// Whether the registry says that it has the blob (HEAD).
    [[nodiscard]] Result<bool> has_blob(BlobDigest const& digest);
    /// Hands on the blob, piece by piece. An error may come after pieces: nothing is worth anything before this
    /// returns well, for then it was exactly `size` bytes of that digest. Errors: also those of `on_piece`.
    [[nodiscard]] Result<void> blob(BlobDigest const& digest, std::uint64_t size, http::OnPiece const& on_piece);

    using Headers = std::vector<http::Header>;
    /// Sends with what is known of the authorisation; after a 401 once more, with what it asks for.
    [[nodiscard]] Result<http::Response>
    authorised(std::function<Result<http::Response>(Headers const& authorisation)> const& send);
    /// What a no comes to; `what` was asked for: "the manifest sha256:...".
    [[nodiscard]] Error refusal(http::Response const& response, std::string const& what) const;
    /// Of this repository: "blobs/uploads/" is "https://HOST/v2/NAME/blobs/uploads/".
    [[nodiscard]] Result<Url> url_of(std::string const& path) const { return Url::parse(m_base.text() + path); }
    /// Where an answer's Location leads, relative to the URL that was asked. Errors: Refused where it may not.
    [[nodiscard]] Result<Url> location(Url const& asked, http::Response const& response) const;
    [[nodiscard]] RegistrySettings const& settings() const { return m_settings; }

private:
    Registry(Url base, std::string name, RegistrySettings settings, Interrupt const& interrupt)
        : m_base(std::move(base)), m_name(std::move(name)), m_settings(std::move(settings)), m_interrupt(&interrupt)
    {
    }
    /// A GET or HEAD below the repository, through redirects.
    Result<http::Response> ask(FetchRequest::Method method, std::string const& path, http::OnPiece const* on_piece);
    Result<ServedManifest> manifest_of(std::string const& reference, std::string const& what);
    Result<void> answer_challenge(http::Response const& response);
    Result<Secret> token_from(std::string const& realm, std::string const* service);
    Result<Secret> basic(Url const& to) const;
    [[nodiscard]] Result<void> check_led_to(Url const& url) const;

    Url m_base;          ///< ends with '/'
    std::string m_name;  ///< of the repository, without its host
    RegistrySettings m_settings;
    Interrupt const* m_interrupt;
    Secret m_authorisation;  ///< the header's value; "" before anything was asked for
};

}  // namespace mpc::net
