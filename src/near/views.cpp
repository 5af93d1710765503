#include "near/views.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/json.h"

namespace mpc::near {

namespace {

constexpr json::Limits limits { .bytes = std::size_t { 1 } << 20, .depth = 8 };
constexpr std::uint64_t year_10000 = 253402300800;  // what a date can be written for

/// Every entry of a list through a function that makes a T of it.
template <typename T, typename Parse>
Result<std::vector<T>> parse_list(std::string_view text, Parse parse)
{
    auto const document = TRY(json::read(text, limits));
    if (!document.array())
        return Error(ErrorKind::Invalid, "not a list");
    std::vector<T> values;
    for (auto const& entry : *document.array())
        values.push_back(TRY(parse(entry).in(fmt::format("entry {}", values.size() + 1))));
    return values;
}

Result<image::ImageDigest> digest_of(std::string const& text)
{
    return image::ImageDigest::parse(text.starts_with("sha256:") ? text : "sha256:" + text);
}

Result<image::ImageDigest> digest_of(json::Value const& entry)
{
    if (!entry.text())
        return Error(ErrorKind::Invalid, "not text");
    return digest_of(*entry.text());
}

Result<AllowedImage> image_of(json::Value const& entry)
{
    auto const* object = entry.object();
    if (!object)
        return AllowedImage { .digest = TRY(digest_of(entry)) };
    AllowedImage image { .digest = TRY(digest_of(TRY(object->require_text("image_hash"))).in("image_hash")) };
    auto const* deadline = TRY(object->require("expiry_timestamp_seconds"));
    if (deadline->is_null())
        return image;
    if (!deadline->number() || *deadline->number() >= year_10000)
        return Error(ErrorKind::Invalid, "expiry_timestamp_seconds is no time");
    image.deadline = std::chrono::sys_seconds(std::chrono::seconds(*deadline->number()));
    return image;
}

Result<Sha384> register_of(json::Object const& object, std::string_view name)
{
    return from_hex_exactly<48>(TRY(object.require_text(name))).in(std::string(name));
}

Result<AllowedMeasurements> measurements_of(json::Value const& entry)
{
    auto const* object = entry.object();
    if (!object)
        return Error(ErrorKind::Invalid, "not an object");
    AllowedMeasurements allowed;
    allowed.mrtd = TRY(register_of(*object, "mrtd"));
    allowed.rtmr0 = TRY(register_of(*object, "rtmr0"));
    allowed.rtmr1 = TRY(register_of(*object, "rtmr1"));
    allowed.rtmr2 = TRY(register_of(*object, "rtmr2"));
    allowed.key_provider_event_digest = TRY(register_of(*object, "key_provider_event_digest"));
    return allowed;
}

/// Keeps the first of equal ones.
template <typename T, typename Key>
void drop_repeated(std::vector<T>& values, Key key)
{
    std::vector<T> kept;
    for (auto const& value : values) {
        bool const is_new = std::ranges::none_of(kept, [&](T const& other) { return key(other) == key(value); });
        if (is_new)
            kept.push_back(value);
    }
    values = std::move(kept);
}

}  // namespace

Result<std::vector<AllowedImage>> parse_allowed_images(std::string_view json)
{
    auto images = TRY(parse_list<AllowedImage>(json, image_of));
    drop_repeated(images, [](AllowedImage const& image) { return image.digest; });
    return images;
}

bool is_allowed(AllowedImage const& image, std::chrono::sys_seconds now)
{
    return !image.deadline || now < *image.deadline;
}

bool deadlines_agree_with_order(std::vector<AllowedImage> const& images)
{
    auto const lasts_longer = [](AllowedImage const& older, AllowedImage const& newer) {
        return newer.deadline && (!older.deadline || *older.deadline > *newer.deadline);
    };
    for (std::size_t i = 1; i < images.size(); ++i) {
        if (lasts_longer(images[i], images[i - 1]))
            return false;
    }
    return true;
}

Result<std::vector<image::ImageDigest>> parse_allowed_launchers(std::string_view json)
{
    auto digests = TRY(parse_list<image::ImageDigest>(json, [](json::Value const& entry) { return digest_of(entry); }));
    std::ranges::reverse(digests);
    drop_repeated(digests, [](image::ImageDigest const& digest) { return digest; });
    return digests;
}

Result<std::vector<Sha256>> parse_allowed_composes(std::string_view json)
{
    auto hashes = TRY(parse_list<Sha256>(json,
        [](json::Value const& entry) -> Result<Sha256> { return TRY(digest_of(entry)).bytes(); }));
    drop_repeated(hashes, [](Sha256 const& hash) { return hash; });
    return hashes;
}

Result<std::vector<AllowedMeasurements>> parse_allowed_measurements(std::string_view json)
{
    return parse_list<AllowedMeasurements>(json, measurements_of);
}

}  // namespace mpc::near
