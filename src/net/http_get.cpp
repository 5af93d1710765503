#include "net/http_get.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>

#include <curl/curl.h>

#include "base/text.h"
#include "net/http_fetch.h"
#include "net/http_post.h"
#include "net/http_stream.h"
#include "net/http_upload.h"

namespace mpc::net {

namespace {

constexpr std::size_t most_header_bytes = 16 << 10;
constexpr std::size_t most_ca_file_bytes = 1 << 20;

// To C++ both handles are void pointers.
struct EasyFreed {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiFreed {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListFreed {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// curl's own list of exceptions, and this machine: what listens on it is not meant for a proxy.
std::string proxy_exceptions()
{
    std::string list = "localhost,127.0.0.0/8,::1";
    for (auto const* name : { "no_proxy", "NO_PROXY" }) {
        auto const* value = std::getenv(name);
        if (!value)
            continue;
        // Alone it means every host; within a list curl does not know it.
        return std::string_view(value) == "*" ? "*" : list + "," + value;
    }
    return list;
}

Result<std::string> read_ca_file(std::filesystem::path const& path)
{
    auto pem = TRY(read_file(path, most_ca_file_bytes).in("CA file"));
    if (pem.find("-----BEGIN ") == std::string::npos)
        return Error(ErrorKind::Invalid, "CA file: " + path.string() + " has no certificate in PEM");
    return pem;
}

/// What makes an exchange another than a plain GET. Everything must outlive the exchange.
struct Extras {
    std::string const* body = nullptr;  ///< makes it a POST
    std::vector<http::Header> const* headers = nullptr;
    http::OnPiece const* on_piece = nullptr;  ///< takes the body of a 200; each piece moves the deadline
    bool is_head = false;
    bool returns_everything = false;  ///< of whichever status
    UploadRequest const* upload = nullptr;
    Fill const* fill = nullptr;  ///< the body of an upload; each piece moves the deadline
};

/// One exchange: an easy handle in a multi handle, because only the latter can also wait for an interrupt.
class Exchange {
public:
    Exchange(GetRequest const& request, Interrupt const& interrupt, Extras const& extras = {})
        : m_request(request), m_interrupt(interrupt), m_extras(extras), m_deadline(Deadline::after(request.deadline))
    {
    }
    ~Exchange()
    {
        if (m_added)
            curl_multi_remove_handle(m_multi.get(), m_easy.get());
    }
    Exchange(Exchange const&) = delete;
    Exchange& operator=(Exchange const&) = delete;

    Result<http::Response> run()
    {
        static std::once_flag initialised;
        std::call_once(initialised, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
        m_easy.reset(curl_easy_init());
        m_multi.reset(curl_multi_init());
        if (!m_easy || !m_multi)
            return Error(ErrorKind::Internal, "curl cannot start");
        set_bounds();
        set_receivers();
        set_sent_headers();
        set_sent_body();
        TRY(set_trust());
        m_added = curl_multi_add_handle(m_multi.get(), m_easy.get()) == CURLM_OK;
        if (!m_added)
            return Error(ErrorKind::Internal, "curl cannot start");
        auto const code = TRY(wait());
        if (m_too_large)
            return Error(ErrorKind::Invalid, std::string(m_too_large));
        if (m_piece_error)
            return *std::move(m_piece_error);
        if (code != CURLE_OK)
            return error_of(code);
        return judge_status();
    }

private:
    template <typename T>
    void set(CURLoption option, T value)
    {
        m_refused_options += curl_easy_setopt(m_easy.get(), option, value) == CURLE_OK ? 0 : 1;
    }

    void set_bounds()
    {
        set(CURLOPT_URL, m_request.url.text().c_str());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_HTTP_VERSION, long { CURL_HTTP_VERSION_1_1 });
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_NETRC, long { CURL_NETRC_IGNORED });
        set(CURLOPT_NOSIGNAL, 1L);
        // Do not wait for a name server when the deadline has passed.
        set(CURLOPT_QUICK_EXIT, 1L);
        set(CURLOPT_NOPROXY, proxy_exceptions().c_str());
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set(CURLOPT_USERAGENT, "mpcctl/" MPC_VERSION);
        set(CURLOPT_SSLVERSION, long { CURL_SSLVERSION_TLSv1_2 });
        set(CURLOPT_ERRORBUFFER, m_detail.data());
        set(CURLOPT_NOBODY, m_extras.is_head ? 1L : 0L);
    }

    void set_receivers()
    {
        set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
        set(CURLOPT_WRITEDATA, this);
    }

    void add_sent_header(std::string const& line)
    {
        auto* const list = curl_slist_append(m_sent_headers.get(), line.c_str());
        m_refused_options += list ? 0 : 1;
        if (list && !m_sent_headers)
            m_sent_headers.reset(list);
    }

    void set_sent_headers()
    {
        if (m_extras.body)
            add_sent_header("Content-Type: application/json");
        if (m_extras.headers)
            for (auto const& [name, value] : *m_extras.headers)
                add_sent_header(name + ": " + value);
        if (m_sent_headers)
            set(CURLOPT_HTTPHEADER, m_sent_headers.get());
        // What is for the server is not for a proxy.
        set(CURLOPT_HEADEROPT, long { CURLHEADER_SEPARATE });
    }

    void set_upload()
    {
        set(CURLOPT_UPLOAD, 1L);
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(m_extras.upload->size));
        set(CURLOPT_READFUNCTION, &Exchange::on_wanted);
        set(CURLOPT_READDATA, this);
        if (m_extras.upload->method == UploadRequest::Method::Post)
            set(CURLOPT_CUSTOMREQUEST, "POST");
    }

    void set_sent_body()
    {
        if (m_extras.upload)
            set_upload();
        if (!m_extras.body)
            return;
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(m_extras.body->size()));
        set(CURLOPT_POSTFIELDS, m_extras.body->c_str());
    }

    Result<void> set_trust()
    {
        if (std::holds_alternative<InsecureTls>(m_request.tls)) {
            set(CURLOPT_SSL_VERIFYPEER, 0L);
            set(CURLOPT_SSL_VERIFYHOST, 0L);
        } else if (auto const* file = std::get_if<CaFile>(&m_request.tls)) {
            auto pem = TRY(read_ca_file(file->path));
            curl_blob const blob { .data = pem.data(), .len = pem.size(), .flags = CURL_BLOB_COPY };
            set(CURLOPT_CAINFO_BLOB, &blob);
            // Otherwise the system's directory of authorities would be believed as well.
            set(CURLOPT_CAPATH, static_cast<char const*>(nullptr));
        }
        if (m_refused_options > 0)
            return Error(ErrorKind::Internal, "this curl lacks an option that is needed to be safe")
                .remedy("Install Debian 12's libcurl4 or a later one.");
        return ok;
    }

    /// Until the exchange has ended, one way or another.
    Result<CURLcode> wait()
    {
        for (;;) {
            int running = 0;
            if (curl_multi_perform(m_multi.get(), &running) != CURLM_OK)
                return Error(ErrorKind::Internal, "curl failed");
            int left = 0;
            if (auto const* message = curl_multi_info_read(m_multi.get(), &left))
                return CURLcode { message->data.result };
            if (m_deadline.passed())
                return Error(ErrorKind::Timeout,
                    "no complete answer within " + std::to_string(m_request.deadline.count()) + " ms");
            curl_waitfd raised { .fd = m_interrupt.fd(), .events = CURL_WAIT_POLLIN, .revents = 0 };
            auto const milliseconds = static_cast<int>(m_deadline.at_most(std::chrono::seconds(1)).remaining().count());
            curl_multi_poll(m_multi.get(), &raised, m_interrupt.fd() >= 0 ? 1 : 0, milliseconds, nullptr);
            if (m_interrupt.raised())
                return Interrupt::error();
        }
    }

    /// Also called for trailers and for answers that precede the real one: all of them count.
    static std::size_t on_header(char const* data, std::size_t, std::size_t size, void* self)
    {
        auto& exchange = *static_cast<Exchange*>(self);
        exchange.m_header_bytes += size;
        if (exchange.m_header_bytes > most_header_bytes) {
            exchange.m_too_large = "the answer has more than 16 KiB of headers";
            return 0;
        }
        exchange.take_header_line({ data, size });
        return size;
    }

    void take_header_line(std::string_view line)
    {
        if (line.starts_with("HTTP/"))
            m_response.headers.clear();
        auto const colon = line.find(':');
        if (colon == std::string_view::npos)
            return;
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        value = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
        m_response.headers.emplace_back(line.substr(0, colon), value);
    }

    static std::size_t on_body(char const* data, std::size_t, std::size_t size, void* self)
    {
        auto& exchange = *static_cast<Exchange*>(self);
        if (exchange.m_extras.on_piece && exchange.status() == 200)
            return exchange.hand_on({ data, size }) ? size : 0;
        if (size > exchange.m_request.most_body_bytes - exchange.m_response.body.size()) {
            exchange.m_too_large = "the answer is larger than it may be";
            return 0;
        }
        exchange.m_response.body.append(data, size);
        return size;
    }

    bool hand_on(std::string_view piece)
    {
        m_deadline = Deadline::after(m_request.deadline);
        auto taken = (*m_extras.on_piece)(piece);
        if (!taken.ok())
            m_piece_error = std::move(taken).error();
        return !m_piece_error;
    }

    static std::size_t on_wanted(char* into, std::size_t, std::size_t size, void* self)
    {
        auto& exchange = *static_cast<Exchange*>(self);
        exchange.m_deadline = Deadline::after(exchange.m_request.deadline);
        auto filled = (*exchange.m_extras.fill)({ into, size });
        if (filled.ok())
            return *filled;
        exchange.m_piece_error = std::move(filled).error();
        return CURL_READFUNC_ABORT;
    }

    [[nodiscard]] long status() const
    {
        long status = 0;
        curl_easy_getinfo(m_easy.get(), CURLINFO_RESPONSE_CODE, &status);
        return status;
    }

    [[nodiscard]] Error error_of(CURLcode code) const
    {
        auto const detail = printable(m_detail[0] != '\0' ? m_detail.data() : curl_easy_strerror(code));
        switch (static_cast<int>(code)) {
        case CURLE_OPERATION_TIMEDOUT: return { ErrorKind::Timeout, detail };
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
            return Error(ErrorKind::Unreachable, "TLS: " + detail)
                .remedy(
                    "If the server has a certificate of its own, name the file of its authority: --tls-ca FILE, for a "
                    "registry --registry-ca FILE, for a collateral service ,ca=FILE after its URL.");
        case CURLE_SSL_CACERT_BADFILE:
            return Error(ErrorKind::Invalid, "TLS: no authority to believe: " + detail)
                .remedy("Give a PEM file of certificates, or install the package ca-certificates.");
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_UNSUPPORTED_PROTOCOL: return { ErrorKind::Invalid, "the answer is not HTTP: " + detail };
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
            return Error(ErrorKind::Unreachable, detail).remedy("Check the address, the network and the proxy.");
        default: return { ErrorKind::Unreachable, "the connection failed: " + detail };
        }
    }

    Result<http::Response> judge_status()
    {
        auto const status = this->status();
        m_response.status = static_cast<unsigned>(status);
        if (status == 200 || m_extras.returns_everything)
            return std::move(m_response);
        auto const answered = "answered with status " + std::to_string(status);
        if (status >= 300 && status < 400)
            return Error(ErrorKind::Refused, answered + ", a redirect, which is not followed")
                .remedy("Give the address that it leads to, if you know it to be right.");
        if (m_extras.body || m_extras.on_piece)
            return std::move(m_response);
        return Error(ErrorKind::Refused, answered);
    }

    GetRequest const& m_request;
    Interrupt const& m_interrupt;
    Extras m_extras;
    Deadline m_deadline;
    std::unique_ptr<curl_slist, ListFreed> m_sent_headers;
    // The multi handle goes last: it must outlive the easy one that is in it.
    std::unique_ptr<CURLM, MultiFreed> m_multi;
    std::unique_ptr<CURL, EasyFreed> m_easy;
    bool m_added = false;
    int m_refused_options = 0;
    std::array<char, CURL_ERROR_SIZE> m_detail {};
    http::Response m_response;
    std::size_t m_header_bytes = 0;
    char const* m_too_large = nullptr;
    std::optional<Error> m_piece_error;
};

}  // namespace

Result<void> check_trust(TlsTrust const& trust)
{
    if (auto const* file = std::get_if<CaFile>(&trust))
        TRY(read_ca_file(file->path));
    return ok;
}

Result<http::Response> get(GetRequest const& request, Interrupt const& interrupt)
{
    return Exchange(request, interrupt).run().in(request.url.display());
}

Result<http::Response> post(PostRequest const& request, Interrupt const& interrupt)
{
    GetRequest const where {
        .url = request.url, .tls = request.tls, .deadline = request.deadline, .most_body_bytes = request.most_body_bytes
    };
    return Exchange(where, interrupt, { .body = &request.body, .headers = &request.headers }).run();
}

Result<http::Response> stream(StreamRequest const& request, http::OnPiece const& on_piece, Interrupt const& interrupt)
{
    GetRequest const where {
        .url = request.url, .tls = request.tls, .deadline = request.silence, .most_body_bytes = 64 << 10
    };
    return Exchange(where, interrupt, { .headers = &request.headers, .on_piece = &on_piece }).run();
}

Result<http::Response> fetch(FetchRequest const& request, http::OnPiece const* on_piece, Interrupt const& interrupt)
{
    GetRequest const where {
        .url = request.url, .tls = request.tls, .deadline = request.silence, .most_body_bytes = request.most_body_bytes
    };
    return Exchange(where, interrupt,
        { .headers = &request.headers,
            .on_piece = on_piece,
            .is_head = request.method == FetchRequest::Method::Head,
            .returns_everything = true })
        .run();
}

Result<http::Response> upload(UploadRequest const& request, Fill const& fill, Interrupt const& interrupt)
{
    GetRequest const where {
        .url = request.url, .tls = request.tls, .deadline = request.silence, .most_body_bytes = request.most_body_bytes
    };
    return Exchange(where, interrupt,
        { .headers = &request.headers, .returns_everything = true, .upload = &request, .fill = &fill })
        .run();
}

}  // namespace mpc::net
