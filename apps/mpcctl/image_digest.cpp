#include "mpcctl/image_digest.h"

#include <ranges>

#include <fmt/format.h>

#include "base/log.h"
#include "mpcctl/say.h"

namespace mpc::ctl {

namespace {

/// As many as Linux follows.
constexpr int most_links = 40;

/// Who asked for what, and got which file.
struct Found {
    std::string asked;
    oci::FileInventory file;

    [[nodiscard]] std::string path() const { return "/" + printable(file.entry.path); }
    [[nodiscard]] std::string hash() const { return oci::BlobDigest(file.content).text(); }
};

/// The parts of a path, in reverse order, as they will be taken from the end.
void push_parts(std::vector<std::string>& parts, std::string_view path)
{
    std::vector<std::string> all;
    for (auto const part : std::views::split(path, '/'))
        all.emplace_back(part.begin(), part.end());
    parts.insert(parts.end(), all.rbegin(), all.rend());
}

/// The entry at a path as the kernel walks it in a container, whose root ".." does not leave.
Result<oci::FileInventory> walk(oci::Files const& files, std::string_view path)
{
    std::vector<std::string> parts;
    push_parts(parts, path);
    auto at = files.find("");
    for (int links = 0; !parts.empty();) {
        auto const part = std::move(parts.back());
        parts.pop_back();
        if (part.empty() || part == ".")
            continue;
        auto const above = at->first;
        if (at->second.entry.type != oci::TarType::Directory)
            return Error(ErrorKind::Invalid, fmt::format("/{} is no directory", printable(above)));
        if (part == "..") {
            at = files.find(above.substr(0, above.find('/') == std::string::npos ? 0 : above.rfind('/')));
            continue;
        }
        auto const next = above.empty() ? part : above + "/" + part;
        at = files.find(next);
        if (at == files.end())
            return Error(ErrorKind::NotFound, fmt::format("/{} is not in the image", printable(next)));
        if (at->second.entry.type != oci::TarType::SymbolicLink)
            continue;
        if (++links > most_links)
            return Error(ErrorKind::Invalid, fmt::format("/{} is one link too many", printable(next)));
        auto const& target = at->second.entry.target;
        at = files.find(target.starts_with('/') ? "" : above);
        push_parts(parts, target);
    }
    return at->second;
}

json::Object as_json(oci::Inventory const& inventory, std::optional<Found> const& found)
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
    if (found)
        object.add_new("file",
            json::Object { { "asked", printable(found->asked) }, { "path", found->path() },
                { "size", found->file.entry.size }, { "sha256", to_hex(found->file.content) } });
    return object;
}

std::string as_text(oci::Inventory const& inventory, std::optional<Found> const& found)
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
    if (found)
        text +=
            fmt::format("file             {}  {}, {} bytes\n", found->hash(), found->path(), found->file.entry.size);
    if (found && printable(found->asked) != found->path())
        text += fmt::format("  asked for as   {}\n", printable(found->asked));
    return text
        + "\nThe manifest digest is what the contract's votes, the approved list and the compose file name, and what "
          "registries\nserve. The image ID does not depend on compression; seed-era (2025) configurations name it, and "
          "launchers accept both.\n";
}

}  // namespace

Result<oci::FileInventory> file_in(oci::Inventory const& inventory, std::string_view path)
{
    auto file = TRY(walk(inventory.files, path).in(printable(path)).remedy("give the path that a container sees"));
    auto const& entry = file.entry;
    if (entry.type != oci::TarType::File)
        return Error(ErrorKind::Invalid, fmt::format("/{} is a {}", printable(entry.path), oci::name_of(entry.type)))
            .remedy("give the path of a file");
    return file;
}

Result<ExitCode> run(ImageDigestOptions const& options, Interrupt const& interrupt)
{
    auto const image = TRY(open_named_image(options.image, options.access, interrupt));
    auto const inventory = TRY(oci::take_inventory(image).in(printable(options.image)));
    std::optional<Found> found;
    if (options.file) {
        auto const file = TRY(file_in(inventory, *options.file).in(printable(options.image)));
        found = Found { .asked = *options.file, .file = file };
    }
    say("{}", options.json ? json::write_pretty(as_json(inventory, found)) + "\n" : as_text(inventory, found));
    return ExitCode::Done;
}

}  // namespace mpc::ctl
