// What the fields of a tar header say: 512 bytes, whose layout POSIX has under "ustar Interchange Format".
#pragma once

#include "oci/tar.h"

namespace mpc::oci {

/// A field of text, up to the first NUL.
[[nodiscard]] std::string_view text_at(ByteView block, std::size_t at, std::size_t width);
/// Octal with spaces or NULs around it, or GNU's base 256; an empty field is 0. Errors: Invalid.
[[nodiscard]] Result<std::uint64_t> number_at(ByteView block, std::size_t at, std::size_t width);
/// As above, or a negative one in GNU's base 256: eight bytes of a two's complement, after ones. Errors: Invalid.
[[nodiscard]] Result<std::int64_t> signed_number_at(ByteView block, std::size_t at, std::size_t width);
/// Errors: Invalid.
[[nodiscard]] Result<void> check_sum(ByteView block);
/// Errors: Invalid (a flag that is not supported).
[[nodiscard]] Result<TarType> type_of(char flag);
/// With ustar's prefix.
[[nodiscard]] std::string name_in(ByteView block);
/// "ustar", "pax", "GNU" or "v7".
[[nodiscard]] std::string_view form_of(ByteView block);

}  // namespace mpc::oci
