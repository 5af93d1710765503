#include "mpcctl/port_probe.h"

#include <arpa/inet.h>
#include <cerrno>
#include <sys/socket.h>
#include <system_error>

#include "base/fd.h"
#include "net/url.h"

namespace mpc::ctl {

namespace {

/// 0, or the errno of binding it.
int bind_once(vmm::PortForward const& port)
{
    bool const is_tcp = port.protocol == vmm::Protocol::Tcp;
    Fd const socket(::socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
    sockaddr_in address { .sin_family = AF_INET, .sin_port = htons(port.host), .sin_addr = {}, .sin_zero = {} };
    if (!socket || inet_pton(AF_INET, port.address.c_str(), &address.sin_addr) != 1)
        return 0;
    // As QEMU does, so that a connection that ended a minute ago is in nobody's way. With UDP it would hide who is.
    int const on = 1;
    if (is_tcp)
        static_cast<void>(setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    return bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0 ? 0 : errno;
}

}  // namespace

bool looks_local(std::string const& vmm_address)
{
    if (vmm_address.starts_with("unix:"))
        return true;
    auto const url = net::Url::parse(vmm_address);
    return url.ok() && net::is_loopback(url->host());
}

std::vector<vmm::PortTrouble> port_troubles(std::vector<vmm::PortForward> const& ports)
{
    std::vector<vmm::PortTrouble> troubles;
    for (auto const& port : ports)
        if (int const error = bind_once(port); error == EADDRINUSE || error == EADDRNOTAVAIL)
            troubles.push_back({ port, std::generic_category().message(error) });
    return troubles;
}

}  // namespace mpc::ctl
