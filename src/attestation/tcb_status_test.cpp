#include "attestation/tcb_status.h"

#include <gtest/gtest.h>

namespace mpc::attestation {
namespace {

using enum TcbStatus;

TEST(TcbStatus, IsReadByItsExactNameOnly)
{
    EXPECT_EQ(tcb_status("UpToDate"), UpToDate);
    EXPECT_EQ(tcb_status("TDRelaunchAdvised"), TDRelaunchAdvised);
    for (auto const* name : { "", "uptodate", "UpToDate ", "Unknown" })
        EXPECT_FALSE(tcb_status(name)) << name;
}

TEST(TcbStatus, OfEnclavesHasThreeValuesAndOfPlatformsSeven)
{
    EXPECT_TRUE(signed_enclave_status("OutOfDate"));
    EXPECT_FALSE(signed_enclave_status("SWHardeningNeeded"));
    EXPECT_TRUE(signed_platform_status("SWHardeningNeeded"));
    EXPECT_FALSE(signed_platform_status("TDRelaunchAdvised"));
}

TEST(TcbStatus, ConvergesAsIntelsTable)
{
    std::pair<TcbStatus, TcbStatus> const table[] = { { UpToDate, OutOfDate }, { SWHardeningNeeded, OutOfDate },
        { ConfigurationNeeded, OutOfDateConfigurationNeeded },
        { ConfigurationAndSWHardeningNeeded, OutOfDateConfigurationNeeded }, { OutOfDate, OutOfDate },
        { OutOfDateConfigurationNeeded, OutOfDateConfigurationNeeded }, { Revoked, Revoked } };
    for (auto const& [platform, result] : table) {
        EXPECT_EQ(converge(platform, { UpToDate, UpToDate }), platform);
        EXPECT_EQ(converge(platform, { OutOfDate, UpToDate }), result);
        EXPECT_EQ(converge(platform, { UpToDate, OutOfDate }), result);
        EXPECT_EQ(converge(platform, { OutOfDate, Revoked }), Revoked);
    }
}

TEST(TcbStatus, AdvisesARelaunchOnlyFromOldToNew)
{
    EXPECT_EQ(with_relaunch(OutOfDate, UpToDate), TDRelaunchAdvised);
    EXPECT_EQ(with_relaunch(OutOfDate, SWHardeningNeeded), TDRelaunchAdvised);
    EXPECT_EQ(with_relaunch(OutOfDate, ConfigurationNeeded), TDRelaunchAdvisedConfigurationNeeded);
    EXPECT_EQ(with_relaunch(OutOfDateConfigurationNeeded, UpToDate), TDRelaunchAdvisedConfigurationNeeded);
    EXPECT_EQ(with_relaunch(OutOfDate, OutOfDate), OutOfDate);
    EXPECT_EQ(with_relaunch(OutOfDate, Revoked), OutOfDate);
    EXPECT_EQ(with_relaunch(UpToDate, OutOfDate), UpToDate);
    EXPECT_EQ(with_relaunch(Revoked, UpToDate), Revoked);
}

}  // namespace
}  // namespace mpc::attestation
