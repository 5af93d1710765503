"""What is installed and released: completions, shared libraries, package, tarball, bill of materials, pinned packages.

usage: packaging.py BUILD_DIR
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import suite

BUILD = Path(sys.argv[1]).resolve()
ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = ("mpc-launcher", "mpcctl")


def read(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def run(*command, code=0, **more):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **more)
    assert done.returncode == code, f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def skip_if_sanitized():
    if "MPC_SANITIZE:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text(encoding="utf-8"):
        raise suite.Skip("a sanitized build is not what is released")


def lines_of(text):
    return [line for line in text.splitlines() if line and not line.startswith("#")]


# --- completions ------------------------------------------------------------------------------------------------------


def commands(*words):
    """(words of a command, its subcommands, its options) for a program and all its commands, from their --help."""
    text = run(BUILD / "bin" / words[0], *words[1:], "--help").stdout
    subcommands = re.findall(r"^  (\S+)", text.partition("\nSubcommands:\n")[2], re.MULTILINE)
    options = re.findall(r"^  (?:-\w,\s*)?(--[a-z0-9-]+)", text, re.MULTILINE)
    found = [(words, set(subcommands), set(options))]
    for name in subcommands:
        found += commands(*words, name)
    return found


def everything():
    return [command for program in PROGRAMS for command in commands(program)]


def share():
    """Completions as tools/stage installs them; made once."""
    if not hasattr(share, "directory"):
        share.directory = tempfile.TemporaryDirectory()
        run(ROOT / "tools/completions", BUILD / "bin", share.directory.name)
    return Path(share.directory.name)


def completed_by_bash(asked):
    """What bash offers for each list of words, of which the last is being typed."""
    script = "".join(f"source '{share()}/bash-completion/completions/{program}'\n" for program in PROGRAMS)
    for words in asked:
        function = "_" + words[0].replace("-", "_")
        script += f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; COMPREPLY=(); {function}\n"
        script += 'echo "${COMPREPLY[*]}"\n'
    return [set(line.split()) for line in run("bash", "-euc", script).stdout.splitlines()]


def bash_completes_every_command_and_option():
    every = everything()
    assert len(every) > 25, every
    asked = [words for path, _, _ in every for words in ([*path, ""], [*path, "--"])]
    offered = completed_by_bash(asked)
    for number, (path, subcommands, options) in enumerate(every):
        assert offered[2 * number] == subcommands, (path, offered[2 * number] ^ subcommands)
        assert offered[2 * number + 1] == options, (path, offered[2 * number + 1] ^ options)


def bash_completes_after_options():
    assert completed_by_bash([["mpcctl", "image", "digest", "--json", "--fi"]]) == [{"--file"}]


def fish_completes_every_command_and_option():
    if shutil.which("fish") is None:
        raise suite.Skip("fish is not installed")
    with tempfile.TemporaryDirectory() as home:
        for program in PROGRAMS:
            every = commands(program)
            script = f"source {share()}/fish/vendor_completions.d/{program}.fish\n"
            for path, _, _ in every:
                script += f"complete -C '{' '.join(path)} '; echo =; complete -C '{' '.join(path)} --'; echo =\n"
            environment = {**os.environ, "HOME": home, "PATH": f"{BUILD}/bin:{os.environ['PATH']}"}
            answers = run("fish", "--no-config", "-c", script, env=environment, cwd=home).stdout.split("=\n")
            for number, (path, subcommands, options) in enumerate(every):
                first, second = ({line.split("\t")[0] for line in answers[2 * number + at].splitlines()} for at in (0, 1))
                assert subcommands <= first, (path, subcommands - first)
                assert options <= second, (path, options - second)


def zsh_completes_every_command_and_option():
    if shutil.which("zsh") is None:
        raise suite.Skip("zsh is not installed")
    # In the place of zsh's own functions, which need a terminal, are ones that print what they are given.
    stubs = "_describe() { local name=${@[-1]}; print -rl -- ${(P)name%%:*} }\n_files() { }\n"
    for program in PROGRAMS:
        function = share() / f"zsh/site-functions/_{program}"
        every = commands(program)
        script = stubs + f"complete_() {{ source {function} }}\n"
        for path, _, _ in every:
            for prefix in ("", "--"):
                words = " ".join([*path, f"'{prefix}'"])
                script += f"words=({words}); CURRENT={len(path) + 1}; PREFIX='{prefix}'; complete_; print =\n"
        answers = run("zsh", "-f", "-c", script).stdout.split("=\n")
        for number, (path, subcommands, options) in enumerate(every):
            assert set(answers[2 * number].split()) == subcommands, (path, answers[2 * number])
            assert set(answers[2 * number + 1].split()) == options, (path, answers[2 * number + 1])


def what_is_installed_is_in_its_place():
    with tempfile.TemporaryDirectory() as directory:
        run("sh", "-c", f"umask 077; {ROOT}/tools/stage {BUILD}/bin {directory}/usr")
        names = {str(path.relative_to(directory)) for path in Path(directory).rglob("*") if path.is_file()}
        assert names == {
            *(f"usr/bin/{program}" for program in PROGRAMS), "usr/share/man/man1/mpcctl.1", "usr/share/man/man8/mpc-launcher.8",
            *(f"usr/share/bash-completion/completions/{program}" for program in PROGRAMS),
            *(f"usr/share/zsh/vendor-completions/_{program}" for program in PROGRAMS),
            *(f"usr/share/fish/vendor_completions.d/{program}.fish" for program in PROGRAMS)}, names
        modes = {path.stat().st_mode & 0o777 for path in Path(directory).rglob("*") if path.is_dir() or path.parent.name == "bin"}
        assert modes == {0o755}, [oct(mode) for mode in modes]


# --- programs ---------------------------------------------------------------------------------------------------------


def mpcctl_needs_the_shared_libraries_of_the_list_and_no_other():
    skip_if_sanitized()
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", BUILD / "bin/mpcctl").stdout))
    listed = {line.split()[0] for line in lines_of(read("packaging", "shared-libraries"))}
    assert needed == listed, needed ^ listed


def mpcctl_exports_nothing_of_what_is_linked_in():
    skip_if_sanitized()
    symbols = run("readelf", "--dyn-syms", "-W", BUILD / "bin/mpcctl").stdout
    exported = re.findall(r"(?:FUNC|OBJECT)\s+(?:GLOBAL|WEAK)\s+DEFAULT\s+\d+ (\S+)$", symbols, re.MULTILINE)
    foreign = [name for name in exported if re.match(r"(nettle_|_nettle|EVP_|SSL_|curl_|__gmp|ldap_)", name)]
    assert not foreign, foreign[:5]


def neither_program_knows_where_it_was_built():
    skip_if_sanitized()
    for program in PROGRAMS:
        content = (BUILD / "bin" / program).read_bytes()
        for trace in (str(ROOT).encode() + b"/", b"../src/", b"../apps/"):
            assert trace not in content, (program, trace)


def version_is_the_same_everywhere():
    version = re.search(r"project\(mpc-launcher VERSION (\S+)", read("CMakeLists.txt"))[1]
    assert re.match(r"mpc-launcher \((\S+)\)", read("packaging", "changelog"))[1] == version
    for program in PROGRAMS:
        assert run(BUILD / "bin" / program, "--version").stdout.split()[-1] == version


# --- a release --------------------------------------------------------------------------------------------------------


def release():
    """A release of the built programs; made once."""
    skip_if_sanitized()
    if not hasattr(release, "directory"):
        release.directory = tempfile.TemporaryDirectory()
        run(ROOT / "tools/release", BUILD, release.directory.name)
    return Path(release.directory.name)


def one(pattern):
    (path,) = release().glob(pattern)
    return path


def a_release_is_the_same_in_other_circumstances():
    skip_if_sanitized()
    with tempfile.TemporaryDirectory() as again:
        environment = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "7"}
        run("sh", "-c", f"umask 077; exec {ROOT}/tools/release {BUILD} {again}", env=environment)
        told = run(ROOT / "tools/reproducible", "--compare", release(), again).stdout
        assert "DIFFERENT" not in told and told.count("equal ") == 8, told


def the_sums_are_those_of_every_file():
    run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=release())
    named = {line.split("  ")[1] for line in (release() / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    assert named | {"SHA256SUMS"} == {path.name for path in release().iterdir()}


def the_package_holds_what_is_installed():
    listing = run("dpkg-deb", "--contents", one("*.deb")).stdout
    assert all(line.split()[1] == "root/root" for line in listing.splitlines()), listing
    for name in ("bin/mpc-launcher", "bin/mpcctl", "share/man/man1/mpcctl.1.gz", "share/man/man8/mpc-launcher.8.gz",
                 "share/zsh/vendor-completions/_mpcctl", "share/bash-completion/completions/mpcctl",
                 "share/fish/vendor_completions.d/mpcctl.fish", "share/doc/mpc-launcher/copyright"):
        assert f" ./usr/{name}\n" in listing, name
    depends = run("dpkg-deb", "--field", one("*.deb"), "Depends").stdout
    assert set(depends.strip().split(", ")) == {line.split()[1] for line in lines_of(read("packaging", "shared-libraries"))}


def the_package_can_be_unpacked_and_its_programs_run():
    with tempfile.TemporaryDirectory() as directory:
        run("dpkg-deb", "--extract", one("*.deb"), directory)
        assert run(f"{directory}/usr/bin/mpcctl", "--version").stdout == run(BUILD / "bin/mpcctl", "--version").stdout
        assert gzip.open(f"{directory}/usr/share/man/man1/mpcctl.1.gz").read() == read("docs", "man", "mpcctl.1").encode()


def the_tarball_has_one_directory_with_programs_and_documents():
    with tarfile.open(one("*.tar.gz")) as tar:
        entries = tar.getmembers()
    top = one("*.tar.gz").name.removesuffix(".tar.gz")
    assert all(entry.name.split("/")[0] == top and (entry.uid, entry.gid) == (0, 0) for entry in entries)
    names = {entry.name.partition("/")[2] for entry in entries}
    assert {"bin/mpcctl", "share/man/man1/mpcctl.1", "README.md", "docs/exit-codes.md", "deployment/build-image.sh"} <= names


def the_launchers_image_is_the_program_alone():
    summary = json.loads((release() / "release.json").read_text(encoding="utf-8"))
    program = hashlib.sha256((BUILD / "bin/mpc-launcher").read_bytes()).hexdigest()
    for form in ("oci", "docker"):
        told = json.loads(run(BUILD / "bin/mpcctl", "image", "digest", "--json", "--file", "/mpc-launcher",
                              f"{form}-archive:{one(f'*.{form}.tar')}").stdout)
        assert told["image_id"] == summary["image"]["image_id"] and len(told["layers"]) == 1
        assert program in json.dumps(told["file"]), told


def every_package_that_went_in_is_in_the_bill_of_materials():
    bill = json.loads((release() / "bill-of-materials.spdx.json").read_text(encoding="utf-8"))
    names = {package["SPDXID"]: package["name"] for package in bill["packages"]}
    assert len(names) == len(bill["packages"]), "an identifier twice"
    linked = {(relation["spdxElementId"], names[relation["relatedSpdxElement"]]) for relation in bill["relationships"]
              if relation["relationshipType"] == "STATIC_LINK"}
    assert {("SPDXRef-mpcctl", "libssl-dev"), ("SPDXRef-mpcctl", "libcurl4-openssl-dev"), ("SPDXRef-mpc-launcher", "nettle-dev"),
            ("SPDXRef-mpc-launcher", "libc6-dev")} <= linked, linked
    assert ("SPDXRef-mpc-launcher", "libssl-dev") not in linked
    kinds = {relation["relationshipType"] for relation in bill["relationships"]}
    assert kinds == {"DESCRIBES", "BUILD_TOOL_OF", "BUILD_DEPENDENCY_OF", "STATIC_LINK", "DYNAMIC_LINK"}, kinds
    for relation in bill["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= {"SPDXRef-DOCUMENT", *names}, relation


def a_library_that_is_not_on_the_list_stops_a_release():
    skip_if_sanitized()
    with tempfile.TemporaryDirectory() as directory:
        other = Path(directory) / "repository"
        for part in ("tools", "packaging", "deployment"):
            shutil.copytree(ROOT / part, other / part)
        path = other / "packaging/shared-libraries"
        path.write_text(path.read_text(encoding="utf-8").replace("libsasl2.so.2", "libother.so.1"), encoding="utf-8")
        told = run(other / "tools/release", BUILD, f"{directory}/out", code=1).stderr
        assert "mpcctl needs libsasl2.so.2, which packaging/shared-libraries does not allow" in told, told


# --- comparing --------------------------------------------------------------------------------------------------------


def told_of(change):
    """What the comparison says of a release to which something was done."""
    with tempfile.TemporaryDirectory() as directory:
        other = Path(directory) / "other"
        shutil.copytree(release(), other)
        change(other)
        sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
                       for path in sorted(other.iterdir()) if path.name != "SHA256SUMS")
        (other / "SHA256SUMS").write_text(sums, encoding="utf-8")
        told = run(ROOT / "tools/reproducible", "--compare", release(), other, code=1).stdout
        assert told.count("DIFFERENT") == 1, told
        return told


def a_program_that_differs_is_named_with_its_section():
    def change(other):
        content = (other / "mpcctl").read_bytes()
        at = content.index(b"Deploys, watches and verifies")
        (other / "mpcctl").write_bytes(content[:at] + b"d" + content[at + 1:])

    told = told_of(change)
    assert "DIFFERENT  mpcctl\n    other sections: .rodata\n" in told, told


def an_image_that_differs_is_explained():
    def change(other):
        (other / "mpc-launcher.other").write_bytes(b"another program")
        (archive,) = other.glob("*.oci.tar")
        run(BUILD / "bin/mpcctl", "image", "build", "--file", f"{other}/mpc-launcher.other:/mpc-launcher:755", "--compression",
            "none", "--entrypoint", "/mpc-launcher", "--output", f"oci-archive:{archive}")
        (other / "mpc-launcher.other").unlink()

    told = told_of(change)
    assert re.search(r"DIFFERENT  mpc-launcher-\S+\.oci\.tar\n(.*\n)*.*! .*mpc-launcher.*", told), told


def a_file_that_is_missing_is_a_difference():
    told = told_of(lambda other: (other / "release.json").unlink())
    assert "DIFFERENT  release.json\n    only in the first build" in told, told


# --- pinned packages --------------------------------------------------------------------------------------------------


def every_package_of_the_build_is_pinned():
    build = re.search(r'^build="(.*?)"', read("tools", "setup"), re.MULTILINE | re.DOTALL)[1].replace("\\", " ").split()
    pinned = {line.split()[0] for line in lines_of(read("deployment", "toolchain.lock"))}
    # These make nothing that is in the programs.
    missing = set(build) - pinned - {"make", "ccache", "python3"}
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
                 "tools/lock-packages": documented.lock, "deployment/build-node-image.sh": documented.node_image}
        for command in commands_:
            (start,) = [start for start in steps if command.startswith(start)]
            steps.pop(start)(command)
    assert not steps, f"no longer in the document: {list(steps)}"


suite.run([
    bash_completes_every_command_and_option,
    bash_completes_after_options,
    fish_completes_every_command_and_option,
    zsh_completes_every_command_and_option,
    what_is_installed_is_in_its_place,
    mpcctl_needs_the_shared_libraries_of_the_list_and_no_other,
    mpcctl_exports_nothing_of_what_is_linked_in,
    neither_program_knows_where_it_was_built,
    version_is_the_same_everywhere,
    a_release_is_the_same_in_other_circumstances,
    the_sums_are_those_of_every_file,
    the_package_holds_what_is_installed,
    the_package_can_be_unpacked_and_its_programs_run,
    the_tarball_has_one_directory_with_programs_and_documents,
    the_launchers_image_is_the_program_alone,
    every_package_that_went_in_is_in_the_bill_of_materials,
    a_library_that_is_not_on_the_list_stops_a_release,
    a_program_that_differs_is_named_with_its_section,
    an_image_that_differs_is_explained,
    a_file_that_is_missing_is_a_difference,
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
    only_a_program_for_linux_on_amd64_becomes_a_node,
    every_command_of_the_document_works,
])
