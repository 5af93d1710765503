#include "ports.h"

#include <gtest/gtest.h>

namespace mpc::launcher {
namespace {

constexpr config::PortMapping ports[] = { { .host = 3030, .container = 3031 }, { .host = 8080, .container = 80 } };

std::string told(std::string const& message)
{
    return without_ports(Error(ErrorKind::Refused, message), ports).message();
}

TEST(WithoutPorts, SaysWhichMappingTheHostHasTaken)
{
    constexpr auto told_of_8080 = "the host port of port mapping 2 is taken on the host";
    EXPECT_EQ(told("Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use"),
        told_of_8080);
    EXPECT_EQ(told("failed to listen on TCP socket: address already in use: [::]:8080"), told_of_8080);
}

TEST(WithoutPorts, ShowsNoPortOfAnyOtherWords)
{
    constexpr auto told_of_2 = "the Docker Engine refused, in words that show a port of port mapping 2";
    EXPECT_EQ(told("Bind for 0.0.0.0:8080 failed: port is already allocated"), told_of_2);
    EXPECT_EQ(told("8080"), told_of_2);
    EXPECT_EQ(told("iptables failed: -j DNAT --to-destination 172.17.0.2:80 ! -i docker0"), told_of_2);
}

TEST(WithoutPorts, LeavesWordsThatShowNone)
{
    for (auto const* message :
        { "no such file", "listen tcp4 0.0.0.0:9: bind: address already in use", "18080, 80801, 380 and 800" })
        EXPECT_EQ(told(message), message);
}

}  // namespace
}  // namespace mpc::launcher
