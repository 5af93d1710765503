#include <gtest/gtest.h>

#include "mpcctl/program_output.h"

namespace mpc::ctl {
namespace {

Result<std::string> shell(std::string const& script, Duration deadline = std::chrono::seconds(20))
{
    return output_of("/bin/sh", { "-c", script }, deadline, Interrupt::never());
}

TEST(ProgramOutput, IsWhatAProgramWritesToStandardOutput)
{
    EXPECT_EQ(shell("echo one; echo two >&2").value(), "one\n");
}

TEST(ProgramOutput, GivesTheProgramNoInput) { EXPECT_EQ(shell("cat; echo end").value(), "end\n"); }

TEST(ProgramOutput, NamesAProgramThatIsNotThere)
{
    auto const output = output_of("/nonexistent/qemu", {}, std::chrono::seconds(1), Interrupt::never());
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().kind(), ErrorKind::NotFound);
}

TEST(ProgramOutput, RefusesWhatAFailedProgramSaid)
{
    EXPECT_EQ(shell("echo 8.2.2; exit 3").error().kind(), ErrorKind::Refused);
    EXPECT_EQ(shell("echo 8.2.2; kill -9 $$").error().kind(), ErrorKind::Refused);
}

TEST(ProgramOutput, HasALimit) { EXPECT_EQ(shell("yes").error().kind(), ErrorKind::Invalid); }

TEST(ProgramOutput, KillsWhatDoesNotEndInTime)
{
    auto const brief = std::chrono::milliseconds(100);
    EXPECT_EQ(shell("sleep 60", brief).error().kind(), ErrorKind::Timeout);
    EXPECT_EQ(shell("exec >&-; sleep 60", brief).error().kind(), ErrorKind::Timeout) << "its output is closed";
}

}  // namespace
}  // namespace mpc::ctl
