#include "oci/stored_image.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "base/log.h"
#include "oci/tar.h"

namespace mpc::oci {

namespace {

constexpr int most_nested_indexes = 3;

/// What holds blobs by name: "index.json", "blobs/sha256/<hex>".
using Files = std::function<Result<FileRange>(std::string const& name)>;

Files files_of_directory(std::filesystem::path const& directory)
{
    return [directory](std::string const& name) { return FileRange::open(directory / name); };
}

/// The files of an archive stay in it; only where they are is remembered.
Result<Files> files_of_archive(FileRange const& archive)
{
    auto const source = archive.source();
    TarReader reader(*source, { .bytes = archive.size() + 1, .entries = 100'000 });
    std::map<std::string, FileRange> files;
    std::map<std::string, std::string> links;
    std::set<std::string> names;
    while (auto const entry = TRY(reader.next())) {
        if (entry->path.empty())
            continue;
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

Blobs blobs_in(Files const& files)
{
    return [&files](Descriptor const& descriptor) { return files("blobs/sha256/" + descriptor.digest.hex()); };
}

Result<FileRange> sized_blob(Blobs const& blobs, Descriptor const& descriptor)
{
    auto blob = TRY(blobs(descriptor));
    if (blob.size() != descriptor.size)
        return Error(ErrorKind::Mismatch,
            fmt::format("{} has {} bytes, and not {}", descriptor.digest.text(), blob.size(), descriptor.size));
    return blob;
}

Result<std::string> checked_text(Blobs const& blobs, Descriptor const& descriptor)
{
    if (descriptor.size > most_image_json_bytes)
        return Error(ErrorKind::Invalid,
            fmt::format("{} is larger than {} bytes", descriptor.digest.text(), most_image_json_bytes));
    auto const blob = TRY(sized_blob(blobs, descriptor));
    auto text = TRY(blob.text(most_image_json_bytes).in(descriptor.digest.text()));
    if (sha256({ as_bytes(text) }) != descriptor.digest.bytes())
        return Error(ErrorKind::Mismatch, descriptor.digest.text() + " is not what its name says");
    return text;
}

Result<void> check_count(std::size_t layers, std::size_t diff_ids)
{
    if (layers != diff_ids)
        return Error(ErrorKind::Invalid, fmt::format("it has {} layers and {} diff ids", layers, diff_ids));
    return ok;
}

Result<StoredImage> image_of(Blobs const& blobs, Descriptor const& descriptor)
{
    if (!descriptor.is_manifest())
        return Error(ErrorKind::Invalid, fmt::format("it is \"{}\" and no image", printable(descriptor.media_type)));
    StoredImage image;
    image.manifest = TRY(checked_text(blobs, descriptor));
    auto const content = TRY(parse_manifest(*image.manifest).in("manifest"));
    image.config = TRY(checked_text(blobs, content.config).in("config"));
    auto const ids = TRY(parse_diff_ids(image.config).in("config"));
    TRY(check_count(content.layers.size(), ids.size()));
    for (std::size_t at = 0; at < ids.size(); ++at) {
        auto const& layer = content.layers[at];
        auto const blob = TRY(sized_blob(blobs, layer).in(fmt::format("layer {}", at + 1)));
        image.layers.push_back({ .media_type = layer.media_type,
            .digest = LayerDigest(layer.digest.bytes()),
            .diff_id = ids[at],
            .blob = blob });
    }
    return image;
}

Result<StoredImage> image_of_layout(Files const& files, std::optional<image::ManifestDigest> const& wanted)
{
    auto const text = TRY(TRY(files("index.json")).text(most_image_json_bytes).in("index.json"));
    auto const top = TRY(choose_image(text, wanted).in("index.json"));
    return open_image(top, blobs_in(files));
}

/// What `docker load` goes by.
Result<StoredImage> image_of_docker_archive(Files const& files)
{
    auto const text = TRY(TRY(files("manifest.json")).text(most_image_json_bytes).in("manifest.json"));
    auto const saved = TRY(parse_saved_images(text).in("manifest.json"));
    StoredImage image;
    image.config = TRY(TRY(files(saved.config)).text(most_image_json_bytes).in("config"));
    auto const ids = TRY(parse_diff_ids(image.config).in("config"));
    TRY(check_count(saved.layers.size(), ids.size()));
    for (auto const& id : ids) {
        auto const blob = TRY(files(saved.layers[image.layers.size()]));
        image.layers.push_back({ .diff_id = id, .blob = blob });
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
        return Error(ErrorKind::Invalid, "it is not said what form the image has").exit_as(ExitCode::Usage);
    auto path = text.substr(colon + 1);
    constexpr std::size_t digest_length = 1 + 7 + 64;
    if (path.size() > digest_length && path.substr(path.size() - digest_length).starts_with("@sha256:")) {
        place.digest =
            TRY(image::ManifestDigest::parse(path.substr(path.size() - digest_length + 1)).exit_as(ExitCode::Usage));
        path.remove_suffix(digest_length);
    }
    if (path.empty() || (place.digest && place.form == Form::DockerArchive))
        return Error(ErrorKind::Invalid, "the image's path is missing, or has a digest that this form cannot have")
            .exit_as(ExitCode::Usage);
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
        case Place::Form::LayoutArchive:
            return image_of_layout(TRY(files_of_archive(TRY(FileRange::open(place.path)))), place.digest);
        case Place::Form::DockerArchive: return open_docker_archive(TRY(FileRange::open(place.path)));
        }
        return Error(ErrorKind::Internal, "a form of images that is not known");
    };
    return open().remedy(damaged_remedy);
}

Result<StoredImage> open_docker_archive(FileRange const& archive)
{
    auto const open = [&]() -> Result<StoredImage> { return image_of_docker_archive(TRY(files_of_archive(archive))); };
    return open().remedy(damaged_remedy);
}

Result<StoredImage> open_image(Descriptor const& top, Blobs const& blobs)
{
    auto descriptor = top;
    std::optional<image::ManifestDigest> index;
    for (int depth = 0; descriptor.is_index(); ++depth) {
        if (depth == most_nested_indexes)
            return Error(ErrorKind::Invalid, "indexes are nested too deeply");
        index = index ? index : image::ManifestDigest(descriptor.digest.bytes());
        descriptor = TRY(choose_image(TRY(checked_text(blobs, descriptor).in("index"))).in("index"));
    }
    auto image = TRY(image_of(blobs, descriptor));
    image.index = index;
    return image;
}

}  // namespace mpc::oci
