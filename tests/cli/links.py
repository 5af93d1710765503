"""What went into mpc-launcher: the linker's map is held against the line in ARCHITECTURE.md.

usage: links.py BUILD_DIR
"""

import os
import re
import subprocess
import sys

import suite

BUILD = sys.argv[1]
LAUNCHER = os.path.join(BUILD, "bin", "mpc-launcher")
ALLOWED = {"base", "hash", "json", "http", "image", "config", "docker", "evidence", "dstack", "measure", "launcher"}
SYSTEM = {"libc", "libgcc", "libgcc_eh", "libstdc++", "libm", "libnettle", "libpthread"}


def archive_members():
    """The (archive, member) pairs that the linker took."""
    with open(LAUNCHER + ".map", encoding="utf-8", errors="replace") as file:
        included = file.read().split("Memory Configuration")[0]
    members = re.findall(r"^(\S+\.a)\((\S+)\)", included, re.MULTILINE)
    assert members, "the map names no archive"
    return {(os.path.basename(archive)[:-2], member) for archive, member in members}


def links_only_what_stands_above_the_line():
    archives = {archive for archive, _ in archive_members()}
    ours = {archive[len("libmpc_"):] for archive in archives if archive.startswith("libmpc_")}
    foreign = {archive.split("-2.")[0] for archive in archives if not archive.startswith("libmpc_")}
    assert ours <= ALLOWED, f"links {sorted(ours - ALLOWED)}"
    assert foreign <= SYSTEM, f"links {sorted(foreign - SYSTEM)}"


def has_no_server_and_no_simulator():
    members = {member for archive, member in archive_members() if archive.startswith("libmpc_")}
    assert not any("server" in member for member in members), sorted(members)


def readelf(options, *files):
    return subprocess.run(["readelf", options, *files], capture_output=True, text=True, check=True).stdout


def our_archives():
    """The libraries of ours that the launcher may link, each with all that the compiler made of it."""
    files = [os.path.join(BUILD, f"libmpc_{name}.a") for name in sorted(ALLOWED - {"launcher"})]
    return [*files, os.path.join(BUILD, "apps", "mpc-launcher", "libmpc_launcher.a")]


def undefined_symbols(archive):
    """What the members of a library want from elsewhere: there the stripped launcher cannot tell any more."""
    return set(subprocess.run(["nm", "-u", archive], capture_output=True, text=True, check=True).stdout.split())


def cached(name):
    """A value of CMakeCache.txt."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        return re.search(rf"^{name}:\w+=(.*)$", file.read(), re.MULTILINE).group(1)


def skip_if_sanitized():
    if cached("MPC_SANITIZE") == "ON":
        raise suite.Skip("a sanitized build is neither static nor stripped nor fortified")


def skip_unless_release():
    skip_if_sanitized()
    if cached("CMAKE_BUILD_TYPE") != "Release":
        raise suite.Skip("judged of the release build")


def is_one_static_position_independent_file():
    skip_if_sanitized()
    assert re.search(r"Type:\s+DYN", readelf("-hW", LAUNCHER)), "not position-independent"
    assert "INTERP" not in readelf("-lW", LAUNCHER), "needs a dynamic linker"
    dynamic = readelf("-dW", LAUNCHER)
    assert "(NEEDED)" not in dynamic, "needs shared libraries"
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", dynamic), "not an executable"


def has_a_stack_that_is_not_executable():
    # Without the header the kernel makes it executable.
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", readelf("-lW", LAUNCHER))
    assert stack and stack.group(1) == "RW", stack and stack.group(0)


def has_its_relocations_made_read_only():
    assert "GNU_RELRO" in readelf("-lW", LAUNCHER), "no RELRO"


def has_everything_bound_at_its_start():
    # Else only a part of the table of functions is read-only.
    assert re.search(r"\(FLAGS\).*\bBIND_NOW\b", readelf("-dW", LAUNCHER)), "bound lazily"


def looks_for_no_library_in_directories_of_the_build():
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-dW", LAUNCHER))


def has_no_build_id():
    # It would differ where paths do, and with it the image's digest.
    assert "build-id" not in readelf("-SW", LAUNCHER)


def is_compiled_with_stack_protectors():
    skip_if_sanitized()
    for archive in our_archives():
        assert "__stack_chk_fail" in undefined_symbols(archive), archive


def is_compiled_for_control_flow_enforcement():
    # The launcher as a whole has no such note, for Debian's libc.a has none.
    for archive in our_archives():
        members = readelf("-nW", archive).split("\nFile: ")[1:]
        assert members, archive
        for member in members:
            assert "IBT, SHSTK" in member, member.splitlines()[0]


def is_compiled_with_probes_against_stack_clashes():
    skip_if_sanitized()
    def has_probes(archive):
        code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", archive], capture_output=True, text=True, check=True)
        return re.search(r"\borq?\s+\$0x0,\(%rsp\)", code.stdout)
    assert any(map(has_probes, our_archives())), "no frame of more than a page is probed"


def is_compiled_with_the_librarys_assertions():
    skip_if_sanitized()
    assert any("glibcxx_assert_fail" in symbol for symbol in set.union(*map(undefined_symbols, our_archives())))


def is_compiled_with_fortified_functions():
    skip_unless_release()
    fortified = [symbol for symbol in set.union(*map(undefined_symbols, our_archives()))
                 if re.fullmatch(r"__\w+_chk", symbol)]
    assert fortified, "no call of the C library is fortified"


def is_stripped():
    skip_if_sanitized()
    assert ".symtab" not in readelf("-SW", LAUNCHER)


def has_at_most_three_megabytes():
    skip_unless_release()
    size = os.path.getsize(LAUNCHER)
    assert size <= 3_000_000, f"{size} bytes"


suite.run([
    links_only_what_stands_above_the_line,
    has_no_server_and_no_simulator,
    is_one_static_position_independent_file,
    has_a_stack_that_is_not_executable,
    has_its_relocations_made_read_only,
    has_everything_bound_at_its_start,
    looks_for_no_library_in_directories_of_the_build,
    has_no_build_id,
    is_compiled_with_stack_protectors,
    is_compiled_for_control_flow_enforcement,
    is_compiled_with_probes_against_stack_clashes,
    is_compiled_with_the_librarys_assertions,
    is_compiled_with_fortified_functions,
    is_stripped,
    has_at_most_three_megabytes,
])
