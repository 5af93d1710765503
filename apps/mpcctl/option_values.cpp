#include "mpcctl/option_values.h"

#include <charconv>

namespace mpc::ctl {

namespace {

constexpr std::int64_t year_10000 = 253402300800;  // which crypto::parse_time cannot write

}  // namespace

Result<crypto::Time> parse_moment(std::string_view text)
{
    std::int64_t seconds = 0;
    auto const* const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, seconds);
    if (!text.empty() && parsed.ec == std::errc() && parsed.ptr == end && seconds >= 0 && seconds < year_10000)
        return crypto::Time(std::chrono::seconds(seconds));
    return crypto::parse_time(text)
        .exit_as(mpc::ExitCode::Usage)
        .remedy("write a time as 2026-08-13T12:00:00Z (UTC), or as Unix seconds");
}

Result<crypto::Time> moment_or_now(std::optional<std::string> const& at)
{
    if (at)
        return parse_moment(*at).in("--at");
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Result<image::ImageDigest> parse_image_digest(std::string const& text)
{
    return image::ImageDigest::parse(text.starts_with("sha256:") ? text : "sha256:" + text)
        .exit_as(mpc::ExitCode::Usage)
        .remedy("write the digest as sha256: and 64 lower-case hex characters");
}

}  // namespace mpc::ctl
