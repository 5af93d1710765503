#include "net/pcs_response.h"

#include <algorithm>

#include "json/json.h"

namespace mpc::net {

namespace {

constexpr json::Limits limits { .bytes = 1 << 20, .depth = 32 };
constexpr std::size_t most_header_bytes = 16 << 10;
constexpr std::size_t most_crl_bytes = 2 << 20;
constexpr std::string_view space = " \t\r\n";
constexpr std::string_view pem_begin = "-----BEGIN X509 CRL-----";
constexpr std::string_view pem_end = "-----END X509 CRL-----";

/// Walks over the members of an object that is known to be strict JSON: only then may it be this simple. Where it could
/// go wrong all the same it stops at the end of the text.
class MemberScanner {
public:
    explicit MemberScanner(std::string_view json) : m_json(json) { m_at = m_json.find('{') + 1; }

    /// The value of the next member.
    std::string_view next()
    {
        skip_space();
        skip_text();
        m_at = std::min(m_json.find(':', m_at), m_json.size() - 1) + 1;
        skip_space();
        auto const from = m_at;
        skip_value();
        auto const value = m_json.substr(from, m_at - from);
        m_at = std::min(m_json.find_first_of(",}", m_at), m_json.size() - 1) + 1;
        return value;
    }

private:
    void skip_space() { m_at = std::min(m_json.find_first_not_of(space, m_at), m_json.size()); }

    /// From a quotation mark to behind its partner.
    void skip_text()
    {
        for (++m_at; m_at < m_json.size() && m_json[m_at] != '"'; ++m_at) {
            if (m_json[m_at] == '\\')
                ++m_at;
        }
        m_at = std::min(m_at + 1, m_json.size());
    }

    void skip_value()
    {
        std::size_t depth = 0;
        while (m_at < m_json.size()) {
            auto const c = m_json[m_at];
            if (c == '"') {
                skip_text();
                if (depth == 0)
                    return;
                continue;
            }
            if (depth == 0 && (c == ',' || c == '}' || space.contains(c)))
                return;
            if (c == '{' || c == '[')
                ++depth;
            ++m_at;
            if ((c == '}' || c == ']') && --depth == 0)
                return;
        }
    }

    std::string_view m_json;
    std::size_t m_at = 0;
};

}  // namespace

Result<std::string_view> member_text(std::string_view json, std::string_view name)
{
    auto const object = TRY(json::read_object(json, limits));
    // By its place and not by its name: a name may be written with escapes.
    MemberScanner scanner(json);
    for (auto const& member : object) {
        auto const value = scanner.next();
        if (member.name == name)
            return value;
    }
    return Error(ErrorKind::Invalid, "the member " + std::string(name) + " is missing");
}

Result<SignedMember> parse_signed_member(std::string_view body, std::string_view name)
{
    auto const object = TRY(json::read_object(body, limits));
    TRY(object.require_object(name));
    auto const signature = TRY(object.require_text("signature"));
    if (signature.size() != 128 || !from_hex(signature).ok())
        return Error(ErrorKind::Invalid, "signature is not 64 bytes in hex");
    auto const text = TRY(member_text(body, name));
    return SignedMember { std::string(text), signature };
}

Result<std::string> decode_chain_header(std::string_view value)
{
    if (value.size() > most_header_bytes)
        return Error(ErrorKind::Invalid, "more than 16 KiB");
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        auto c = value[i];
        if (c == '%') {
            auto const byte = from_hex(value.substr(i + 1, 2));
            if (!byte.ok() || byte->size() != 1)
                return Error(ErrorKind::Invalid, "not percent-encoded, at byte " + std::to_string(i));
            c = static_cast<char>(byte->front());
            i += 2;
        } else if (c == '+') {
            return Error(ErrorKind::Invalid, "a + that is not encoded, at byte " + std::to_string(i));
        }
        if ((c < ' ' || c > '~') && c != '\r' && c != '\n')
            return Error(ErrorKind::Invalid, "no text, at byte " + std::to_string(i));
        text += c;
    }
    return text;
}

Result<Bytes> decode_crl(std::string_view body)
{
    if (body.size() > most_crl_bytes)
        return Error(ErrorKind::Invalid, "more than 2 MiB");
    // DER begins with the tag of a sequence, the digit "0"; its hex begins with "30".
    if (body.starts_with('0'))
        return Bytes(body.begin(), body.end());
    body = body.substr(0, body.find_last_not_of(space) + 1);
    if (!body.starts_with(pem_begin))
        return from_hex(body).in("neither DER nor PEM");
    if (body.size() < pem_begin.size() + pem_end.size() || !body.ends_with(pem_end))
        return Error(ErrorKind::Invalid, "not one PEM block");
    return from_base64(body.substr(pem_begin.size(), body.size() - pem_begin.size() - pem_end.size()))
        .in("the PEM block");
}

}  // namespace mpc::net
