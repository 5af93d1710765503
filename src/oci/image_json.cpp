#include "oci/image_json.h"

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

Result<Descriptor> descriptor_of(json::Value const& value)
{
    if (!value.object())
        return Error(ErrorKind::Invalid, "it is no object");
    auto const& object = *value.object();
    auto const digest = TRY(object.require_text("digest"));
    auto const parsed = TRY(BlobDigest::parse(digest).in("digest"));
    auto const media_type = TRY(object.require_text("mediaType"));
    auto const size = TRY(object.require_number("size"));
    Descriptor descriptor { .media_type = media_type, .digest = parsed, .size = size };
    if (object.find("platform")) {
        auto const* const platform = TRY(object.require_object("platform"));
        descriptor.is_ours =
            TRY(platform->require_text("os")) == "linux" && TRY(platform->require_text("architecture")) == "amd64";
    }
    return descriptor;
}

Result<void> check_count(std::size_t count)
{
    if (count > most_layers)
        return Error(ErrorKind::Invalid, fmt::format("it has {} layers; at most {} are expected", count, most_layers));
    return ok;
}

}  // namespace

Result<bool> is_index(std::string_view text)
{
    auto const object = TRY(json::read_object(text));
    if (!object.find("manifests"))
        return false;
    if (object.find("config") || object.find("layers"))
        return Error(ErrorKind::Invalid, "it is an index and a manifest at once");
    return true;
}

Result<std::vector<Descriptor>> parse_index(std::string_view text)
{
    auto const object = TRY(json::read_object(text));
    std::vector<Descriptor> all;
    for (auto const& value : *TRY(object.require_array("manifests")))
        all.push_back(TRY(descriptor_of(value).in("manifests")));
    return all;
}

Result<Descriptor> choose_image(std::string_view index, std::optional<image::ManifestDigest> const& wanted)
{
    auto all = TRY(parse_index(index));
    if (wanted) {
        for (auto const& one : all)
            if (one.digest.bytes() == wanted->bytes())
                return one;
        return Error(ErrorKind::NotFound, wanted->text() + " is not among its images");
    }
    if (all.size() == 1)
        return all.front();
    std::erase_if(all, [](Descriptor const& one) { return !one.is_ours; });
    if (all.size() == 1)
        return all.front();
    return Error(ErrorKind::Invalid, fmt::format("it has {} images for linux/amd64 to choose from", all.size()))
        .remedy("append @sha256: and the digest of the manifest that you mean");
}

Result<ManifestContent> parse_manifest(std::string_view text)
{
    auto const object = TRY(json::read_object(text));
    auto const* const config = object.find("config");
    if (!config)
        return Error(ErrorKind::Invalid, "it has no config");
    auto const descriptor = TRY(descriptor_of(*config).in("config"));
    ManifestContent content { .config = descriptor };
    auto const* const layers = TRY(object.require_array("layers"));
    TRY(check_count(layers->size()));
    for (auto const& layer : *layers)
        content.layers.push_back(TRY(descriptor_of(layer).in(fmt::format("layer {}", content.layers.size() + 1))));
    return content;
}

Result<std::vector<DiffId>> parse_diff_ids(std::string_view config)
{
    auto const object = TRY(json::read_object(config));
    auto const* const rootfs = TRY(object.require_object("rootfs"));
    auto const* const list = TRY(rootfs->require_array("diff_ids"));
    TRY(check_count(list->size()));
    std::vector<DiffId> ids;
    for (auto const& value : *list) {
        if (!value.text())
            return Error(ErrorKind::Invalid, "diff_ids: an entry is no text");
        ids.push_back(TRY(DiffId::parse(*value.text()).in("diff_ids")));
    }
    return ids;
}

Result<SavedImage> parse_saved_images(std::string_view text)
{
    auto const list = TRY(json::read(text));
    if (!list.array() || list.array()->size() != 1 || !list.array()->front().object())
        return Error(ErrorKind::Invalid, "it does not list one image").remedy("save one image to an archive");
    auto const& object = *list.array()->front().object();
    SavedImage image;
    image.config = TRY(object.require_text("Config"));
    auto const* const layers = TRY(object.require_array("Layers"));
    TRY(check_count(layers->size()));
    for (auto const& name : *layers) {
        if (!name.text())
            return Error(ErrorKind::Invalid, "a layer's name is no text");
        image.layers.push_back(*name.text());
    }
    return image;
}

}  // namespace mpc::oci
