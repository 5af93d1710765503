#include "mpcctl/exit_code.h"

#include <gtest/gtest.h>

#include "base/interrupt.h"

namespace mpc::ctl {
namespace {

TEST(ControlExitCode, SaysWhoseFaultItIs)
{
    EXPECT_EQ(code_of(Error(ErrorKind::Internal, "")), ExitCode::Internal);
    EXPECT_EQ(code_of(Error(ErrorKind::Invalid, "").exit_as(mpc::ExitCode::Usage)), ExitCode::Usage);
    EXPECT_EQ(code_of(Error(ErrorKind::Mismatch, "").exit_as(mpc::ExitCode::Node)), ExitCode::RolledBack);
    for (auto const kind : { ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Io, ErrorKind::Mismatch })
        EXPECT_EQ(code_of(Error(kind, "")), ExitCode::Input);
    for (auto const kind : { ErrorKind::Timeout, ErrorKind::Interrupted, ErrorKind::Unreachable, ErrorKind::Refused })
        EXPECT_EQ(code_of(Error(kind, "")), ExitCode::OtherSide);
}

TEST(ControlExitCode, OfAnotherSidesNonsenseIsTheOtherSides)
{
    auto const error = from_other_side(Result<int>(Error(ErrorKind::Invalid, "what").remedy("how"))).error();
    EXPECT_EQ(code_of(error), ExitCode::OtherSide);
    EXPECT_EQ(error.message(), "what");
    EXPECT_EQ(error.remedy(), "how");
    EXPECT_EQ(code_of(from_other_side(Result<int>(Error(ErrorKind::Internal, ""))).error()), ExitCode::Internal);
    EXPECT_EQ(from_other_side(Result<int>(Interrupt::error())).error().kind(), ErrorKind::Interrupted);
    EXPECT_EQ(from_other_side(Result<int>(7)).value(), 7);
}

TEST(ControlExitCode, GoesWithARemedyWhateverTheErrorIs)
{
    for (auto const kind :
        { ErrorKind::Internal, ErrorKind::Invalid, ErrorKind::NotFound, ErrorKind::Io, ErrorKind::Timeout,
            ErrorKind::Interrupted, ErrorKind::Unreachable, ErrorKind::Refused, ErrorKind::Mismatch })
        EXPECT_NE(remedy_for(Error(kind, "")), "");
    EXPECT_EQ(remedy_for(Error(ErrorKind::Io, "").remedy("how")), "how");
}

}  // namespace
}  // namespace mpc::ctl
