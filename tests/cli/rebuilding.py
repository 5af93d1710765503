"""Building what is voted for again: pinned packages, the two scripts that make images, every command of the document.

usage: rebuilding.py BUILD_DIR
"""

import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import suite
from support.released import BUILD, ROOT, lines_of, one, read, release, run, skip_if_sanitized


# --- pinned packages --------------------------------------------------------------------------------------------------


def every_package_of_the_build_is_pinned():
    build = re.search(r'^build="(.*?)"', read("tools", "setup"), re.MULTILINE | re.DOTALL)[1].replace("\\", " ").split()
    pinned = {line.split()[0] for line in lines_of(read("deployment", "toolchain.lock"))}
    # These make nothing that is in the programs.
    missing = set(build) - pinned - {"make", "ccache", "python3", "dpkg-dev"}
    assert not missing, f"run tools/lock-packages again: {missing}"


def lock_files_have_a_digest_for_each_package():
    for name in ("toolchain.lock", "node-base.lock"):
        lines = lines_of(read("deployment", name))
        assert len(lines) > 5
        for line in lines:
            assert re.fullmatch(r"[a-z0-9.+-]+ [A-Za-z0-9.+~:-]+ (amd64|all) [0-9a-f]{64}", line), line


class Packages(tempfile.TemporaryDirectory):
    """A directory with Debian packages of our own making, and a lock file for them."""

    def __enter__(self):
        self.path = Path(super().__enter__())
        (self.path / "packages").mkdir()
        self.lock = self.path / "lock"
        self.lines = []
        return self

    def add(self, name, files, version="1:1.0-1"):
        tree = self.path / name
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: us <us@us>\n"
                                             "Description: made by a test\n", encoding="utf-8")
        for target, content in files.items():
            path = tree / target
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        package = self.path / "packages" / f"{name}_{version.replace(':', '%3a')}_amd64.deb"
        run("dpkg-deb", "--build", "--root-owner-group", tree, package)
        self.lines.append(f"{name} {version} amd64 {hashlib.sha256(package.read_bytes()).hexdigest()}")
        self.lock.write_text("# Made by a test\n" + "\n".join(self.lines) + "\n", encoding="utf-8")

    def environment(self):
        return {**os.environ, "PINNED_PACKAGES": str(self.path / "packages")}

    def make_root(self, code=0):
        return run(ROOT / "tools/debian-root", self.lock, self.path / "root", code=code, env=self.environment())


def a_root_is_made_of_the_pinned_packages():
    with Packages() as packages:
        packages.add("one", {"bin/tool": b"tool", "usr/share/one": b"1"})
        packages.add("two", {"usr/bin/other": b"other"}, version="2.0+b1")
        packages.make_root()
        root = packages.path / "root"
        assert (root / "usr/bin/tool").read_bytes() == b"tool" and (root / "bin/other").read_bytes() == b"other"
        assert (root / "bin").is_symlink()
        assert "is there already" in packages.make_root(code=1).stderr


def a_package_with_another_digest_is_refused():
    with Packages() as packages:
        packages.add("one", {"bin/tool": b"tool"})
        packages.lock.write_text(re.sub(r"[0-9a-f]{64}", "0" * 64, packages.lock.read_text(encoding="utf-8")), encoding="utf-8")
        assert "holds packages other than those that are pinned" in packages.make_root(code=1).stderr
        assert not (packages.path / "root").exists()


def a_malformed_lock_file_is_refused():
    for line in ("one", "one 1.0 amd64 abc", "one 1.0 amd64 " + "0" * 64 + " more", "../one 1.0 amd64 " + "0" * 64,
                 "one $(reboot) amd64 " + "0" * 64, "-one 1.0 amd64 " + "0" * 64):
        with Packages() as packages:
            packages.lock.write_text(line + "\n", encoding="utf-8")
            assert "a malformed line" in packages.make_root(code=1).stderr, line


def a_package_that_nobody_has_any_more_is_said_to_be_in_the_snapshot_archive():
    with Packages() as packages:
        packages.lock.write_text("no-such-package 0.0.1 amd64 " + "0" * 64 + "\n", encoding="utf-8")
        assert "snapshot archive" in packages.make_root(code=1).stderr


# --- images -----------------------------------------------------------------------------------------------------------


def build_image(*options, code=0):
    return run(ROOT / "deployment/build-image.sh", *options, code=code)


def node_image(output, *options, code=0, environment=None, umask="022"):
    command = " ".join(f"'{word}'" for word in map(str, (ROOT / "deployment/build-node-image.sh", "--output", output, *options)))
    return run("sh", "-c", f"umask {umask}; exec {command}", code=code,
               env={**(environment or os.environ), "MPCCTL": str(BUILD / "bin/mpcctl")})


def figures(text):
    return dict(re.findall(r"^(mpc-node|mpc-launcher|image ID|manifest digest) +(sha256:[0-9a-f]{64})$", text, re.MULTILINE))


def the_auditors_script_says_what_it_built_with():
    with tempfile.TemporaryDirectory() as output:
        told = build_image("--built", BUILD / "bin", "--output", output).stdout
        assert "toolchain        unknown: built before" in told
        program = hashlib.sha256((BUILD / "bin/mpc-launcher").read_bytes()).hexdigest()
        assert figures(told)["mpc-launcher"] == f"sha256:{program}"
        assert len(figures(told)) == 3 and len(os.listdir(output)) == 2, told


def the_auditors_script_refuses_what_it_does_not_know():
    assert "--pinned" in build_image("--fast", code=2).stderr
    with tempfile.TemporaryDirectory() as empty:
        assert "has no mpc-launcher" in build_image("--built", empty, code=1).stderr


def host_libraries():
    """mpcctl's loader and shared libraries, as files of a Debian package."""
    listed = run("ldd", BUILD / "bin/mpcctl").stdout
    paths = re.findall(r"(?:=> )?(/\S+) \(0x", listed)
    return {f"usr/lib/x86_64-linux-gnu/{os.path.basename(path)}": Path(path).read_bytes() for path in paths}


def a_nodes_image_has_its_libraries_and_certificates_and_starts():
    skip_if_sanitized()
    with Packages() as packages:
        packages.add("libraries", host_libraries())
        packages.add("certificates", {"usr/share/ca-certificates/mozilla/B.crt": b"B\n", "usr/share/ca-certificates/mozilla/A.crt": b"A\n"})
        options = (BUILD / "bin/mpcctl", "--packages", packages.lock)
        told = node_image(packages.path / "one", *options, environment=packages.environment()).stdout
        again = node_image(packages.path / "two", *options, environment=packages.environment(), umask="077").stdout
        assert len(figures(told)) == 3 and figures(told) == figures(again), (told, again)
        root = packages.path / "unpacked"
        root.mkdir()
        unpack(packages.path / "one/mpc-node.oci.tar", root)
        assert (root / "etc/ssl/certs/ca-certificates.crt").read_bytes() == b"A\nB\n"
        assert not (root / "bin/sh").exists()
        if os.geteuid() == 0:
            assert run("chroot", root, "/app/mpc-node", "--version").stdout.startswith("mpcctl ")


def unpack(archive, root):
    """The one layer of an image, by tar."""
    with tarfile.open(archive) as tar:
        index = json.load(tar.extractfile("index.json"))
        manifest = json.load(tar.extractfile("blobs/" + index["manifests"][0]["digest"].replace(":", "/")))
        (layer,) = manifest["layers"]
        with tarfile.open(fileobj=tar.extractfile("blobs/" + layer["digest"].replace(":", "/"))) as files:
            files.extractall(root)


def a_library_that_is_not_pinned_stops_a_nodes_image():
    skip_if_sanitized()
    with Packages() as packages:
        packages.add("libraries", {name: content for name, content in host_libraries().items() if "gnutls" not in name})
        told = node_image(packages.path / "out", BUILD / "bin/mpcctl", "--packages", packages.lock, code=1,
                          environment=packages.environment()).stderr
        assert "needs libgnutls.so.30, which no package of" in told, told
        assert not (packages.path / "out").exists()


def a_nodes_image_is_stacked_on_a_base_with_a_digest_only():
    with tempfile.TemporaryDirectory() as directory:
        base = f"oci:{directory}/base"
        built = json.loads(run(BUILD / "bin/mpcctl", "image", "build", "--file", f"{ROOT}/LICENSE:/license", "--output", base,
                               "--json").stdout)
        assert "has no digest" in node_image(f"{directory}/out", BUILD / "bin/mpc-launcher", "--base", base, code=1).stderr
        told = node_image(f"{directory}/out", BUILD / "bin/mpc-launcher", "--base", f"{base}@{built['manifest_digest']}", "--",
                          "--cmd", "/app/start.sh").stdout
        image = json.loads(run(BUILD / "bin/mpcctl", "image", "digest", "--json", f"oci-archive:{directory}/out/mpc-node.oci.tar").stdout)
        assert [layer["digest"] for layer in image["layers"]][0] == built["layers"][0]["digest"]
        assert figures(told)["image ID"] == image["image_id"]
        wrong = f"{base}@sha256:" + "0" * 64
        assert "base" in node_image(f"{directory}/other", BUILD / "bin/mpc-launcher", "--base", wrong, code=3).stderr


def small_base(directory):
    """An image to stack a node on, so that nothing is downloaded; with its digest."""
    built = json.loads(run(BUILD / "bin/mpcctl", "image", "build", "--file", f"{ROOT}/LICENSE:/license", "--output",
                           f"oci:{directory}/base", "--json").stdout)
    return f"oci:{directory}/base@{built['manifest_digest']}"


def started(*options):
    """What the image of a node made with these options starts: its entrypoint and its command."""
    with tempfile.TemporaryDirectory() as directory:
        node_image(f"{directory}/out", BUILD / "bin/mpc-launcher", "--base", small_base(directory), "--", *options)
        with tarfile.open(f"{directory}/out/mpc-node.oci.tar") as tar:
            config = blob(tar, blob(tar, json.load(tar.extractfile("index.json"))["manifests"][0])["config"])["config"]
    return config.get("Entrypoint"), config.get("Cmd")


def blob(tar, descriptor):
    return json.load(tar.extractfile("blobs/" + descriptor["digest"].replace(":", "/")))


def a_node_is_started_unless_a_command_is_given():
    node = (None, ["/app/mpc-node"])
    for options, expected in (
            ((), node), (("--cmd", "/a"), (None, ["/a"])), (("--cmd=/a",), (None, ["/a"])),
            (("--entrypoint", "/a"), (["/a"], None)), (("--entrypoint=/a", "--cmd", "b"), (["/a"], ["b"])),
            (("--env", "A=1", "--cmd", "/b"), (None, ["/b"])), (("--label", "note=use --cmd here"), node),
            (("--label=note=--cmd",), node), (("--user", "--cmd=1"), node)):
        assert started(*options) == expected, (options, started(*options))


def every_flag_of_image_build_may_stand_before_a_command():
    text = run(BUILD / "bin/mpcctl", "image", "build", "--help").stdout
    flags = set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)(?: {2,}.*)?$", text, re.MULTILINE)) - {"--help"}
    assert "--json" in flags and "--cmd" not in flags, flags
    for flag in flags:
        assert started(flag, "--cmd", "/app/start.sh") == (None, ["/app/start.sh"]), flag


def only_a_program_for_linux_on_amd64_becomes_a_node():
    with tempfile.TemporaryDirectory() as directory:
        assert "is not a program" in node_image(f"{directory}/out", ROOT / "LICENSE", code=1).stderr
        assert "there is no" in node_image(f"{directory}/out", f"{directory}/none", code=1).stderr


# --- the document -----------------------------------------------------------------------------------------------------


class Documented(tempfile.TemporaryDirectory):
    """Runs commands as docs/reproducible-builds.md has them, in a copy of this repository's scripts."""

    def __enter__(self):
        self.path = Path(super().__enter__())
        for part in ("tools", "packaging", "deployment", "docs"):
            shutil.copytree(ROOT / part, self.path / part)
        for name in ("Makefile", "README.md", "SECURITY.md", "LICENSE"):
            shutil.copy(ROOT / name, self.path / name)
        shutil.copy(BUILD / "bin/mpc-launcher", self.path / "mpc-node")
        (self.path / "build/image").mkdir(parents=True)
        shutil.copy(BUILD / "bin/mpcctl", self.path / "build/image/mpcctl")
        return self

    def run(self, command):
        return run("sh", "-c", command, cwd=self.path, env={**os.environ, "MPCCTL": str(BUILD / "bin/mpcctl")}).stdout

    # One for each command. What stands for ten minutes, a registry or a download is replaced, and nothing else.

    def build_image(self, command):
        assert "manifest digest" in self.run(command.replace("--pinned", f"--built {BUILD}/bin --output build/image"))

    def compare(self, command):
        published = "oci-archive:build/image/mpc-launcher-0.1.0.oci.tar"
        assert "equal" in self.run(command.replace("registry:nearone/mpc-launcher@sha256:DIGEST", published))

    def package(self, command):
        assert "tools/release build build/release" in self.run(f"{command} --dry-run")
        shutil.copytree(release(), self.path / "build/release")

    def reproducible(self, command):
        assert "tools/reproducible" in self.run(f"{command} --dry-run")

    def pinned(self, command):
        assert "tools/reproducible --pinned" in self.run(f"{command} --dry-run")

    def lock(self, command):
        try:
            assert "\nzlib1g 1:" in self.run(command)
        except AssertionError as error:
            assert "Unable to" in str(error) or "Failed to fetch" in str(error), error

    def node_image(self, command):
        assert len(figures(self.run(f"{command} --packages {self.no_packages()}"))) == 3

    def no_packages(self):
        """The launcher, which is a static program, needs none of them."""
        with Packages() as packages:
            packages.add("certificates", {"usr/share/ca-certificates/A.crt": b"A\n"})
            shutil.copytree(packages.path / "packages", self.path / "build/packages")
            return shutil.copy(packages.lock, self.path / "lock")


def every_command_of_the_document_works():
    skip_if_sanitized()
    blocks = re.findall(r"```sh\n(.*?)```", read("docs", "reproducible-builds.md"), re.DOTALL)
    commands_ = [line for block in blocks for line in block.splitlines()]
    with Documented() as documented:
        steps = {"deployment/build-image.sh": documented.build_image, "build/image/mpcctl image digest": documented.run,
                 "build/image/mpcctl image compare": documented.compare, "make package": documented.package,
                 "cd build/release &&": documented.run, "make reproducible": documented.reproducible,
                 "make pinned": documented.pinned,
                 "tools/lock-packages": documented.lock, "deployment/build-node-image.sh": documented.node_image}
        for command in commands_:
            (start,) = [start for start in steps if command.startswith(start)]
            steps.pop(start)(command)
    assert not steps, f"no longer in the document: {list(steps)}"


suite.run([
    every_package_of_the_build_is_pinned,
    lock_files_have_a_digest_for_each_package,
    a_root_is_made_of_the_pinned_packages,
    a_package_with_another_digest_is_refused,
    a_malformed_lock_file_is_refused,
    a_package_that_nobody_has_any_more_is_said_to_be_in_the_snapshot_archive,
    the_auditors_script_says_what_it_built_with,
    the_auditors_script_refuses_what_it_does_not_know,
    a_nodes_image_has_its_libraries_and_certificates_and_starts,
    a_library_that_is_not_pinned_stops_a_nodes_image,
    a_nodes_image_is_stacked_on_a_base_with_a_digest_only,
    a_node_is_started_unless_a_command_is_given,
    every_flag_of_image_build_may_stand_before_a_command,
    only_a_program_for_linux_on_amd64_becomes_a_node,
    every_command_of_the_document_works,
])
