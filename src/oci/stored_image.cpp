#include "oci/stored_image.h"

#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "oci/tar.h"

namespace mpc::oci {

namespace {

constexpr std::size_t most_json_bytes = std::size_t { 4 } << 20;
constexpr std::size_t most_layers = 512;
constexpr int most_nested_indexes = 3;

/// What holds blobs by name: "index.json", "blobs/sha256/<hex>".
using Files = std::function<Result<FileRange>(std::string const& name)>;

Files files_of_directory(std::filesystem::path const& directory)
{
    return [directory](std::string const& name) { return FileRange::open(directory / name); };
}

/// The files of an archive stay in it; only where they are is remembered.
Result<Files> files_of_archive(std::filesystem::path const& path)
{
    auto const archive = TRY(FileRange::open(path));
    auto const source = archive.source();
    TarReader reader(*source, { .bytes = archive.size() + 1, .entries = 100'000 });
    std::map<std::string, FileRange> files;
    std::map<std::string, std::string> links;
    std::set<std::string> names;
    while (auto const entry = TRY(reader.next())) {
        if (!names.insert(entry->path).second)
            return Error(ErrorKind::Invalid, printable(entry->path) + " is in the archive twice");
        if (entry->type == TarType::File)
            files.emplace(entry->path, TRY(archive.part(reader.offset(), entry->size)));
        else if (entry->type == TarType::SymbolicLink)
            links.emplace(entry->path, entry->target);
    }
    // `docker save` writes a layer that is there already as a link to it, from its own directory.
    for (auto const& [name, target] : links)
        if (auto const found = files.find(target.starts_with("../") ? target.substr(3) : target); found != files.end())
            files.emplace(name, found->second);
    return Files([files = std::move(files)](std::string const& name) -> Result<FileRange> {
        auto const found = files.find(name);
        if (found == files.end())
            return Error(ErrorKind::NotFound, printable(name) + " is not in the archive");
        return found->second;
    });
}

struct Descriptor {
    std::string media_type;
    image::ManifestDigest digest;  ///< of whatever it describes
    std::uint64_t size = 0;
    bool is_ours = false;  ///< for linux/amd64
};

Result<Descriptor> descriptor_of(json::Object const& object)
{
    auto const digest = TRY(object.require_text("digest"));
    auto const parsed = TRY(image::ManifestDigest::parse(digest).in("digest"));
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

Result<FileRange> blob_of(Files const& files, Descriptor const& descriptor)
{
    auto blob = TRY(files("blobs/sha256/" + descriptor.digest.hex()));
    if (blob.size() != descriptor.size)
        return Error(ErrorKind::Mismatch,
            fmt::format("{} has {} bytes, and not {}", descriptor.digest.text(), blob.size(), descriptor.size));
    return blob;
}

Result<std::string> checked_text(Files const& files, Descriptor const& descriptor)
{
    auto const blob = TRY(blob_of(files, descriptor));
    auto text = TRY(blob.text(most_json_bytes).in(descriptor.digest.text()));
    if (sha256({ as_bytes(text) }) != descriptor.digest.bytes())
        return Error(ErrorKind::Mismatch, descriptor.digest.text() + " is not what its name says");
    return text;
}

bool is_index(Descriptor const& descriptor)
{
    return descriptor.media_type == media::index || descriptor.media_type == media::docker_list;
}

Result<Descriptor> choose(json::Object const& index, std::optional<image::ManifestDigest> const& wanted)
{
    std::vector<Descriptor> all;
    for (auto const& value : *TRY(index.require_array("manifests"))) {
        if (!value.object())
            return Error(ErrorKind::Invalid, "manifests: an entry is no object");
        all.push_back(TRY(descriptor_of(*value.object()).in("manifests")));
    }
    if (wanted) {
        for (auto const& one : all)
            if (one.digest == *wanted)
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

Result<std::vector<DiffId>> diff_ids_of(std::string const& config)
{
    auto const object = TRY(json::read_object(config));
    auto const* const rootfs = TRY(object.require_object("rootfs"));
    std::vector<DiffId> ids;
    for (auto const& value : *TRY(rootfs->require_array("diff_ids"))) {
        if (!value.text())
            return Error(ErrorKind::Invalid, "diff_ids: an entry is no text");
        ids.push_back(TRY(DiffId::parse(*value.text()).in("diff_ids")));
    }
    return ids;
}

Result<void> check_count(std::size_t layers, std::size_t diff_ids)
{
    if (layers != diff_ids || layers > most_layers)
        return Error(ErrorKind::Invalid,
            fmt::format("it has {} layers and {} diff ids; equally many and at most {} are expected", layers, diff_ids,
                most_layers));
    return ok;
}

Result<StoredImage> image_of(Files const& files, Descriptor const& descriptor)
{
    if (descriptor.media_type != media::manifest && descriptor.media_type != media::docker_manifest)
        return Error(ErrorKind::Invalid, "it is a " + printable(descriptor.media_type) + " and no image");
    StoredImage image;
    image.manifest = TRY(checked_text(files, descriptor));
    auto const object = TRY(json::read_object(*image.manifest).in("manifest"));
    auto const config = TRY(descriptor_of(*TRY(object.require_object("config"))).in("manifest: config"));
    image.config = TRY(checked_text(files, config).in("config"));
    auto const ids = TRY(diff_ids_of(image.config).in("config"));
    auto const* const layers = TRY(object.require_array("layers"));
    TRY(check_count(layers->size(), ids.size()));
    for (std::size_t at = 0; at < ids.size(); ++at) {
        auto const where = fmt::format("layer {}", at + 1);
        if (!(*layers)[at].object())
            return Error(ErrorKind::Invalid, where + " is no object");
        auto const layer = TRY(descriptor_of(*(*layers)[at].object()).in(where));
        auto const blob = TRY(blob_of(files, layer).in(where));
        image.layers.push_back({ .media_type = layer.media_type,
            .digest = LayerDigest(layer.digest.bytes()),
            .diff_id = ids[at],
            .blob = blob });
    }
    return image;
}

Result<StoredImage> image_of_layout(Files const& files, std::optional<image::ManifestDigest> const& wanted)
{
    auto const index = TRY(files("index.json"));
    auto text = TRY(index.text(most_json_bytes).in("index.json"));
    auto descriptor = TRY(choose(TRY(json::read_object(text).in("index.json")), wanted).in("index.json"));
    std::optional<image::ManifestDigest> nested;
    for (int depth = 0; is_index(descriptor); ++depth) {
        if (depth == most_nested_indexes)
            return Error(ErrorKind::Invalid, "indexes are nested too deeply");
        nested = nested ? nested : descriptor.digest;
        text = TRY(checked_text(files, descriptor).in("index"));
        descriptor = TRY(choose(TRY(json::read_object(text).in("index")), std::nullopt).in("index"));
    }
    auto image = TRY(image_of(files, descriptor));
    image.index = nested;
    return image;
}

/// What `docker load` goes by.
Result<StoredImage> image_of_docker_archive(Files const& files)
{
    auto const file = TRY(files("manifest.json"));
    auto const list = TRY(json::read(TRY(file.text(most_json_bytes))).in("manifest.json"));
    if (!list.array() || list.array()->size() != 1 || !list.array()->front().object())
        return Error(ErrorKind::Invalid, "manifest.json: it does not list one image")
            .remedy("save one image to an archive");
    auto const& object = *list.array()->front().object();
    auto const config_file = TRY(files(TRY(object.require_text("Config"))));
    StoredImage image;
    image.config = TRY(config_file.text(most_json_bytes).in("config"));
    auto const ids = TRY(diff_ids_of(image.config).in("config"));
    auto const* const layers = TRY(object.require_array("Layers"));
    TRY(check_count(layers->size(), ids.size()));
    for (std::size_t at = 0; at < ids.size(); ++at) {
        auto const* const name = (*layers)[at].text();
        if (!name)
            return Error(ErrorKind::Invalid, "manifest.json: a layer's name is no text");
        auto const blob = TRY(files(*name));
        image.layers.push_back({ .diff_id = ids[at], .blob = blob });
    }
    return image;
}

}  // namespace

Result<Place> Place::parse(std::string_view text)
{
    auto const colon = text.find(':');
    auto const form = text.substr(0, colon);
    Place place;
    if (form == "oci")
        place.form = Form::Layout;
    else if (form == "oci-archive")
        place.form = Form::LayoutArchive;
    else if (form == "docker-archive")
        place.form = Form::DockerArchive;
    else
        return Error(ErrorKind::Invalid, "it is not said what form the image has")
            .exit_as(ExitCode::Usage)
            .remedy("write oci:DIR, oci-archive:FILE or docker-archive:FILE");
    auto path = text.substr(colon + 1);
    constexpr std::size_t digest_length = 1 + 7 + 64;
    if (path.size() > digest_length && path.substr(path.size() - digest_length).starts_with("@sha256:")) {
        place.digest =
            TRY(image::ManifestDigest::parse(path.substr(path.size() - digest_length + 1)).exit_as(ExitCode::Usage));
        path.remove_suffix(digest_length);
    }
    if (path.empty() || (place.digest && place.form == Form::DockerArchive))
        return Error(ErrorKind::Invalid, "the image's place is malformed")
            .exit_as(ExitCode::Usage)
            .remedy("write oci:DIR, oci-archive:FILE or docker-archive:FILE; only the first two can have a digest");
    while (path.size() > 1 && path.ends_with('/'))
        path.remove_suffix(1);
    place.path = path;
    return place;
}

std::optional<image::ManifestDigest> StoredImage::manifest_digest() const
{
    if (!manifest)
        return std::nullopt;
    return image::ManifestDigest(sha256({ as_bytes(*manifest) }));
}

Result<StoredImage> open_image(Place const& place)
{
    auto const open = [&]() -> Result<StoredImage> {
        switch (place.form) {
        case Place::Form::Layout: return image_of_layout(files_of_directory(place.path), place.digest);
        case Place::Form::LayoutArchive: return image_of_layout(TRY(files_of_archive(place.path)), place.digest);
        case Place::Form::DockerArchive: return image_of_docker_archive(TRY(files_of_archive(place.path)));
        }
        return Error(ErrorKind::Internal, "a form of images that is not known");
    };
    return open().in(printable(place.path.string())).remedy(damaged_remedy);
}

}  // namespace mpc::oci
