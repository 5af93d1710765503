#include "oci/base_image.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/log.h"

namespace mpc::oci {

namespace {

/// What the new layer and its image are for.
Result<void> check_platform(json::Object const& config)
{
    auto const os = TRY(config.require_text("os").in("config"));
    auto const architecture = TRY(config.require_text("architecture").in("config"));
    if (os != "linux" || architecture != "amd64")
        return Error(ErrorKind::Invalid,
            fmt::format("it is for {}/{}, and not for linux/amd64", printable(os, 40), printable(architecture, 40)))
            .remedy("give the digest of the image for linux/amd64");
    return ok;
}

/// Layers that go where their image goes. ("" is one in an archive of `docker save`.)
Result<void> check_type(std::string const& media_type)
{
    constexpr std::array<std::string_view, 7> known { "", "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd" };
    if (std::ranges::find(known, media_type) == known.end())
        return Error(ErrorKind::Invalid, "it is a " + printable(media_type, 100))
            .remedy("build on an image whose layers are all plain archives and its own");
    return ok;
}

}  // namespace

Result<BaseImage> BaseImage::read(StoredImage image)
{
    if (image.layers.size() >= most_layers)
        return Error(ErrorKind::Invalid, fmt::format("it has {} layers, and can have no more", image.layers.size()))
            .remedy("build on an image with fewer layers");
    for (std::size_t at = 0; at < image.layers.size(); ++at)
        TRY(check_type(image.layers[at].media_type).in(fmt::format("layer {}", at + 1)));
    auto inventory = TRY(take_inventory(image));
    TRY(check_platform(inventory.config));
    return BaseImage { std::move(image), std::move(inventory) };
}

}  // namespace mpc::oci
