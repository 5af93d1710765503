#include "mpcctl/port_probe.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fd.h"

namespace mpc::ctl {
namespace {

using ::testing::HasSubstr;

/// A socket that has a port of 127.0.0.1, and the port.
std::pair<Fd, std::uint16_t> program_with_a_port(int type)
{
    Fd socket(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address {
        .sin_family = AF_INET, .sin_port = 0, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_zero = {}
    };
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return { std::move(socket), ntohs(address.sin_port) };
}

TEST(PortProbe, FindsAPortThatAProgramHas)
{
    for (auto const& [type, protocol] :
        { std::pair(SOCK_STREAM, vmm::Protocol::Tcp), std::pair(SOCK_DGRAM, vmm::Protocol::Udp) }) {
        auto [program, number] = program_with_a_port(type);
        for (auto const* address : { "127.0.0.1", "0.0.0.0" }) {
            vmm::PortForward const port { .protocol = protocol, .address = address, .host = number, .vm = 1 };
            auto const troubles = port_troubles({ port });
            ASSERT_EQ(troubles.size(), 1U) << to_text(port);
            EXPECT_EQ(troubles[0].port, port);
            EXPECT_THAT(troubles[0].reason, HasSubstr("in use"));
        }
        program = Fd();
        EXPECT_TRUE(port_troubles({ { .protocol = protocol, .host = number, .vm = 1 } }).empty());
    }
}

TEST(PortProbe, FindsAnAddressThatIsNoneOfThisMachines)
{
    EXPECT_EQ(port_troubles({ { .address = "192.0.2.1", .host = 1, .vm = 1 } }).size(), 1U);
}

TEST(PortProbe, KnowsAnAddressOfThisMachine)
{
    for (auto const* address : { "unix:/run/vmm.sock", "http://127.0.0.1:10000", "https://localhost/" })
        EXPECT_TRUE(looks_local(address)) << address;
    for (auto const* address : { "http://10.0.0.1:10000", "https://127.example.org", "", "unix" })
        EXPECT_FALSE(looks_local(address)) << address;
}

}  // namespace
}  // namespace mpc::ctl
