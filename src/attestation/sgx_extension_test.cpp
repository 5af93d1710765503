#include "attestation/sgx_extension.h"

#include <gtest/gtest.h>

#include "support/test_node.h"

namespace mpc::attestation {
namespace {

using test::SgxExtensionSpec;

bool accepts(SgxExtensionSpec const& spec) { return parse_sgx_extension(test::der_of(spec)).ok(); }

TEST(SgxExtension, ReadsWhatThePlatformIs)
{
    SgxExtensionSpec spec;
    spec.components[3] = spec.cpusvn[3] = 255;  // two content bytes in DER
    spec.pcesvn = 0xffff;
    auto const extension = parse_sgx_extension(test::der_of(spec)).value();
    EXPECT_EQ(to_hex(extension.fmspc), "b0c06f000000");
    EXPECT_EQ(to_hex(extension.pceid), "0000");
    EXPECT_EQ(extension.pcesvn, 0xffff);
    EXPECT_EQ(extension.components, spec.components);
}

TEST(SgxExtension, RefusesAFieldThatIsMissingOrTwice)
{
    for (int field = 1; field <= 5; ++field) {
        SgxExtensionSpec spec;
        spec.leave_out_field = field;
        EXPECT_FALSE(accepts(spec)) << field;
        spec = SgxExtensionSpec();
        spec.repeat_field = field;
        EXPECT_FALSE(accepts(spec)) << field;
    }
}

TEST(SgxExtension, RefusesATcbEntryThatIsMissing)
{
    for (int entry = 1; entry <= 18; ++entry) {
        SgxExtensionSpec spec;
        spec.leave_out_tcb_entry = entry;
        EXPECT_FALSE(accepts(spec)) << entry;
    }
}

TEST(SgxExtension, RefusesOctetsOfAnotherLength)
{
    SgxExtensionSpec spec;
    spec.fmspc.pop_back();
    EXPECT_FALSE(accepts(spec));
    spec = SgxExtensionSpec();
    spec.pceid.push_back(0);
    EXPECT_FALSE(accepts(spec));
    spec = SgxExtensionSpec();
    spec.ppid.clear();
    EXPECT_FALSE(accepts(spec));
}

TEST(SgxExtension, RefusesACpusvnThatIsNotItsComponents)
{
    SgxExtensionSpec spec;
    spec.cpusvn[15] = 1;
    EXPECT_FALSE(accepts(spec));
}

TEST(SgxExtension, RefusesTrailingBytesAndEveryTruncation)
{
    SgxExtensionSpec spec;
    auto const whole = test::der_of(spec);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_sgx_extension(ByteView(whole).first(size)).ok()) << size;
    spec.trailing = { 0x05, 0x00 };
    EXPECT_FALSE(accepts(spec));
}

}  // namespace
}  // namespace mpc::attestation
