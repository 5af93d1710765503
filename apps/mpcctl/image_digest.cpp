#include "mpcctl/image_digest.h"

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::ctl {

namespace {

std::string hash_text(oci::FileInventory const& file) { return oci::BlobDigest(file.content).text(); }

json::Object as_json(oci::Inventory const& inventory, std::optional<oci::FileInventory> const& file)
{
    json::Object object;
    object.add_new("manifest_digest", inventory.manifest ? json::Value(inventory.manifest->text()) : json::Value());
    object.add_new("index_digest", inventory.index ? json::Value(inventory.index->text()) : json::Value());
    object.add_new("image_id", inventory.id.text());
    json::Array layers;
    for (auto const& layer : inventory.layers)
        layers.emplace_back(json::Object { { "digest", layer.digest.text() }, { "diff_id", layer.diff_id.text() },
            { "size", layer.size }, { "unpacked_size", layer.tar_size },
            { "compression", oci::name_of(layer.compression) } });
    object.add_new("layers", std::move(layers));
    if (file)
        object.add_new("file",
            json::Object { { "path", "/" + printable(file->entry.path) }, { "size", file->entry.size },
                { "sha256", to_hex(file->content) } });
    return object;
}

std::string as_text(oci::Inventory const& inventory, std::optional<oci::FileInventory> const& file)
{
    auto const manifest =
        inventory.manifest ? inventory.manifest->text() : "none: a registry makes one when it is pushed";
    auto text = fmt::format("manifest digest  {}\n", manifest);
    if (inventory.index)
        text += fmt::format("index digest     {}\n", inventory.index->text());
    text += fmt::format("image ID         {}\n", inventory.id.text());
    for (std::size_t at = 0; at < inventory.layers.size(); ++at) {
        auto const& layer = inventory.layers[at];
        text += fmt::format("layer {:<10} {}  {}, {} bytes\n  diff id        {}\n", at + 1, layer.digest.text(),
            oci::name_of(layer.compression), layer.size, layer.diff_id.text());
    }
    if (file)
        text += fmt::format("file             {}  /{}, {} bytes\n", hash_text(*file), printable(file->entry.path),
            file->entry.size);
    return text
        + "\nThe manifest digest is what the contract's votes, the approved list and the compose file name, and what "
          "registries\nserve. The image ID does not depend on compression; seed-era (2025) configurations name it, and "
          "launchers accept both.\n";
}

}  // namespace

Result<oci::FileInventory> file_in(oci::Inventory const& inventory, std::string_view path)
{
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    auto const name = TRY(oci::clean_path(path));
    auto const found = inventory.files.find(name);
    if (found == inventory.files.end())
        return Error(ErrorKind::NotFound, fmt::format("/{} is not in the image", printable(name)))
            .remedy("give the path that a container sees");
    auto const& entry = found->second.entry;
    if (entry.type == oci::TarType::SymbolicLink)
        return Error(ErrorKind::Invalid,
            fmt::format("/{} is a symbolic link to {}", printable(name), printable(entry.target)))
            .remedy("give the path of the file itself");
    if (entry.type != oci::TarType::File && entry.type != oci::TarType::HardLink)
        return Error(ErrorKind::Invalid, fmt::format("/{} is a {}", printable(name), oci::name_of(entry.type)))
            .remedy("give the path of a file");
    return found->second;
}

Result<ExitCode> run(ImageDigestOptions const& options, Interrupt const& interrupt)
{
    auto const place = TRY(parse_image_place(options.image));
    auto const image = TRY(open_image(place, options.access, interrupt));
    auto const inventory = TRY(oci::take_inventory(image).in(printable(options.image)));
    std::optional<oci::FileInventory> file;
    if (options.file)
        file = TRY(file_in(inventory, *options.file));
    fmt::print("{}", options.json ? json::write_pretty(as_json(inventory, file)) + "\n" : as_text(inventory, file));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
