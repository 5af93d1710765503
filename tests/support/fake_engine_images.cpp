// The fake engine's images, and the registry behind it. Statuses and messages are those of engine 20.10.24.
#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "support/fake_engine_call.h"
#include "support/json_edit.h"

namespace mpc::test {

using http::Method;

namespace {

std::string layer_line(std::string_view status, std::string_view id, std::string_view detail = "{}")
{
    return fmt::format(R"({{"status":"{}","progressDetail":{},"id":"{}"}})", status, detail, id) + "\r\n";
}

/// What the engine says while it pulls two layers.
std::string pull_stream(std::string const& repository, std::string const& reference, std::string const& digest,
    bool is_new)
{
    auto text = fmt::format(R"({{"status":"Pulling from {}","id":"{}"}})", repository, reference) + "\r\n";
    if (is_new) {
        text += layer_line("Already exists", "2bc9ae12c858") + layer_line("Pulling fs layer", "5220b4eae250")
            + layer_line("Downloading", "5220b4eae250", R"({"current":223,"total":3001118})")
            + layer_line("Verifying Checksum", "5220b4eae250") + layer_line("Download complete", "5220b4eae250")
            + layer_line("Extracting", "5220b4eae250", R"({"current":3001118,"total":3001118})")
            + layer_line("Pull complete", "5220b4eae250");
    }
    return text + fmt::format(R"({{"status":"Digest: {}"}})", digest) + "\r\n"
        + fmt::format(R"({{"status":"Status: {} for {}"}})", is_new ? "Downloaded newer image" : "Image is up to date",
            reference)
        + "\r\n";
}

json::Value texts_or_null(std::vector<std::string> const& texts)
{
    return texts.empty() ? json::Value() : json::Value(json::Array(texts.begin(), texts.end()));
}

}  // namespace

http::Answer FakeEngine::images(Call const& call)
{
    if (call.is(Method::Get, "/images/json")) {
        json::Array list;
        for (auto const& stored : m_images) {
            list.push_back(json::Object { { "Containers", -1 }, { "Created", 0 }, { "Id", id_of(stored.image) },
                { "Labels", {} }, { "ParentId", "" }, { "RepoDigests", texts_or_null(stored.repo_digests) },
                { "RepoTags", {} }, { "SharedSize", -1 }, { "Size", 4982345 } });
        }
        return fake_answer(200, list);
    }
    if (call.is(Method::Post, "/images/create"))
        return pull(call);
    if (auto const reference = call.between("/images/", "/json"); reference && call.request.method == Method::Get)
        return inspect_image(*reference);
    if (auto const reference = call.between("/images/", ""); reference && call.request.method == Method::Delete)
        return remove_image(*reference);
    return fake_refusal(404, "page not found");
}

std::optional<http::Answer> FakeEngine::refuse_credentials(Call const& call) const
{
    if (!m_credentials)
        return std::nullopt;
    auto encoded = call.header("X-Registry-Auth");
    std::ranges::replace(encoded, '-', '+');
    std::ranges::replace(encoded, '_', '/');
    if (encoded.empty())
        return fake_refusal(500, "Get \"https://registry/v2/\": no basic auth credentials");
    auto const bytes = from_base64(encoded);
    auto const auth = bytes.ok() ? json::read_object(as_text(bytes.value())) : Error(ErrorKind::Invalid, "not base64");
    if (auth.ok() && text_at(auth.value(), "username") == m_credentials->first
        && text_at(auth.value(), "password") == m_credentials->second)
        return std::nullopt;
    return fake_refusal(500, "unauthorized: authentication required");
}

http::Answer FakeEngine::pull(Call const& call)
{
    auto const repository = call.parameter("fromImage");
    auto const tag = call.parameter("tag");
    auto const reference = repository + (tag.starts_with("sha256:") ? "@" : ":") + tag;
    if (auto refusal = refuse_credentials(call))
        return *refusal;
    auto const* image = find_published(repository, tag);
    if (!image)
        return fake_refusal(404,
            fmt::format("manifest for {} not found: manifest unknown: manifest unknown", reference));
    auto const is_new = !find_image(reference);
    store(repository, *image);
    return { .response = { .status = 200,
                 .headers = { { "Content-Type", "application/json" } },
                 .body = pull_stream(repository, reference, image->manifest, is_new) },
        .delivery = { .chunked = true } };
}

http::Answer FakeEngine::inspect_image(std::string const& reference) const
{
    auto const* stored = find_image(reference);
    if (!stored)
        return fake_refusal(404, fmt::format("no such image: {0}: No such image: {0}", reference));
    auto const& image = stored->image;
    json::Object document { { "Id", id_of(image) }, { "RepoTags", json::Array() },
        { "RepoDigests", json::Array(stored->repo_digests.begin(), stored->repo_digests.end()) }, { "Parent", "" },
        { "Created", "1970-01-01T00:00:00Z" }, { "Config", config_of(image) }, { "Architecture", image.architecture },
        { "Os", image.os }, { "Size", 4982345 } };
    if (m_store == docker::ImageStore::Containerd)
        document.add("Descriptor",
            json::Object { { "mediaType", image.media_type }, { "digest", image.manifest }, { "size", 746 } });
    return fake_answer(200, document);
}

http::Answer FakeEngine::remove_image(std::string const& reference)
{
    auto const* stored = find_image(reference);
    if (!stored)
        return fake_refusal(404, "No such image: " + reference);
    auto const id = id_of(stored->image);
    auto const used = std::ranges::find(m_containers, id, &FakeContainer::image_id);
    auto const index = stored - m_images.data();
    auto& names = m_images[static_cast<std::size_t>(index)].repo_digests;
    auto const is_name = std::ranges::find(names, reference) != names.end();
    if (is_name && names.size() > 1) {
        std::erase(names, reference);
        return fake_answer(200, json::Array { json::Object { { "Untagged", reference } } });
    }
    if (used != m_containers.end()) {
        return fake_refusal(409,
            fmt::format("conflict: unable to delete {} (must be forced) - image is being used by container "
                        "{}",
                id.substr(7, 12), used->id.substr(0, 12)));
    }
    m_images.erase(m_images.begin() + index);
    return fake_answer(200, json::Array { json::Object { { "Deleted", id } } });
}

http::Answer FakeEngine::distribution(Call const& call, std::string const& reference) const
{
    if (auto refusal = refuse_credentials(call))
        return *refusal;
    auto const at_sign = reference.find("@");
    auto const separator = at_sign != std::string::npos ? at_sign : reference.rfind(':');
    auto const* image = find_published(reference.substr(0, separator), reference.substr(separator + 1));
    if (!image)
        return fake_refusal(404, "manifest unknown: manifest unknown");
    json::Array platforms;
    for (auto const& platform : image->platforms) {
        platforms.push_back(json::Object { { "architecture", platform.substr(platform.find('/') + 1) },
            { "os", platform.substr(0, platform.find('/')) } });
    }
    return fake_answer(200,
        json::Object {
            { "Descriptor",
                json::Object { { "mediaType", image->media_type }, { "digest", image->manifest }, { "size", 746 } } },
            { "Platforms", platforms.empty() ? json::Value() : json::Value(platforms) } });
}

}  // namespace mpc::test
