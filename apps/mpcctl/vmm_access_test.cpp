#include "mpcctl/vmm_access.h"

#include <csignal>
#include <pty.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "support/raised_signal.h"

namespace mpc::ctl {
namespace {

/// Standard input and error are a terminal, at which the test types.
class AtATerminal : public testing::Test {
protected:
    AtATerminal() : m_input(dup(STDIN_FILENO)), m_error(dup(STDERR_FILENO))
    {
        int outer = -1;
        int inner = -1;
        EXPECT_EQ(openpty(&outer, &inner, nullptr, nullptr, nullptr), 0);
        m_keyboard = Fd(outer);
        Fd const terminal(inner);
        dup2(terminal.get(), STDIN_FILENO);
        dup2(terminal.get(), STDERR_FILENO);
    }
    ~AtATerminal() override
    {
        dup2(m_input.get(), STDIN_FILENO);
        dup2(m_error.get(), STDERR_FILENO);
    }

    void type(std::string const& text) const
    {
        ASSERT_EQ(write(m_keyboard.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    Fd m_input;
    Fd m_error;
    Fd m_keyboard;
};

TEST_F(AtATerminal, YAndYesAreConsent)
{
    for (auto const* answer : { "y\n", "Y\n", "yes\n" }) {
        type(answer);
        EXPECT_TRUE(ask_consent("It will be done.", Interrupt::never()).ok()) << answer;
    }
}

TEST_F(AtATerminal, AnyOtherAnswerIsANoWithOneExitCode)
{
    for (auto const* answer : { "n\n", "\n", "yo\n", "y \n", "\x04" }) {
        type(answer);
        auto const refused = ask_consent("It will be done.", Interrupt::never());
        ASSERT_FALSE(refused.ok()) << answer;
        EXPECT_EQ(code_of(refused.error()), ExitCode::Usage);
    }
}

TEST_F(AtATerminal, ASignalEndsTheQuestion)
{
    auto const interrupt = std::move(Interrupt::on_signals({ SIGUSR1 })).value();
    type("half an answer");
    test::RaisedSignal const raised(SIGUSR1);
    EXPECT_EQ(ask("What?", interrupt).error().kind(), ErrorKind::Interrupted);
    EXPECT_EQ(ask_consent("It will be done.", interrupt).error().kind(), ErrorKind::Interrupted);
}

}  // namespace
}  // namespace mpc::ctl
