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


def skip_if_sanitized():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as file:
        if "MPC_SANITIZE:BOOL=ON" in file.read():
            raise suite.Skip("a sanitized build is neither static nor stripped")


def is_one_static_position_independent_file():
    skip_if_sanitized()
    header = subprocess.run(["readelf", "-hlW", LAUNCHER], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Type:\s+DYN", header), "not position-independent"
    assert "INTERP" not in header, "needs a dynamic linker"
    dynamic = subprocess.run(["readelf", "-dW", LAUNCHER], capture_output=True, text=True, check=True).stdout
    assert "NEEDED" not in dynamic, "needs shared libraries"


def has_every_hardening_flag():
    header = subprocess.run(["readelf", "-lW", LAUNCHER], capture_output=True, text=True, check=True).stdout
    stack = re.search(r"GNU_STACK.*", header).group(0)
    assert " RW " in stack, "executable stack"
    assert "GNU_RELRO" in header, "no RELRO"
    dynamic = subprocess.run(["readelf", "-dW", LAUNCHER], capture_output=True, text=True, check=True).stdout
    assert "BIND_NOW" in dynamic or "NOW" in dynamic, "no immediate binding"


def is_stripped_and_at_most_three_megabytes():
    skip_if_sanitized()
    sections = subprocess.run(["readelf", "-SW", LAUNCHER], capture_output=True, text=True, check=True).stdout
    assert ".symtab" not in sections, "not stripped"
    build_type = re.search(r"CMAKE_BUILD_TYPE:STRING=(\w+)", open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8").read())
    if build_type.group(1) != "Release":
        raise suite.Skip("sizes are judged of the release build")
    size = os.path.getsize(LAUNCHER)
    assert size <= 3_000_000, f"{size} bytes"


suite.run([
    links_only_what_stands_above_the_line,
    has_no_server_and_no_simulator,
    is_one_static_position_independent_file,
    has_every_hardening_flag,
    is_stripped_and_at_most_three_megabytes,
])
