#include "oci/inventory.h"

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

using Files = std::map<std::string, FileInventory>;

constexpr std::string_view whiteout = ".wh.";
constexpr std::string_view opaque = ".wh..wh..opq";

std::pair<std::string_view, std::string_view> parent_and_name(std::string_view path)
{
    auto const slash = path.rfind('/');
    if (slash == std::string_view::npos)
        return { "", path };
    return { path.substr(0, slash), path.substr(slash + 1) };
}

void remove_below(Files& files, std::string const& directory)
{
    if (directory.empty())
        return files.clear();
    auto const prefix = directory + "/";
    auto at = files.lower_bound(prefix);
    while (at != files.end() && at->first.starts_with(prefix))
        at = files.erase(at);
}

/// The first thing above the path that is no directory in these files.
TarEntry const* obstacle(Files const& files, std::string const& path)
{
    for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        auto const above = files.find(path.substr(0, slash));
        if (above != files.end() && above->second.entry.type != TarType::Directory)
            return &above->second.entry;
    }
    return nullptr;
}

Result<Files> files_of_layer(TarReader& reader, std::size_t number)
{
    Files files;
    Bytes buffer(copy_bytes);
    while (auto entry = TRY(reader.next())) {
        FileInventory file { .entry = *entry, .layer = number };
        if (entry->type == TarType::CharacterDevice || entry->type == TarType::BlockDevice)
            return Error(ErrorKind::Invalid, fmt::format("/{} is a device", printable(entry->path)));
        Hasher hasher;
        while (auto const count = TRY(reader.read(buffer)))
            hasher.update(ByteView(buffer).first(count));
        if (entry->type == TarType::File)
            file.content = hasher.digest();
        if (!files.emplace(entry->path, std::move(file)).second)
            return Error(ErrorKind::Invalid, fmt::format("/{} is in the layer twice", printable(entry->path)));
    }
    for (auto const& [path, file] : files)
        if (auto const* const above = obstacle(files, path))
            return Error(ErrorKind::Invalid,
                fmt::format("/{} lies below /{}, a {}", printable(path), printable(above->path), name_of(above->type)));
    return files;
}

void apply_whiteouts(Files const& layer, Files& files)
{
    for (auto const& [path, file] : layer) {
        auto const [parent, name] = parent_and_name(path);
        if (name == opaque) {
            remove_below(files, std::string(parent));
        } else if (name.starts_with(whiteout)) {
            auto const hidden =
                (parent.empty() ? "" : std::string(parent) + "/") + std::string(name.substr(whiteout.size()));
            files.erase(hidden);
            remove_below(files, hidden);
        }
    }
}

Result<void> resolve_hard_link(Files const& files, FileInventory& link)
{
    auto const found = files.find(link.entry.target);
    // A link of a layer below has been resolved; one of the same layer may not be yet.
    auto const is_file = found != files.end()
        && (found->second.entry.type == TarType::File
            || (found->second.entry.type == TarType::HardLink && found->second.layer < link.layer));
    if (!is_file)
        return Error(ErrorKind::Invalid, fmt::format("/{} is a hard link to no file", printable(link.entry.path)));
    link.content = found->second.content;
    link.entry.size = found->second.entry.size;
    return ok;
}

/// Lays a layer over the files below it.
Result<void> apply(Files layer, Files& files)
{
    apply_whiteouts(layer, files);
    for (auto& [path, file] : layer) {
        if (parent_and_name(path).second.starts_with(whiteout))
            continue;
        // An engine makes the directories that are missing, over whatever was there.
        while (auto const* const above = obstacle(files, path))
            files.erase(std::string(above->path));
        if (file.entry.type != TarType::Directory)
            remove_below(files, path);
        files.insert_or_assign(path, file);
    }
    // An archive may have a link before the file, by its path.
    for (auto& [path, file] : layer)
        if (file.entry.type == TarType::HardLink)
            TRY(resolve_hard_link(files, files.at(path)));
    return ok;
}

Result<Compression> sniff(FileRange const& blob)
{
    Bytes first(4);
    first.resize(TRY(blob.read_at(0, first)));
    return compression_of(first);
}

struct ReadLayer {
    LayerInventory figures;
    Files files;
};

Result<ReadLayer> read_layer(StoredLayer const& stored, std::size_t number, TarLimits const& limits)
{
    auto const source = stored.blob.source();
    HashingSource blob(*source);
    auto const compression = TRY(sniff(stored.blob));
    auto const unpacked = make_decompressor(compression, blob);
    HashingSource tar(*unpacked);
    TarReader reader(tar, limits);
    auto files = TRY(files_of_layer(reader, number));
    LayerInventory const figures { .digest = LayerDigest(blob.hasher().digest()),
        .diff_id = DiffId(tar.hasher().digest()),
        .size = blob.hasher().size(),
        .tar_size = tar.hasher().size(),
        .compression = compression };
    if (stored.digest && *stored.digest != figures.digest)
        return Error(ErrorKind::Mismatch,
            fmt::format("its digest is {}, and not {}", figures.digest.text(), stored.digest->text()));
    if (stored.diff_id != figures.diff_id)
        return Error(ErrorKind::Mismatch,
            fmt::format("its diff id is {}, and not {}", figures.diff_id.text(), stored.diff_id.text()));
    return ReadLayer { figures, std::move(files) };
}

}  // namespace

Result<Inventory> take_inventory(StoredImage const& image, TarLimits limits)
{
    Inventory inventory { .manifest = image.manifest_digest(), .index = image.index, .id = image.id() };
    inventory.config = TRY(json::read_object(image.config).in("config").remedy(damaged_remedy));
    for (auto const& stored : image.layers) {
        auto const number = inventory.layers.size() + 1;
        auto const where = fmt::format("layer {}", number);
        auto layer = TRY(read_layer(stored, number, limits).in(where).remedy(damaged_remedy));
        inventory.layers.push_back(layer.figures);
        TRY(apply(std::move(layer.files), inventory.files).in(where).remedy(damaged_remedy));
    }
    return inventory;
}

}  // namespace mpc::oci
