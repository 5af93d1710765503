#include "oci/build.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/log.h"
#include "oci/image_config.h"
#include "oci/stage.h"

namespace mpc::oci {

namespace {

namespace fs = std::filesystem;

/// A layout being written.
class Layout {
public:
    static Result<Layout> in(fs::path const& directory)
    {
        for (auto const& part : { directory, directory / "blobs", directory / "blobs/sha256" })
            if ((mkdir(part.c_str(), 0755) != 0) || chmod(part.c_str(), 0755) != 0)
                return Error(ErrorKind::Io, fmt::format("cannot make {}: {}", part.string(), errno_text()));
        return Layout(directory);
    }
    [[nodiscard]] fs::path blob(Sha256 const& digest) const { return m_directory / "blobs/sha256" / to_hex(digest); }

    Result<void> add_text(fs::path const& name, std::string_view text) const
    {
        auto file = TRY(FileSink::create(m_directory / name));
        TRY(file.write(as_bytes(text)));
        return file.finish();
    }
    Result<void> add_blob(std::string_view text) const
    {
        return add_text(fs::path("blobs/sha256") / to_hex(sha256({ as_bytes(text) })), text);
    }

    Result<LayerFigures> add_layer(Tree const& tree, LayerOptions const& options, Interrupt const& interrupt) const
    {
        auto const unnamed = m_directory / "layer";
        auto file = TRY(FileSink::create(unnamed));
        auto const figures = TRY(write_layer(tree, options, file, interrupt));
        TRY(file.finish());
        return move_blob(unnamed, figures.digest, figures);
    }

    /// Byte for byte, and still what it was when the base was read.
    Result<LayerFigures> copy_layer(FileRange const& from, LayerInventory const& known) const
    {
        auto const unnamed = m_directory / "layer";
        auto file = TRY(FileSink::create(unnamed));
        HashingSink blob(file);
        TRY(blob.write_file(from));
        TRY(file.finish());
        if (LayerDigest(blob.hasher().digest()) != known.digest)
            return Error(ErrorKind::Mismatch, "a layer changed while the image was built")
                .remedy("build again when nothing writes to the base");
        LayerFigures const figures { .digest = known.digest.bytes(),
            .diff_id = known.diff_id.bytes(),
            .size = known.size,
            .tar_size = known.tar_size,
            .compression = known.compression };
        return move_blob(unnamed, figures.digest, figures);
    }

private:
    explicit Layout(fs::path directory) : m_directory(std::move(directory)) {}

    Result<LayerFigures> move_blob(fs::path const& unnamed, Sha256 const& digest, LayerFigures const& figures) const
    {
        std::error_code error;
        fs::rename(unnamed, blob(digest), error);
        if (error)
            return Error(ErrorKind::Io, "cannot name a layer: " + error.message());
        return figures;
    }

    fs::path m_directory;
};

std::string index_text(std::string_view manifest, std::optional<image::Reference> const& name)
{
    json::Object descriptor { { "digest", BlobDigest(sha256({ as_bytes(manifest) })).text() },
        { "mediaType", media::manifest }, { "size", manifest.size() },
        { "platform", json::Object { { "architecture", "amd64" }, { "os", "linux" } } } };
    if (name)
        descriptor.add_new("annotations",
            json::Object { { "io.containerd.image.name", name->repository() + ":" + name->tag().value_or("latest") },
                { "org.opencontainers.image.ref.name", name->tag().value_or("latest") } });
    return json::write_canonical(json::Object { { "schemaVersion", 2 }, { "mediaType", media::index },
        { "manifests", json::Array { json::Value(std::move(descriptor)) } } });
}

/// What `docker load` goes by.
std::string docker_text(BuiltImage const& built, std::optional<image::Reference> const& name)
{
    auto const file_of = [](std::string const& hex) { return "blobs/sha256/" + hex; };
    json::Array layers;
    for (auto const& layer : built.layers)
        layers.emplace_back(file_of(to_hex(layer.digest)));
    json::Array tags;
    if (name)
        tags.emplace_back(name->repository() + ":" + name->tag().value_or("latest"));
    json::Object image { { "Config", file_of(built.id.hex()) }, { "Layers", std::move(layers) },
        { "RepoTags", std::move(tags) } };
    return json::write_canonical(json::Array { json::Value(std::move(image)) });
}

Result<BuiltImage> write_layout(BuildRequest const& request, ImageForm form, fs::path const& directory,
    Interrupt const& interrupt)
{
    auto const layout = TRY(Layout::in(directory));
    std::vector<LayerFigures> layers;
    if (request.base)
        for (auto const& known : request.base->inventory.layers) {
            auto const& from = request.base->image.layers[layers.size()].blob;
            layers.push_back(TRY(layout.copy_layer(from.ending_on(interrupt), known).in("base")));
        }
    layers.push_back(TRY(layout.add_layer(request.tree, request.layer, interrupt)));
    auto const config = TRY(config_text(request, layers.back().diff_id));
    auto const manifest = manifest_text(config, layers, request.layer.compression);
    if (std::max(config.size(), manifest.size()) > most_image_json_bytes)
        return Error(ErrorKind::Invalid,
            fmt::format("the image's config or manifest would have more than {} bytes", most_image_json_bytes))
            .remedy("give it fewer or shorter labels and variables");
    BuiltImage built { .manifest = image::ManifestDigest(sha256({ as_bytes(manifest) })),
        .id = image::ImageId(sha256({ as_bytes(config) })),
        .layers = std::move(layers) };
    TRY(layout.add_blob(config));
    TRY(layout.add_blob(manifest));
    TRY(layout.add_text("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    TRY(layout.add_text("index.json", index_text(manifest, request.name)));
    if (form == ImageForm::DockerArchive)
        TRY(layout.add_text("manifest.json", docker_text(built, request.name)));
    return built;
}

/// The layout as an archive, which is no more of this host than a layer is. Nothing is hashed again: it is ours alone.
Result<void> write_archive(fs::path const& layout, fs::path const& path, Interrupt const& interrupt)
{
    Tree tree;
    TRY(tree.add_root(layout, {}, interrupt));
    auto file = TRY(FileSink::create(path));
    TarWriter writer(file);
    for (auto const& [name, found] : tree.entries()) {
        TRY(writer.add(found.entry));
        if (found.entry.type == TarType::File)
            TRY(writer.content(TRY(FileRange::open(found.source)).ending_on(interrupt)));
    }
    TRY(writer.finish());
    return file.finish();
}

Result<void> check_outcome(ImageForm form, fs::path const& path)
{
    std::error_code error;
    auto const status = fs::symlink_status(path, error);
    if (!fs::exists(status))
        return ok;
    if (form == ImageForm::Layout && !(fs::is_directory(status) && fs::is_empty(path, error)))
        return Error(ErrorKind::Invalid, path.string() + " is there already").remedy("remove it, or give another path");
    if (form != ImageForm::Layout && !fs::is_regular_file(status))
        return Error(ErrorKind::Invalid, path.string() + " is not a regular file").remedy("give another path");
    return ok;
}

}  // namespace

Result<BuiltImage> build_image(BuildRequest request, ImageForm form, fs::path const& path, Interrupt const& interrupt)
{
    if (form == ImageForm::DockerArchive && request.layer.compression == Compression::Zstd)
        return Error(ErrorKind::Invalid, "`docker load` of the engine 20.10 does not know zstd")
            .remedy("compress with gzip or not at all");
    TRY(check_outcome(form, path));
    if (request.base)
        TRY(request.tree.stack_on(request.base->inventory));
    auto const stage = TRY(Stage::in(path.has_parent_path() ? path.parent_path() : fs::path("."))
            .remedy("give a path in a directory that exists and can be written to"));
    auto const layout = stage.path() / "layout";
    auto const built = TRY(write_layout(request, form, layout, interrupt));
    auto outcome = layout;
    if (form != ImageForm::Layout) {
        outcome = stage.path() / "archive";
        TRY(write_archive(layout, outcome, interrupt));
    }
    std::error_code error;
    fs::rename(outcome, path, error);
    if (error)
        return Error(ErrorKind::Io, fmt::format("cannot put the image at {}: {}", path.string(), error.message()));
    return built;
}

}  // namespace mpc::oci
