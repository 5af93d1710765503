#include "image/digest.h"

#include <algorithm>

namespace mpc::image::detail {

Result<std::array<std::uint8_t, 32>> parse_sha256(std::string_view text)
{
    constexpr std::string_view prefix = "sha256:";
    if (!text.starts_with(prefix))
        return Error(ErrorKind::Invalid, "a digest must start with \"sha256:\" in lower case");
    text.remove_prefix(prefix.size());
    if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; }))
        return Error(ErrorKind::Invalid, "a digest must be in lower-case hex");
    auto bytes = from_hex_exactly<32>(text);
    return std::move(bytes).in("after \"sha256:\"");
}

}  // namespace mpc::image::detail
