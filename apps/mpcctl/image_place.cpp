#include "mpcctl/image_place.h"

#include "base/log.h"
#include "http/client.h"
#include "mpcctl/exit_code.h"
#include "mpcctl/image_registry.h"

namespace mpc::ctl {

namespace {

constexpr char const* forms = "write oci:DIR, oci-archive:FILE, docker-archive:FILE, registry:NAME:TAG or "
                              "registry:NAME@sha256:..., or engine:NAME:TAG";

/// What the engine, which is asked for one image, can make us put on disk.
constexpr std::uint64_t most_saved_bytes = std::uint64_t { 64 } << 30;
constexpr auto longest_save = std::chrono::hours(1);
/// An engine gathers the whole image before it sends the first byte.
constexpr auto longest_silence = std::chrono::minutes(10);

template <typename T>
Result<T> as_usage(Result<T> result)
{
    return std::move(result).exit_as(mpc::ExitCode::Usage).remedy(forms);
}

struct NameAndDigest {
    image::Reference name;
    std::optional<image::ManifestDigest> digest;
};

Result<NameAndDigest> name_and_digest(std::string_view text)
{
    std::optional<image::ManifestDigest> digest;
    auto const at = text.find('@');
    if (at != std::string_view::npos)
        digest = TRY(image::ManifestDigest::parse(text.substr(at + 1)));
    auto name = TRY(image::Reference::parse(text.substr(0, at)));
    return NameAndDigest { std::move(name), digest };
}

Result<EnginePlace> engine_place(std::string_view text)
{
    if (!text.starts_with("sha256:"))
        TRY(name_and_digest(text));
    else
        TRY(image::ImageId::parse(text));
    return EnginePlace { std::string(text) };
}

/// GET /images/{name}/get, what `docker save` writes. Without a version every engine answers as it knows best.
Result<oci::FileRange> saved_by_engine(EnginePlace const& place, ImageAccess const& access, Interrupt const& interrupt)
{
    auto file = TRY(oci::TemporaryFile::create());
    std::uint64_t left = most_saved_bytes;
    auto const take = [&](std::string_view piece) -> Result<void> {
        if (piece.size() > left)
            return Error(ErrorKind::Invalid, "the image is too large");
        left -= piece.size();
        return file.write(as_bytes(piece));
    };
    http::Client const client(access.engine, interrupt);
    // A name has no character that an address could not have.
    auto const answer = TRY(
        from_other_side(client.stream({ .target = "/images/" + place.reference + "/get" }, take,
                            { .deadline = longest_save, .silence = longest_silence, .body = std::size_t { 64 } << 10 }))
            .remedy("check that the engine runs and that --engine names its socket"));
    if (answer.status == 404)
        return Error(ErrorKind::NotFound, "the engine has no such image").remedy("docker image ls says which it has");
    if (answer.status != 200)
        return from_other_side(Result<oci::FileRange>(Error(ErrorKind::Refused,
            "the engine answered with status " + std::to_string(answer.status))
                .remedy("look into the engine's log")));
    return file.finish();
}

struct Opener {
    ImageAccess const& access;
    Interrupt const& interrupt;

    Result<oci::StoredImage> operator()(oci::Place const& place) const { return oci::open_image(place); }
    Result<oci::StoredImage> operator()(RegistryPlace const& place) const
    {
        if (!place.digest && !place.name.tag())
            return Error(ErrorKind::Invalid, "the image has neither a tag nor a digest")
                .exit_as(mpc::ExitCode::Usage)
                .remedy("append :TAG, or @sha256: and the digest of its manifest");
        return fetch_image(place, access, interrupt);
    }
    Result<oci::StoredImage> operator()(EnginePlace const& place) const
    {
        auto const archive = TRY(saved_by_engine(place, access, interrupt));
        return oci::open_docker_archive(archive.ending_on(interrupt));
    }
};

struct Name {
    std::string operator()(oci::Place const& place) const { return printable(place.path.string()); }
    std::string operator()(RegistryPlace const& place) const { return place.name.repository(); }
    std::string operator()(EnginePlace const& place) const { return place.reference; }
};

Result<oci::StoredImage> opened(ImagePlace const& place, ImageAccess const& access, Interrupt const& interrupt)
{
    auto image = TRY(std::visit(Opener { access, interrupt }, place));
    for (auto& layer : image.layers)
        layer.blob = layer.blob.ending_on(interrupt);
    return image;
}

}  // namespace

Result<ImagePlace> parse_image_place(std::string_view text)
{
    auto const form = text.substr(0, text.find(':'));
    auto const rest = text.substr(std::min(form.size() + 1, text.size()));
    if (form == "registry") {
        auto parsed = TRY(as_usage(name_and_digest(rest)));
        return ImagePlace(RegistryPlace { .name = std::move(parsed.name), .digest = parsed.digest });
    }
    if (form == "engine")
        return ImagePlace(TRY(as_usage(engine_place(rest))));
    return ImagePlace(TRY(as_usage(oci::Place::parse(text))));
}

Result<oci::StoredImage> open_image(ImagePlace const& place, ImageAccess const& access, Interrupt const& interrupt)
{
    return opened(place, access, interrupt).in(std::visit(Name {}, place));
}

Result<oci::StoredImage> open_named_image(std::string const& text, ImageAccess const& access,
    Interrupt const& interrupt)
{
    auto const place = TRY(parse_image_place(text).in(printable(text)));
    return opened(place, access, interrupt).in(printable(text));
}

}  // namespace mpc::ctl
