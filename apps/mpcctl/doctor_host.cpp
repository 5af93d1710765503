#include "mpcctl/doctor_host.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/trim.h"
#include "mpcctl/program_output.h"

namespace mpc::ctl {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t small_file = std::size_t { 1 } << 20;
constexpr std::uint16_t lowest_public_port = 80;

fs::path below(fs::path const& root, char const* path) { return root / fs::path(path).relative_path(); }

/// The first line of a small file, also of one in /proc or /sys, which has no size.
std::optional<std::string> first_line(fs::path const& file)
{
    std::ifstream stream(file);
    std::string line;
    if (!std::getline(stream, line))
        return std::nullopt;
    return std::string(trim(line, " \t\r"));
}

Finding tdx(fs::path const& root)
{
    constexpr auto parameter = "/sys/module/kvm_intel/parameters/tdx";
    auto const value = first_line(below(root, parameter));
    if (value == "Y" || value == "1")
        return good("host-tdx", "KVM can make TDX guests");
    return problem("host-tdx",
        value ? fmt::format("KVM's TDX is off: {} is {}", parameter, printable(*value, 20))
              : fmt::format("KVM has no TDX: {} is missing", parameter),
        "enable TDX, TME-MT and SEAM in the BIOS, and boot a kernel with kvm_intel.tdx=1");
}

struct Device {
    char const* what;
    char const* path;
    char const* purpose;
    char const* remedy;
};
constexpr Device devices[] = {
    { "host-kvm", "/dev/kvm", "virtual machines", "enable virtualisation in the BIOS and load kvm_intel" },
    { "host-vsock", "/dev/vhost-vsock", "the guests' way to the host", "load vhost_vsock: modprobe vhost_vsock" },
    { "host-sgx", "/dev/sgx_enclave", "quotes and disk keys, which SGX enclaves make",
        "enable SGX in the BIOS, with memory for enclaves" },
    { "host-sgx-provision", "/dev/sgx_provision", "the platform's certificate",
        "enable SGX with flexible launch control in the BIOS" },
    { "host-aesm", "/var/run/aesmd/aesm.socket", "the enclaves of the key provider",
        "install Intel's sgx-aesm-service and start aesmd" },
};

Finding device(fs::path const& root, Device const& it)
{
    std::error_code error;
    auto const kind = fs::status(below(root, it.path), error).type();
    if (kind == fs::file_type::character || kind == fs::file_type::socket)
        return good(it.what, fmt::format("{} is there", it.path));
    return problem(it.what, fmt::format("{} is missing: it is needed for {}", it.path, it.purpose), it.remedy);
}

/// Intel's quote generation service, which QEMU and the guest agent get quotes from.
Finding quote_service(fs::path const& root)
{
    std::error_code error;
    for (fs::directory_iterator it(below(root, "/proc"), error), end; !error && it != end; it.increment(error))
        if (auto const name = first_line(it->path() / "comm"); name == "qgs" || name == "qgsd")
            return good("host-quotes", "the quote generation service runs");
    return problem("host-quotes", "the quote generation service (qgs) does not run: guests get no quotes",
        "install Intel's tdx-qgs and start qgsd");
}

/// Where the quote generation service gets certificates from.
Finding quote_provider(fs::path const& root)
{
    constexpr auto path = "/etc/sgx_default_qcnl.conf";
    auto const text = read_file(below(root, path), small_file);
    if (!text.ok())
        return warning("host-pccs", std::string(path) + " cannot be read: quotes may lack the platform's certificate",
            "install Intel's libsgx-dcap-default-qpl and name a PCCS in it");
    if (text->find("pccs_url") == text->npos)
        return warning("host-pccs", std::string(path) + " names no pccs_url", "name a PCCS in it");
    return good("host-pccs", std::string(path) + " names a PCCS");
}

sockaddr_in address_of(in_addr host, std::uint16_t port)
{
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr = host;
    address.sin_port = htons(port);
    return address;
}

Finding key_provider(std::uint16_t port)
{
    Fd const socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const address = address_of({ htonl(INADDR_LOOPBACK) }, port);
    if (socket && connect(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0)
        return good("host-key-provider", fmt::format("something listens at 127.0.0.1:{}", port));
    return problem("host-key-provider",
        fmt::format("no key provider listens at 127.0.0.1:{}: no CVM gets the key of its disk", port),
        "start dstack's gramine-sealing-key-provider in production mode, or say --key-provider PORT");
}

std::optional<fs::path> in_path(fs::path const& root, std::string const& program)
{
    auto const* const path = std::getenv("PATH");
    std::string_view rest = path ? path : "";
    while (!rest.empty()) {
        auto const colon = std::min(rest.find(':'), rest.size());
        auto candidate = root / fs::path(rest.substr(0, colon)).relative_path() / program;
        rest.remove_prefix(std::min(colon + 1, rest.size()));
        if (access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return std::nullopt;
}

Finding qemu_version(fs::path const& qemu, std::string const& wanted, Interrupt const& interrupt)
{
    auto const output = output_of(qemu, { "--version" }, std::chrono::seconds(10), interrupt);
    if (!output.ok())
        return problem("host-qemu", printable(output.error().message(), 200), "install a QEMU that runs");
    constexpr std::string_view introduction = "QEMU emulator version ";
    auto const line = std::string_view(*output).substr(0, output->find('\n'));
    auto const version = line.starts_with(introduction) ? line.substr(introduction.size()) : std::string_view();
    auto const number = version.substr(0, version.find_first_of(" ("));
    if (number == wanted)
        return good("host-qemu", fmt::format("{} is version {}", qemu.string(), wanted));
    return warning("host-qemu",
        fmt::format("{} says \"{}\", and not version {}: RTMR0 will be another", qemu.string(), printable(line, 80),
            wanted),
        fmt::format("use QEMU {}, unless measurements of another version are allowed (--qemu-version)", wanted));
}

/// A node is reached at port 80, among others: QEMU must be allowed to listen there without being root.
Finding low_ports(fs::path const& root, fs::path const& qemu)
{
    auto const first = first_line(below(root, "/proc/sys/net/ipv4/ip_unprivileged_port_start"));
    unsigned number = 1024;
    if (first)
        std::from_chars(first->data(), first->data() + first->size(), number);
    if (number <= lowest_public_port)
        return good("host-low-ports", fmt::format("everybody may listen at ports from {}", number));
    if (getxattr(qemu.c_str(), "security.capability", nullptr, 0) > 0)
        return good("host-low-ports", qemu.string() + " has capabilities of its own");
    return warning("host-low-ports", fmt::format("{} may not listen below port {} without root", qemu.string(), number),
        "setcap cap_net_bind_service=+ep " + qemu.string());
}

void examine_qemu(Findings& findings, HostOptions const& options, Interrupt const& interrupt)
{
    auto const qemu = options.qemu ? options.qemu : in_path(options.root, "qemu-system-x86_64");
    if (!qemu) {
        findings.push_back(problem("host-qemu", "there is no qemu-system-x86_64 in PATH",
            "install QEMU " + options.qemu_version + ", or say where it is: --qemu FILE"));
        return;
    }
    findings.push_back(qemu_version(*qemu, options.qemu_version, interrupt));
    findings.push_back(low_ports(options.root, *qemu));
}

/// "MemAvailable:   24000000 kB" -> 23437.
std::optional<std::uint64_t> available_mb(fs::path const& root)
{
    std::ifstream stream(below(root, "/proc/meminfo"));
    std::uint64_t kilobytes = 0;
    for (std::string word; stream >> word;)
        if (word == "MemAvailable:" && stream >> kilobytes)
            return kilobytes / 1024;
    return std::nullopt;
}

Finding memory(fs::path const& root, std::uint32_t wanted_mb)
{
    auto const available = available_mb(root);
    if (!available)
        return warning("host-memory", "/proc/meminfo does not say how much is available", "look at free -m");
    auto const text = fmt::format("{} MB are available, the deployment asks for {} MB", *available, wanted_mb);
    if (*available >= wanted_mb)
        return good("host-memory", text);
    return warning("host-memory", text, "end what uses it, unless that is this deployment's own VM");
}

/// A port that somebody listens at cannot be forwarded. It may be the deployment's own VM that does.
Finding free_port(vmm::PortForward const& port)
{
    auto const what = "host-port " + vmm::to_text(port);
    bool const is_tcp = port.protocol == vmm::Protocol::Tcp;
    Fd const socket(::socket(AF_INET, (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0));
    int const yes = 1;
    // As QEMU does: what is left of closed connections is not in the way.
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    in_addr host {};
    inet_pton(AF_INET, port.address.c_str(), &host);
    auto const address = address_of(host, port.host);
    if (socket && bind(socket.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0
        && (!is_tcp || listen(socket.get(), 1) == 0))
        return good(what, "free");
    return warning(what, errno_text(), "end what uses it (ss -lntup), unless that is this deployment's own VM");
}

}  // namespace

Findings examine_host(HostOptions const& options, Interrupt const& interrupt)
{
    Findings findings { tdx(options.root) };
    for (auto const& it : devices)
        findings.push_back(device(options.root, it));
    findings.push_back(quote_service(options.root));
    findings.push_back(quote_provider(options.root));
    findings.push_back(key_provider(options.key_provider));
    examine_qemu(findings, options, interrupt);
    if (options.memory_mb)
        findings.push_back(memory(options.root, *options.memory_mb));
    for (auto const& port : options.ports)
        findings.push_back(free_port(port));
    return findings;
}

}  // namespace mpc::ctl
