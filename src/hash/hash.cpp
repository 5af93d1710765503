#include "hash/hash.h"

#include <nettle/sha2.h>
#include <nettle/sha3.h>

namespace mpc {

namespace {

template <typename Digest, typename Context>
Digest hash(std::initializer_list<ByteView> parts, void (*init)(Context*),
    void (*update)(Context*, std::size_t, std::uint8_t const*), void (*digest)(Context*, std::size_t, std::uint8_t*))
{
    Context context;
    init(&context);
    for (auto const part : parts)
        update(&context, part.size(), part.data());
    Digest result;
    digest(&context, result.size(), result.data());
    return result;
}

}  // namespace

Sha256 sha256(std::initializer_list<ByteView> parts)
{
    return hash<Sha256>(parts, sha256_init, sha256_update, sha256_digest);
}

Sha384 sha384(std::initializer_list<ByteView> parts)
{
    return hash<Sha384>(parts, sha384_init, sha512_update, sha384_digest);
}

Sha512 sha512(std::initializer_list<ByteView> parts)
{
    return hash<Sha512>(parts, sha512_init, sha512_update, sha512_digest);
}

Sha384 sha3_384(std::initializer_list<ByteView> parts)
{
    return hash<Sha384>(parts, sha3_384_init, sha3_384_update, sha3_384_digest);
}

}  // namespace mpc
