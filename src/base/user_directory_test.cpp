#include <cstdlib>

#include <gtest/gtest.h>

#include "base/user_directory.h"

namespace mpc {
namespace {

class UserDirectory : public testing::Test {
protected:
    void SetUp() override { m_home = std::getenv("HOME") ? std::getenv("HOME") : ""; }
    void TearDown() override
    {
        setenv("HOME", m_home.c_str(), 1);
        unsetenv("XDG_CACHE_HOME");
    }

private:
    std::string m_home;
};

TEST_F(UserDirectory, IsTheVariablesWhenThatIsAbsolute)
{
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    EXPECT_EQ(user_directory("XDG_CACHE_HOME", ".cache"), "/somewhere");
}

TEST_F(UserDirectory, IsBelowHomeWhenTheVariableIsNotSetOrRelative)
{
    setenv("HOME", "/home/somebody", 1);
    EXPECT_EQ(user_directory("XDG_CACHE_HOME", ".cache"), "/home/somebody/.cache");
    setenv("XDG_CACHE_HOME", "relative", 1);
    EXPECT_EQ(user_directory("XDG_CACHE_HOME", ".cache"), "/home/somebody/.cache");
}

TEST_F(UserDirectory, IsNowhereWithoutAHome)
{
    unsetenv("HOME");
    EXPECT_FALSE(user_directory("XDG_CACHE_HOME", ".cache"));
    setenv("HOME", "relative", 1);
    EXPECT_FALSE(user_directory("XDG_CACHE_HOME", ".cache"));
}

}  // namespace
}  // namespace mpc
