#include <algorithm>

#include <sys/mman.h>

#include "fuzz/targets.h"
#include "mpcctl/image_place.h"
#include "oci/comparison.h"
#include "oci/inventory.h"

namespace mpc::fuzz {

namespace {

using Seeds = std::vector<std::string>;

class TextSource final : public oci::Source {
public:
    TextSource(ByteView bytes, std::size_t most_at_once) : m_left(bytes), m_most(most_at_once) {}
    Result<std::size_t> read(std::span<std::uint8_t> into) override
    {
        auto const count = std::min({ into.size(), m_left.size(), m_most });
        std::ranges::copy(m_left.first(count), into.begin());
        m_left = m_left.subspan(count);
        return count;
    }

private:
    ByteView m_left;
    std::size_t m_most;
};

/// Without a disk.
oci::FileRange file_with(ByteView bytes)
{
    Fd file(memfd_create("fuzz", MFD_CLOEXEC));
    require(write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return oci::FileRange::of(std::move(file), "memory").value();
}

bool is_clean(std::string const& path)
{
    return !path.empty() && path.front() != '/' && path.back() != '/' && path.find('\0') == std::string::npos
        && ("/" + path + "/").find("/../") == std::string::npos;
}

/// Every path stays in the tree, no content is longer than the archive, and what is read is written as the same.
void tar(ByteView bytes)
{
    TextSource source(bytes, 700);
    oci::TarReader reader(source, { .bytes = 4 << 20, .entries = 1000 });
    oci::BytesSink again;
    oci::TarWriter writer(again);
    std::vector<oci::TarEntry> entries;
    Bytes buffer(4096);
    bool is_writable = true;
    for (;;) {
        auto const entry = reader.next();
        if (!entry.ok())
            return;
        if (!*entry)
            break;
        auto const is_root = (*entry)->path.empty() && (*entry)->type == oci::TarType::Directory;
        require((is_root || is_clean((*entry)->path)) && (*entry)->size <= bytes.size());
        entries.push_back(**entry);
        is_writable = is_writable && writer.add(**entry).ok();
        for (;;) {
            auto const count = reader.read(buffer);
            if (!count.ok())
                return;
            if (*count == 0)
                break;
            is_writable = is_writable && writer.content(ByteView(buffer).first(*count)).ok();
        }
    }
    if (!is_writable || !writer.finish().ok())
        return;
    TextSource written(again.bytes(), again.bytes().size());
    oci::TarReader second(written);
    for (auto const& expected : entries) {
        auto const entry = second.next();
        require(entry.ok() && *entry && **entry == expected);
    }
}

/// The bytes do not depend on the pieces in which they come and go. (Of damage they may: libzstd looks closer at a
/// frame that it sees at once.)
void compressed(ByteView bytes)
{
    constexpr std::size_t most = 1 << 20;
    auto const unpack = [&](std::size_t in, std::size_t out) -> std::optional<Bytes> {
        TextSource source(bytes, in);
        auto const unpacked = oci::make_decompressor(oci::compression_of(bytes), source);
        Bytes all;
        Bytes buffer(out);
        while (all.size() < most) {
            auto const count = unpacked->read(buffer);
            if (!count.ok())
                return std::nullopt;
            if (*count == 0)
                return all;
            all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
        }
        return std::nullopt;
    };
    auto const at_once = unpack(bytes.size() + 1, 65536);
    auto const in_pieces = unpack(7, 4093);
    require(!at_once || !in_pieces || at_once == in_pieces);
}

/// A layer as it is: what is accepted is one tree without contradictions, and equal to itself.
void layer(ByteView bytes)
{
    oci::StoredImage image { .config = "{}" };
    TextSource source(bytes, bytes.size() + 1);
    oci::HashingSource unpacked(source);
    require(oci::drain(unpacked).ok());
    image.layers.push_back({ .diff_id = oci::DiffId(unpacked.hasher().digest()), .blob = file_with(bytes) });
    auto const inventory = oci::take_inventory(image, { .bytes = 4 << 20, .entries = 1000 });
    if (!inventory.ok())
        return;
    for (auto const& [path, file] : inventory->files) {
        require(path.empty() || is_clean(path));
        auto const slash = path.rfind('/');
        auto const above = inventory->files.find(slash == std::string::npos ? "" : path.substr(0, slash));
        require(above != inventory->files.end() && above->second.entry.type == oci::TarType::Directory);
        require(file.entry.type != oci::TarType::HardLink);
    }
    require(oci::compare(*inventory, *inventory).likeness == oci::Likeness::Equal);
}

void image_archive(ByteView bytes)
{
    auto const image = oci::open_docker_archive(file_with(bytes));
    if (image.ok())
        require(image->layers.size() <= oci::most_layers && !image->manifest);
}

void image_json(ByteView bytes)
{
    auto const text = as_text(bytes);
    static_cast<void>(oci::choose_image(text));
    if (auto const manifest = oci::parse_manifest(text); manifest.ok())
        require(manifest->layers.size() <= oci::most_layers);
    if (auto const ids = oci::parse_diff_ids(text); ids.ok())
        require(ids->size() <= oci::most_layers);
    static_cast<void>(oci::parse_saved_images(text));
}

void image_place(ByteView bytes)
{
    auto const place = ctl::parse_image_place(as_text(bytes));
    if (!place.ok()) {
        require(!place.error().remedy().empty());
        return;
    }
    // It becomes a part of an address.
    if (auto const* const engine = std::get_if<ctl::EnginePlace>(&*place))
        require(std::ranges::all_of(engine->reference, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                || std::string_view("._-/:@").contains(c);
        }));
}

std::string layer_seed()
{
    oci::BytesSink sink;
    oci::TarWriter writer(sink);
    auto const put = [&](oci::TarEntry const& entry, std::string_view content) {
        require(writer.add(entry).ok() && writer.content(as_bytes(content)).ok());
    };
    put({ .path = "a", .type = oci::TarType::Directory, .mode = 0755 }, "");
    put({ .path = "a/b", .size = 3 }, "abc");
    put({ .path = "a/c", .type = oci::TarType::HardLink, .target = "a/b" }, "");
    put({ .path = std::string(150, 'n'), .type = oci::TarType::SymbolicLink, .target = std::string(120, 't') }, "");
    put({ .path = "a/.wh.d", .uid = 1 << 24, .xattrs = { { "security.capability", "x" } } }, "");
    require(writer.finish().ok());
    return std::string(as_text(sink.bytes()));
}

std::string packed(oci::Compression compression, std::string const& text)
{
    oci::BytesSink sink;
    auto const compressor = oci::make_compressor(compression, 1, sink);
    require(compressor->write(as_bytes(text)).ok() && compressor->finish().ok());
    return std::string(as_text(sink.bytes()));
}

Seeds tar_seeds() { return { layer_seed() }; }
Seeds compressed_seeds()
{
    auto const gzip = packed(oci::Compression::Gzip, "some text, some text");
    auto const zstd = packed(oci::Compression::Zstd, "some text, some text");
    return { gzip, gzip + gzip, zstd, zstd + zstd };
}
Seeds layer_seeds()
{
    return { layer_seed(), packed(oci::Compression::Gzip, layer_seed()), packed(oci::Compression::Zstd, layer_seed()) };
}

std::string digest_text(char c) { return "sha256:" + std::string(64, c); }

Seeds json_seeds()
{
    auto const descriptor = [](std::string_view type, char c) {
        return R"({"digest":")" + digest_text(c) + R"(","mediaType":")" + std::string(type) + R"(","size":5})";
    };
    return { R"({"config":)" + descriptor(oci::media::config, 'a') + R"(,"layers":[)" + descriptor("x", 'b') + "]}",
        R"({"manifests":[{"digest":")" + digest_text('c') + R"(","mediaType":")" + std::string(oci::media::manifest)
            + R"(","size":9,"platform":{"architecture":"amd64","os":"linux"}},)" + descriptor(oci::media::index, 'd')
            + "]}",
        R"({"rootfs":{"diff_ids":[")" + digest_text('e') + R"("]}})",
        R"([{"Config":"c.json","Layers":["l.tar"],"RepoTags":["a:1"]}])" };
}

Seeds archive_seeds()
{
    auto const config = R"({"rootfs":{"diff_ids":[")" + digest_text('e') + R"("]}})";
    oci::BytesSink sink;
    oci::TarWriter writer(sink);
    for (auto const& [path, content] : { std::pair("c.json", config), std::pair("l.tar", std::string("layer")),
             std::pair("manifest.json", json_seeds().back()) })
        require(writer.add({ .path = path, .size = content.size() }).ok() && writer.content(as_bytes(content)).ok());
    require(writer.finish().ok());
    return { std::string(as_text(sink.bytes())) };
}

Seeds place_seeds()
{
    return { "oci:/a/b/@" + digest_text('a'), "docker-archive:x.tar",
        "registry:127.0.0.1:5000/a/b:1@" + digest_text('b'), "engine:" + digest_text('c'), "engine:near/mpc:1" };
}

constexpr Target all_targets[] = {
    { "tar", tar, tar_seeds },
    { "compressed", compressed, compressed_seeds },
    { "layer", layer, layer_seeds },
    { "image_archive", image_archive, archive_seeds },
    { "image_json", image_json, json_seeds },
    { "image_place", image_place, place_seeds },
};

}  // namespace

std::span<Target const> image_targets() { return all_targets; }

}  // namespace mpc::fuzz
