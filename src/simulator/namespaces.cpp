#include "simulator/namespaces.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

namespace mpc::simulator {

namespace fs = std::filesystem;

namespace {

/// What a guest needs of the machine: its programs, their libraries, devices.
constexpr std::array machine_directories { "bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "dev", "sys",
    "etc/alternatives", "etc/ssl", "etc/ld.so.conf.d" };
constexpr std::array machine_files { "etc/passwd", "etc/group", "etc/nsswitch.conf", "etc/protocols", "etc/services",
    "etc/ld.so.cache", "etc/ld.so.conf" };
constexpr std::array own_directories { "proc", "run", "tapp", "dstack/persistent", "tmp", "opt", "root", "mnt",
    "var/lib", "var/log", "var/tmp", ".old" };

Error failed(std::string const& what) { return { ErrorKind::Io, what + ": " + errno_text() }; }

Result<void> mount_at(fs::path const& target, char const* source, char const* type, unsigned long flags)
{
    if (mount(source, target.c_str(), type, flags, nullptr) != 0)
        return failed("cannot mount " + target.string());
    return ok;
}

Result<void> bind(fs::path const& source, fs::path const& target)
{
    return mount_at(target, source.c_str(), nullptr, MS_BIND | MS_REC);
}

Result<void> borrow_from_the_machine(fs::path const& root)
{
    for (fs::path const name : machine_directories) {
        auto const source = "/" / name;
        if (fs::is_symlink(source)) {
            fs::copy_symlink(source, root / name);
        } else if (fs::is_directory(source)) {
            fs::create_directories(root / name);
            TRY(bind(source, root / name));
        }
    }
    for (fs::path const name : machine_files) {
        if (fs::is_regular_file("/" / name))
            fs::copy_file("/" / name, root / name);
    }
    std::ofstream(root / "etc/hosts") << "127.0.0.1 localhost dstack\n";
    std::ofstream(root / "etc/resolv.conf").flush();
    return ok;
}

Result<void> build(GuestRoot const& guest)
{
    auto const& root = guest.root;
    TRY(mount_at(root, "none", "tmpfs", 0));
    for (auto const* const name : own_directories)
        fs::create_directories(root / name);
    fs::permissions(root, fs::perms(0755));
    fs::permissions(root / "tmp", fs::perms(01777));
    fs::create_symlink("/run", root / "var/run");
    TRY(borrow_from_the_machine(root));
    TRY(mount_at(root / "proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC));
    TRY(bind(guest.run, root / "run"));
    return bind(guest.disk, root / "dstack/persistent");
}

/// Runs `work` in a thread, and so in the network that the thread enters.
Result<Fd> in_network(Fd const& network, std::function<Result<Fd>()> const& work)
{
    Result<Fd> result = Fd();
    std::thread thread([&] {
        if (network && setns(network.get(), CLONE_NEWNET) != 0)
            result = failed("cannot enter the CVM's network");
        else
            result = work();
    });
    thread.join();
    return result;
}

Result<Fd> tcp_socket()
{
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd)
        return failed("cannot open a socket");
    return fd;
}

}  // namespace

Result<pid_t> start_in_namespaces(std::function<int()> const& first)
{
    // Left and entered again around fork(), because clone() with namespaces is not fork() to the C library.
    std::vector<Fd> own;
    for (auto const* const name : { "mnt", "net", "pid_for_children", "uts", "ipc" })
        own.emplace_back(open(fmt::format("/proc/self/ns/{}", name).c_str(), O_RDONLY | O_CLOEXEC));
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC) != 0)
        return failed("cannot make namespaces").remedy("run this as root, where namespaces may be made");
    auto const pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(first());
    }
    auto const fork_error = errno;
    for (auto const& space : own) {
        if (setns(space.get(), 0) != 0)
            return failed("cannot return from the CVM's namespaces");
    }
    errno = fork_error;
    if (pid < 0)
        return failed("cannot start the CVM's first process");
    return pid;
}

Result<Fd> network_of(pid_t pid)
{
    Fd fd(open(fmt::format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return failed("cannot open the CVM's network");
    return fd;
}

Result<Fd> tcp_socket_in(Fd const& network) { return in_network(network, tcp_socket); }

Result<void> raise_loopback(Fd const& network)
{
    auto const socket = TRY(tcp_socket_in(network));
    ifreq request {};
    std::ranges::copy(std::string_view("lo"), request.ifr_name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
        return failed("cannot set the CVM's loopback up");
    return ok;
}

Result<void> enter_guest_root(GuestRoot const& guest)
{
    TRY(mount_at("/", nullptr, nullptr, MS_REC | MS_PRIVATE));
    try {
        TRY(build(guest));
    } catch (fs::filesystem_error const& error) {
        return Error(ErrorKind::Io, error.what());
    }
    if (chdir(guest.root.c_str()) != 0 || syscall(SYS_pivot_root, ".", ".old") != 0 || chdir("/") != 0
        || umount2("/.old", MNT_DETACH) != 0)
        return failed("cannot enter the CVM's root directory");
    rmdir("/.old");
    return ok;
}

void remove_control_group(std::string const& name)
{
    std::error_code ignored;
    std::vector<fs::path> groups;
    std::vector<fs::path> roots { "/sys/fs/cgroup" };
    for (auto const& hierarchy : fs::directory_iterator("/sys/fs/cgroup", ignored))
        roots.push_back(hierarchy.path());
    for (auto const& root : roots) {
        if (!fs::is_directory(root / name, ignored))
            continue;
        groups.push_back(root / name);
        for (auto const& entry : fs::recursive_directory_iterator(root / name, ignored)) {
            if (entry.is_directory(ignored))
                groups.push_back(entry.path());
        }
    }
    // Deepest first: the kernel removes only what is empty.
    std::ranges::sort(groups, std::ranges::greater(), [](fs::path const& path) { return path.native().size(); });
    for (auto const& group : groups)
        rmdir(group.c_str());
}

}  // namespace mpc::simulator
