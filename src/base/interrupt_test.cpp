#include "base/interrupt.h"

#include <gtest/gtest.h>

#include "support/raised_signal.h"

namespace mpc {
namespace {

TEST(Interrupt, IsRaisedByWhatItWatches)
{
    auto const interrupt = Interrupt::on_signals({ SIGHUP });
    ASSERT_TRUE(interrupt.ok());
    EXPECT_FALSE(interrupt->raised());
    test::RaisedSignal const signal(SIGHUP);
    EXPECT_TRUE(interrupt->raised());
}

TEST(Interrupt, LeavesAHangUpIgnoredAsNohupWantsIt)
{
    auto* const before = std::signal(SIGHUP, SIG_IGN);
    auto const interrupt = Interrupt::on_signals({ SIGTERM, SIGHUP });
    ASSERT_TRUE(interrupt.ok());
    {
        test::RaisedSignal const signal(SIGHUP);
        EXPECT_FALSE(interrupt->raised());
    }
    std::signal(SIGHUP, before);
}

}  // namespace
}  // namespace mpc
