#include "mpcctl/image_registry.h"

#include <fmt/format.h>

#include "mpcctl/exit_code.h"
#include "mpcctl/registry_login.h"
#include "net/registry_push.h"

namespace mpc::ctl {

namespace {

/// What a registry can make us put on disk.
constexpr std::uint64_t most_image_bytes = std::uint64_t { 32 } << 30;

Result<net::Registry> registry_of(RegistryPlace const& place, ImageAccess const& access, net::Access wanted,
    Interrupt const& interrupt)
{
    net::RegistrySettings settings { .access = wanted };
    settings.login = TRY(registry_login(access.docker_config, place.name.registry()));
    if (access.registry_ca)
        settings.tls = net::CaFile { *access.registry_ca };
    if (access.plain_http)
        settings.plain_http = net::PlainHttp::Everywhere;
    return net::Registry::of(place.name, std::move(settings), interrupt);
}

/// What is not there is an input that is wrong, and so is a disk that is full; the rest is the registry's doing.
template <typename T>
Result<T> judged(Result<T> result)
{
    if (!result.ok() && (result.error().kind() == ErrorKind::NotFound || result.error().kind() == ErrorKind::Io))
        return result;
    return from_other_side(std::move(result));
}

Result<oci::FileRange> file_with(std::string_view bytes)
{
    auto file = TRY(oci::TemporaryFile::create());
    TRY(file.write(as_bytes(bytes)));
    return file.finish();
}

/// Asks for each blob when it is needed. Manifests and indexes have an address of their own.
class RegistryBlobs {
public:
    RegistryBlobs(net::Registry& registry, net::ServedManifest const& top) : m_registry(registry), m_top(top) {}

    Result<oci::FileRange> operator()(oci::Descriptor const& descriptor)
    {
        if (descriptor.digest.bytes() == m_top.digest.bytes())
            return file_with(m_top.bytes);
        if (descriptor.is_manifest() || descriptor.is_index())
            return file_with(TRY(m_registry.manifest(image::ManifestDigest(descriptor.digest.bytes()))).bytes);
        if (descriptor.size > m_left)
            return Error(ErrorKind::Invalid,
                fmt::format("the image has more than {} GiB, which is not fetched", most_image_bytes >> 30));
        m_left -= descriptor.size;
        auto file = TRY(oci::TemporaryFile::create());
        TRY(m_registry.blob(descriptor.digest, descriptor.size,
            [&file](std::string_view piece) { return file.write(as_bytes(piece)); }));
        return file.finish();
    }

private:
    net::Registry& m_registry;
    net::ServedManifest const& m_top;
    std::uint64_t m_left = most_image_bytes;
};

oci::Descriptor descriptor_of(net::ServedManifest const& served)
{
    return { .media_type = served.media_type.substr(0, served.media_type.find_first_of("; ")),
        .digest = oci::BlobDigest(served.digest.bytes()),
        .size = served.bytes.size() };
}

Result<oci::StoredImage> fetch_from(net::Registry& registry, RegistryPlace const& place)
{
    auto const top = TRY(place.digest ? registry.manifest(*place.digest) : registry.tagged(*place.name.tag()));
    return oci::open_image(descriptor_of(top), RegistryBlobs(registry, top));
}

/// The bytes of a piece of a file, for as often as they are wanted.
net::StartBody body_of(oci::FileRange const& file)
{
    return [&file]() -> net::Fill {
        return [&file, at = std::uint64_t { 0 }](std::span<char> into) mutable -> Result<std::size_t> {
            auto const count = TRY(file.read_at(at, { reinterpret_cast<std::uint8_t*>(into.data()), into.size() }));
            at += count;
            return count;
        };
    };
}

Result<void> push_to(net::Registry& registry, oci::StoredImage const& image, std::optional<std::string> const& tag,
    Interrupt const& interrupt)
{
    for (auto const& layer : image.layers)
        TRY(net::push_blob(registry, net::BlobDigest(layer.digest->bytes()), layer.blob.size(), body_of(layer.blob),
            interrupt));
    auto const config = TRY(file_with(image.config));
    TRY(net::push_blob(registry, net::BlobDigest(image.id().bytes()), config.size(), body_of(config), interrupt));
    return net::push_manifest(registry, *image.manifest, std::string(oci::media::manifest), tag, interrupt);
}

}  // namespace

Result<oci::StoredImage> fetch_image(RegistryPlace const& place, ImageAccess const& access, Interrupt const& interrupt)
{
    auto registry = TRY(registry_of(place, access, net::Access::Pull, interrupt));
    return judged(fetch_from(registry, place)).remedy("check the image's name and the registry");
}

Result<void> push_image(oci::StoredImage const& image, RegistryPlace const& place, ImageAccess const& access,
    Interrupt const& interrupt)
{
    auto registry = TRY(registry_of(place, access, net::Access::PullAndPush, interrupt));
    return judged(push_to(registry, image, place.name.tag(), interrupt))
        .in("pushing to " + place.name.repository())
        .remedy("check the repository's name and the registry; what was pushed already is not sent again");
}

}  // namespace mpc::ctl
