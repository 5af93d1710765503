#include "simulator/guest_port.h"

#include <gtest/gtest.h>

namespace mpc::simulator {
namespace {

using namespace std::string_view_literals;

TEST(GuestPort, JoinsTheFramesOfAContainersLog)
{
    EXPECT_EQ(text_of_frames("\1\0\0\0\0\0\0\3one\2\0\0\0\0\0\0\4 two"sv), "one two");
}

TEST(GuestPort, TakesWhatThereIsOfAFrameThatIsCut)
{
    EXPECT_EQ(text_of_frames("\1\0\0\0\0\0\0\11one"sv), "one");
    EXPECT_EQ(text_of_frames("\1\0\0"sv), "");
}

}  // namespace
}  // namespace mpc::simulator
