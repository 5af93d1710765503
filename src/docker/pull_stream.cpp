#include "docker/pull_stream.h"

#include <algorithm>

#include <fmt/format.h>

#include "docker/parse.h"
#include "docker/patience.h"

namespace mpc::docker {

namespace {

constexpr std::size_t longest_object = std::size_t { 256 } << 10;
constexpr std::size_t most_layers = 1024;
// Far above any layer; the sum over all of them still fits.
constexpr std::uint64_t largest_layer = std::uint64_t { 1 } << 50;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Whether a status with an id is about a layer; there is also "Pulling from ...", whose id is the reference.
bool is_about_a_layer(std::string_view status)
{
    constexpr std::string_view known[] = { "Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum",
        "Download complete", "Extracting", "Pull complete", "Already exists" };
    return std::ranges::find(known, status) != std::end(known) || status.starts_with("Retrying in ");
}

/// A member of an object that may lack it or hold null.
json::Value const* member(json::Object const& object, std::string_view name)
{
    auto const* value = object.find(name);
    return value && !value->is_null() ? value : nullptr;
}

Result<std::string> text_of(json::Object const& object, std::string_view name)
{
    return member(object, name) ? object.require_text(name) : std::string();
}

/// A count of bytes; engines write -1, 0 or nothing when they do not know it.
Result<std::uint64_t> bytes_of(json::Object const& detail, std::string_view name)
{
    auto const* value = member(detail, name);
    if (!value || value->negative())
        return std::uint64_t { 0 };
    return std::min(TRY(detail.require_number(name)), largest_layer);
}

}  // namespace

Result<void> PullStream::feed(std::string_view piece)
{
    for (auto const c : piece)
        TRY(take(c));
    return ok;
}

/// Finds where objects begin and end; whether they are JSON is found when they are read.
Result<void> PullStream::take(char c)
{
    if (m_depth == 0 && is_space(c))
        return ok;
    if (m_depth == 0 && c != '{')
        return Error(ErrorKind::Invalid, "the stream is not a sequence of JSON objects");
    if (m_object.size() == longest_object)
        return Error(ErrorKind::Invalid, fmt::format("the stream has an object of more than {} bytes", longest_object));
    m_object += c;
    if (m_in_string) {
        m_in_string = m_escaped || c != '"';
        m_escaped = !m_escaped && c == '\\';
    } else if (c == '"') {
        m_in_string = true;
    } else if (c == '{') {
        ++m_depth;
    } else if (c == '}' && --m_depth == 0) {
        auto const object = std::exchange(m_object, {});
        return message(object);
    }
    return ok;
}

Result<void> PullStream::message(std::string_view text)
{
    auto read = json::read_object(text, { .bytes = longest_object, .depth = 16 });
    if (!read.ok())
        return Error(ErrorKind::Invalid, "in the stream: " + clean(m_scrubber, read.error().message()));
    auto const& message = read.value();
    if (member(message, "error") || member(message, "errorDetail"))
        return failure(message);
    auto const status = TRY(text_of(message, "status").in("in the stream"));
    auto const id = TRY(text_of(message, "id").in("in the stream"));
    if (id.empty())
        return result(status);
    return is_about_a_layer(status) ? layer(id, status, message).in("in the stream") : ok;
}

Error PullStream::failure(json::Object const& message)
{
    auto text = text_of(message, "error");
    auto const* detail = member(message, "errorDetail");
    if (detail && detail->object() && (!text.ok() || text->empty()))
        text = text_of(*detail->object(), "message");
    auto const said = text.ok() && !text->empty() ? *text : std::string("it does not say why");
    m_retry_after = find_retry_after(said);
    return { ErrorKind::Refused, "the Docker Engine could not pull: " + clean(m_scrubber, said) };
}

/// "Digest: sha256:..." and, after it, "Status: Downloaded newer image for ..." or "Status: Image is up to date for
/// ...".
Result<void> PullStream::result(std::string_view status)
{
    constexpr std::string_view digest = "Digest: ";
    if (status.starts_with(digest)) {
        if (status.substr(digest.size()) != m_asked.text())
            return Error(ErrorKind::Invalid, "the Docker Engine pulled another digest than it was asked for");
        m_has_digest = true;
    } else if (status.starts_with("Status: ")) {
        m_has_status = m_has_digest;
    }
    return ok;
}

Result<void> PullStream::layer(std::string const& id, std::string_view status, json::Object const& message)
{
    auto& layer = m_layers[id];
    if (m_layers.size() > most_layers)
        return Error(ErrorKind::Invalid, fmt::format("more than {} layers", most_layers));
    auto const* detail = member(message, "progressDetail");
    if (detail && !detail->object())
        return Error(ErrorKind::Invalid, "\"progressDetail\" is not an object");
    // "Extracting" counts too: bytes of the same layer in the classic store, seconds in the containerd store.
    if (status == "Downloading" && detail) {
        auto const current = TRY(bytes_of(*detail->object(), "current"));
        auto const total = TRY(bytes_of(*detail->object(), "total"));
        // A download that is taken up again counts from where it broke off: only what is left is its total then.
        layer.total = std::max(layer.total, total);
        layer.done = std::min(layer.total, layer.total - total + current);
    } else if (status == "Download complete" || status == "Pull complete" || status == "Already exists") {
        layer.done = layer.total;
        layer.complete = layer.complete || status != "Download complete";
    }
    return ok;
}

Result<void> PullStream::finish() const
{
    if (m_depth > 0)
        return Error(ErrorKind::Invalid, "the stream ended in the middle of an object");
    if (!m_has_digest)
        return Error(ErrorKind::Invalid, "the stream ended without saying which digest was pulled");
    if (!m_has_status)
        return Error(ErrorKind::Invalid, "the stream ended without its final status");
    return ok;
}

PullProgress PullStream::progress() const
{
    PullProgress sum;
    for (auto const& [id, layer] : m_layers) {
        sum.bytes_done += layer.done;
        sum.bytes_total += layer.total;
        sum.layers_done += layer.complete ? 1 : 0;
        ++sum.layers_total;
    }
    return sum;
}

}  // namespace mpc::docker
