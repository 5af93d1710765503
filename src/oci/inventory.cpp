#include "oci/inventory.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpc::oci {

namespace {

/// All that an entry says, with lengths, so that no two entries give one text.
Sha256 digest_of(TarEntry const& entry, Sha256 const& content)
{
    auto text = fmt::format("{} {:o} {} {} {} {} {}:{}", name_of(entry.type), entry.mode, entry.uid, entry.gid,
        entry.mtime, entry.size, entry.device_major, entry.device_minor);
    auto const append = [&text](std::string_view part) { text += fmt::format(" {}:{}", part.size(), part); };
    append(entry.path);
    append(entry.target);
    for (auto const& [name, value] : entry.xattrs) {
        append(name);
        append(value);
    }
    return sha256({ as_bytes(text), ByteView(content) });
}

/// Puts the entries of a layer over what is below, and tells of them what the comparison wants to know.
Result<void> read_entries(TarReader& reader, Overlay& overlay, LayerInventory& figures)
{
    Bytes buffer(copy_bytes);
    Hasher in_order;
    std::vector<Sha256> all;
    overlay.begin_layer();
    while (auto entry = TRY(reader.next())) {
        Hasher hasher;
        while (auto const count = TRY(reader.read(buffer)))
            hasher.update(ByteView(buffer).first(count));
        auto const content = entry->type == TarType::File ? hasher.digest() : Sha256 {};
        all.push_back(digest_of(*entry, content));
        in_order.update(all.back());
        TRY(overlay.add(std::move(*entry), content));
    }
    TRY(overlay.end_layer());
    std::ranges::sort(all);
    Hasher sorted;
    for (auto const& one : all)
        sorted.update(one);
    figures.forms = reader.forms();
    figures.entries_in_order = in_order.digest();
    figures.entries_sorted = sorted.digest();
    return ok;
}

Result<Compression> sniff(FileRange const& blob)
{
    Bytes first(4);
    first.resize(TRY(blob.read_at(0, first)));
    return compression_of(first);
}

Result<LayerInventory> read_layer(StoredLayer const& stored, TarLimits const& limits, TarUse& use, Overlay& overlay)
{
    auto const source = stored.blob.source();
    HashingSource blob(*source);
    auto const compression = TRY(sniff(stored.blob));
    auto const unpacked = make_decompressor(compression, blob);
    HashingSource tar(*unpacked);
    TarReader reader(tar, limits, use);
    LayerInventory figures { .digest = LayerDigest(Sha256 {}), .diff_id = DiffId(Sha256 {}) };
    TRY(read_entries(reader, overlay, figures));
    figures.digest = LayerDigest(blob.hasher().digest());
    figures.diff_id = DiffId(tar.hasher().digest());
    figures.size = blob.hasher().size();
    figures.tar_size = tar.hasher().size();
    figures.compression = compression;
    if (stored.digest && *stored.digest != figures.digest)
        return Error(ErrorKind::Mismatch,
            fmt::format("its digest is {}, and not {}", figures.digest.text(), stored.digest->text()));
    if (stored.diff_id != figures.diff_id)
        return Error(ErrorKind::Mismatch,
            fmt::format("its diff id is {}, and not {}", figures.diff_id.text(), stored.diff_id.text()));
    return figures;
}

}  // namespace

Result<Inventory> take_inventory(StoredImage const& image, TarLimits limits)
{
    Inventory inventory { .manifest = image.manifest_digest(), .index = image.index, .id = image.id() };
    inventory.config = TRY(json::read_object(image.config).in("config").remedy(damaged_remedy));
    if (image.manifest)
        inventory.manifest_members = TRY(json::read_object(*image.manifest).in("manifest").remedy(damaged_remedy));
    TarUse use;
    Overlay overlay(limits, use);
    for (auto const& stored : image.layers) {
        auto const where = fmt::format("layer {}", inventory.layers.size() + 1);
        inventory.layers.push_back(TRY(read_layer(stored, limits, use, overlay).in(where).remedy(damaged_remedy)));
    }
    inventory.files = overlay.take();
    return inventory;
}

}  // namespace mpc::oci
