"""The images of deployment/build-image.sh and deployment/build-node-image.sh, in the real engine and the real registry."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from harness.cvm import wait_until
from harness.runner import test

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENT = ROOT / "deployment"

#: In the pinned root, instead of CMake and the compiler, which take ten minutes: says where it is, and takes the programs as they are.
STAND_IN = """#!/bin/sh
set -eu
case $1 in
--preset)
    mkdir -p /build/bin /build/told
    env >/build/told/environment
    cat /proc/net/dev >/build/told/network
    ls / >/build/told/root
    if touch /source/written; then echo written >/build/told/source; else echo refused >/build/told/source; fi
    ;;
--build) cp /usr/lib/stand-in/* /build/bin ;;
esac
"""


def figures(world, script, *options):
    """What the script prints: name -> digest."""
    environment = {**os.environ, "MPCCTL": str(world.binaries / "mpcctl")}
    done = subprocess.run([DEPLOYMENT / script, *map(str, options)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done
    return dict(re.findall(r"^(\S+(?: \S+)?) +(sha256:[0-9a-f]{64})$", done.stdout, re.MULTILINE))


def small_toolchain(directory, binaries):
    """A lock file that pins one package: a shell and STAND_IN. Returns it and the directory with the package."""
    tree, packages, lock = directory / "tree", directory / "packages", directory / "small.lock"
    for path in (tree / "DEBIAN", tree / "usr/bin", tree / "usr/lib/stand-in", packages):
        path.mkdir(parents=True)
    (tree / "DEBIAN/control").write_text("Package: small\nVersion: 1.0\nArchitecture: amd64\nMaintainer: us <us@us>\n"
                                         "Description: made by a test\n", encoding="utf-8")
    shutil.copy("/bin/busybox", tree / "usr/bin/busybox")
    for name in ("cat", "cp", "env", "ls", "mkdir", "sh", "touch"):
        (tree / "usr/bin" / name).symlink_to("busybox")
    (tree / "usr/bin/cmake").write_text(STAND_IN, encoding="utf-8")
    (tree / "usr/bin/cmake").chmod(0o755)
    for program in ("mpc-launcher", "mpcctl"):
        shutil.copy(binaries / program, tree / "usr/lib/stand-in")
    package = packages / "small_1.0_amd64.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, package], check=True, stdout=subprocess.DEVNULL)
    lock.write_text(f"small 1.0 amd64 {hashlib.sha256(package.read_bytes()).hexdigest()}\n", encoding="utf-8")
    return lock, packages


class Checkout:
    """The scripts, in a directory of their own, with a small toolchain."""

    def __init__(self, world, name):
        self.path = world.cvm.directory / name
        for part in ("tools", "deployment"):
            shutil.copytree(ROOT / part, self.path / part)
        self._lock, self._packages = small_toolchain(self.path / "small", world.binaries)

    def build_pinned(self, command):
        """The command with the small toolchain. Returns what it prints.

        In a mount namespace of its own: what a faulty script leaves mounted, such as /dev, must not be there when this
        directory is removed.
        """
        checked = f"{command} --packages {self._lock}; ! grep {self.path}/ /proc/self/mounts"
        done = subprocess.run(["unshare", "--mount", "sh", "-euc", checked], cwd=self.path, capture_output=True, text=True,
                              check=False, env={**os.environ, "PINNED_PACKAGES": str(self._packages), "SECRET": "of this machine"})
        assert done.returncode == 0, done
        return done.stdout


def three_commands():
    document = (ROOT / "docs/reproducible-builds.md").read_text(encoding="utf-8")
    block = re.search(r"## Check a published digest\n.*?```sh\n(.*?)```", document, re.DOTALL)[1]
    return block.splitlines()


@test
def a_published_digest_is_checked_by_the_three_commands_of_the_document(world):
    build, digest, compare = three_commands()
    published = world.cvm.directory / "published"
    told = figures(world, "build-image.sh", "--built", world.binaries, "--output", published)
    (archive,) = published.glob("*.oci.tar")
    push = world.cvm.at_site("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false",
                             f"oci-archive:{archive}", f"docker://{world.repository}:published")
    assert push.wait() == 0, push.output()

    checkout = Checkout(world, "auditor")
    said = checkout.build_pinned(build)
    assert re.search(r"^toolchain +pinned: .*small.lock, SHA-256 [0-9a-f]{64}$", said, re.MULTILINE), said
    said = subprocess.run(["sh", "-c", digest], cwd=checkout.path, capture_output=True, text=True, check=True).stdout
    assert told["manifest digest"] in said and told["image ID"] in said, said
    compare = compare.replace("nearone/mpc-launcher@sha256:DIGEST", f"{world.repository}@{told['manifest digest']}")
    compared = world.cvm.at_site("sh", "-c", f"cd {checkout.path} && {compare}")
    assert compared.wait() == 0 and compared.output().startswith("equal"), compared.output()


@test
def the_pinned_root_has_its_packages_and_nothing_of_the_machine(world):
    checkout = Checkout(world, "pinned")
    checkout.build_pinned("JOBS=3 deployment/build-image.sh --pinned")
    told = {path.name: path.read_text(encoding="utf-8") for path in (checkout.path / "build/pinned/root/build/told").iterdir()}
    assert re.findall(r"^ *(\w+):", told["network"], re.MULTILINE) == ["lo"], told["network"]
    assert told["source"] == "refused\n" and not (checkout.path / "written").exists()
    assert set(told["root"].split()) == {"bin", "build", "dev", "lib", "lib64", "proc", "sbin", "source", "tmp", "usr"}, told["root"]
    variables = dict(line.split("=", 1) for line in told["environment"].splitlines())
    assert {**variables, **{"PATH": "/usr/bin", "LC_ALL": "C", "HOME": "/tmp", "CXX": "g++", "JOBS": "3"}} == variables
    assert variables.keys() <= {"PATH", "LC_ALL", "HOME", "CXX", "JOBS", "PWD", "OLDPWD", "SHLVL"}, variables


@test
def the_launchers_image_of_the_auditors_script_is_loaded_and_refuses_an_empty_environment(world):
    output = world.cvm.directory / "launchers-image"
    told = figures(world, "build-image.sh", "--built", world.binaries, "--output", output)
    (archive,) = output.glob("*.docker.tar")
    world.engine.load(archive.read_bytes())
    assert told["image ID"] in world.engine.image_ids(), (told, world.engine.image_ids())
    world.engine.run("audited", told["image ID"])
    wait_until("its end", lambda: not world.engine.inspect("audited")["State"]["Running"])
    log = world.engine.logs("audited")
    assert world.engine.inspect("audited")["State"]["ExitCode"] == 3 and "PLATFORM" in log, log


@test
def the_nodes_image_keeps_its_digest_in_the_registry_and_its_id_in_the_engine(world):
    # A busybox and a script stand for a node of 2025.
    script = world.cvm.directory / "mpc-node.sh"
    script.write_text("#!/bin/busybox sh\necho started as: $*\nexec /bin/busybox sleep 600\n", encoding="utf-8")
    base, output = world.cvm.directory / "nodes-base", world.cvm.directory / "nodes-image"
    built = subprocess.run([world.binaries / "mpcctl", "image", "build", "--file", "/bin/busybox:/bin/busybox", "--output",
                            f"oci:{base}"], capture_output=True, text=True, check=True).stdout
    digest = re.search(r"sha256:[0-9a-f]{64}", built)[0]
    told = figures(world, "build-node-image.sh", "/bin/busybox", "--base", f"oci:{base}@{digest}", "--output", output, "--",
                   "--file", f"{script}:/app/start.sh:755", "--cmd", "/app/start.sh")
    copy = world.cvm.at_site("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false",
                             f"oci-archive:{output}/mpc-node.oci.tar", f"docker://{world.repository}:reproducible")
    assert copy.wait() == 0, copy.output()
    world.engine.pull(world.repository, told["manifest digest"])
    assert told["image ID"] in world.engine.image_ids(), (told, world.engine.image_ids())
    world.engine.run("node", f"{world.repository}@{told['manifest digest']}")
    wait_until("the node", lambda: "started as:" in world.engine.logs("node"))
