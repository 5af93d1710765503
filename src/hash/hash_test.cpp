// The vectors are those of FIPS 180-4 and FIPS 202 for "abc".
#include "hash/hash.h"

#include <gtest/gtest.h>

namespace mpc {
namespace {

TEST(Hash, GivesThePublishedValuesForAbcInAnyParts)
{
    EXPECT_EQ(to_hex(sha256({ as_bytes("a"), as_bytes("bc") })),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha384({ as_bytes("ab"), as_bytes(""), as_bytes("c") })),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
        "8086072ba1e7cc2358baeca134c825a7");
    EXPECT_EQ(to_hex(sha512({ as_bytes("abc") })),
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(to_hex(sha3_384({ as_bytes("abc") })),
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
        "98d88cea927ac7f539f1edf228376d25");
}

}  // namespace
}  // namespace mpc
