#include "near/account.h"

#include <gtest/gtest.h>

namespace mpc::near {
namespace {

TEST(AccountId, TakesNamesByNearsRules)
{
    for (auto const* name : { "v1.signer", "v1.signer-prod.testnet", "ab", "a-b_c.d0", "0x", "100-000.near" })
        EXPECT_EQ(AccountId::parse(name).value().text(), name);
    EXPECT_TRUE(AccountId::parse(std::string(64, 'f')).ok());
}

TEST(AccountId, RefusesEveryOtherName)
{
    for (auto const* name : { "", "a", "A.near", "a..b", "a.-b", "a__b", ".a", "a.", "-a", "a_", "a b", "a\"b", "a\nb",
             "\xc3\xa4"
             "b",
             "a@b", "a/b" })
        EXPECT_FALSE(AccountId::parse(name).ok()) << name;
    EXPECT_FALSE(AccountId::parse(std::string(65, 'f')).ok());
}

}  // namespace
}  // namespace mpc::near
