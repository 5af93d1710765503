// GET of an http or https URL from somebody who may be hostile. libcurl underneath.
#pragma once

#include <filesystem>
#include <variant>

#include "base/interrupt.h"
#include "http/message.h"
#include "net/insecure_tls.h"
#include "net/url.h"

namespace mpc::net {

/// Whom to believe that a server is who it says: the system's authorities,
struct SystemStore {};
/// those of a PEM file and no other (a server's own certificate will do),
struct CaFile {
    std::filesystem::path path;
};
/// or nobody's word.
using TlsTrust = std::variant<SystemStore, CaFile, InsecureTls>;

/// That a CA file can be read and has certificates, before anybody is asked. Errors: those of get() for it.
[[nodiscard]] Result<void> check_trust(TlsTrust const& trust);

struct GetRequest {
    Url url;
    TlsTrust tls = SystemStore();
    Duration deadline = std::chrono::seconds(10);  ///< for everything, from the name's look-up to the last byte
    std::size_t most_body_bytes = std::size_t { 1 } << 20;
};

/// The answer, whose status is 200. Its header lines are at most 16 KiB. TLS is of version 1.2 or later and verified as
/// `tls` says. Redirects are not followed, nothing is decompressed, no cookie, .netrc or credential is used.
///
/// Of the environment, curl's https_proxy, http_proxy, all_proxy and no_proxy are honoured (curl(1), ENVIRONMENT), but
/// never for localhost, 127.0.0.0/8 and ::1. TLS goes through a proxy end to end.
///
/// Errors, each with the URL without its query: Unreachable (name, connection, TLS, an answer that was cut short),
/// Timeout, Refused (another status, which is in the message), Invalid (not HTTP, too large, no usable CA file),
/// NotFound and Io (the CA file), Interrupted.
[[nodiscard]] Result<http::Response> get(GetRequest const& request, Interrupt const& interrupt);

}  // namespace mpc::net
