"""What is released: shared libraries, package, tarball, bill of materials, and how two releases are compared.

usage: packaging.py BUILD_DIR
"""

import argparse
import contextlib
import gzip
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path

import suite
from support.released import BUILD, PROGRAMS, ROOT, lines_of, one, read, release, run, skip_if_sanitized


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


def a_release_is_the_same_in_other_circumstances():
    skip_if_sanitized()
    with tempfile.TemporaryDirectory() as again:
        environment = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": "7"}
        run("sh", "-c", f"umask 077; exec {ROOT}/tools/release {BUILD} {again}", env=environment)
        told = run(ROOT / "tools/reproducible", "--compare", release(), again).stdout
        assert "DIFFERENT" not in told and told.count("equal ") == 9, told


def the_sums_are_those_of_every_file():
    run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=release())
    named = {line.split("  ")[1] for line in (release() / "SHA256SUMS").read_text(encoding="utf-8").splitlines()}
    assert named | {"SHA256SUMS"} == {path.name for path in release().iterdir()}


def the_package_holds_what_is_installed():
    listing = run("dpkg-deb", "--contents", one("*.deb")).stdout
    assert all(line.split()[1] == "root/root" for line in listing.splitlines()), listing
    for name in ("bin/mpc-launcher", "bin/mpcctl", "share/man/man1/mpcctl.1.gz", "share/man/man8/mpc-launcher.8.gz",
                 "share/zsh/vendor-completions/_mpcctl", "share/bash-completion/completions/mpcctl",
                 "share/fish/vendor_completions.d/mpcctl.fish", "share/doc/mpc-launcher/copyright",
                 "share/doc/mpc-launcher/third-party-licences.txt.gz"):
        assert f" ./usr/{name}\n" in listing, name


def field(name):
    return run("dpkg-deb", "--field", one("*.deb"), name).stdout.strip()


def the_package_needs_libraries_that_have_the_symbols_of_mpcctl():
    depends = dict(re.fullmatch(r"(\S+) \(>= (\S+)\)", each).groups() for each in field("Depends").split(", "))
    assert depends.keys() == {line.split()[1] for line in lines_of(read("packaging", "shared-libraries"))}, depends
    used = re.findall(r"Name: GLIBC_([0-9.]+)", run("readelf", "-VW", BUILD / "bin/mpcctl").stdout)
    newest = max(used, key=lambda version: [int(part) for part in version.split(".")])
    run("dpkg", "--compare-versions", depends["libc6"], "ge", newest)


def lintian_finds_nothing_wrong_with_the_package():
    skip_if_sanitized()
    if shutil.which("lintian") is None:
        raise suite.Skip("lintian is not installed")
    told = run("lintian", "--allow-root", "--fail-on", "error,warning", one("*.deb")).stdout
    assert not told, told


def the_package_can_be_unpacked_and_its_programs_run():
    with tempfile.TemporaryDirectory() as directory:
        run("dpkg-deb", "--extract", one("*.deb"), directory)
        assert run(f"{directory}/usr/bin/mpcctl", "--version").stdout == run(BUILD / "bin/mpcctl", "--version").stdout
        assert gzip.open(f"{directory}/usr/share/man/man1/mpcctl.1.gz").read() == read("docs", "man", "mpcctl.1").encode()


class Unpacked(tempfile.TemporaryDirectory):
    """The tarball's one directory."""

    def __enter__(self):
        with tarfile.open(one("*.tar.gz")) as tar:
            tar.extractall(super().__enter__())
        return Path(self.name) / one("*.tar.gz").name.removesuffix(".tar.gz")


def the_tarball_has_one_directory_with_programs_and_documents():
    with tarfile.open(one("*.tar.gz")) as tar:
        entries = tar.getmembers()
    top = one("*.tar.gz").name.removesuffix(".tar.gz")
    assert all(entry.name.split("/")[0] == top and (entry.uid, entry.gid) == (0, 0) for entry in entries)
    names = {entry.name.partition("/")[2] for entry in entries}
    assert {"bin/mpcctl", "share/man/man1/mpcctl.1", "INSTALL.md", "docs/exit-codes.md", "deployment/policy.toml"} <= names


def nothing_in_the_tarball_names_a_file_that_is_not_there():
    with Unpacked() as top:
        texts = [path for path in top.rglob("*") if path.suffix in (".md", ".toml", ".yaml", ".conf", ".sh", ".1", ".8")]
        assert len(texts) > 15, texts
        for path in texts:
            text = path.read_text(encoding="utf-8").replace("\\-", "-")
            named = [path.parent / target for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
            below = r"(?<![\w./-])(?:bin|build|deployment|docs|packaging|share|tools)/\w[\w./-]*\w"
            named += [top / name for name in re.findall(below, text)]
            missing = [str(name.relative_to(top)) for name in named if not name.exists()]
            assert not missing, (path.name, missing)


def the_commands_of_the_tarballs_document_work():
    with Unpacked() as top:
        block = re.search(r"```sh\n(.*?)```", (top / "INSTALL.md").read_text(encoding="utf-8"), re.DOTALL)[1]
        assert "/usr/local" in block and "/tmp/node" in block, block
        (top / "local").mkdir()
        run("sh", "-euc", block.replace("/usr/local", "local").replace("/tmp/node", "node"), cwd=top)
        assert (top / "local/bin/mpcctl").exists() and (top / "local/share/man/man1/mpcctl.1").exists()


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


def inside():
    """Packages whose archives or headers are in the programs."""
    inputs = json.loads((release() / "release.json").read_text(encoding="utf-8"))["inputs"]
    return [each for role in ("linked", "headers") for program in PROGRAMS for each in inputs[role][program]]


def the_licences_of_all_that_is_linked_in_are_shipped():
    path = release() / "third-party-licences.txt"
    licences = path.read_text(encoding="utf-8")
    titles = re.findall(r"={120}\n(.*)\n={120}\n", licences)
    told = {name for title in titles if " (source: " in title for name in title.partition(" (")[0].split(", ")}
    assert told == {each["package"] for each in inside()} and len(told) > 20, told
    for name in told:
        assert Path(f"/usr/share/doc/{name}/copyright").read_text(encoding="utf-8") in licences, name
    assert "/usr/share/common-licenses/LGPL-3" in titles and "GNU LESSER GENERAL PUBLIC LICENSE" in licences
    with Unpacked() as top, tempfile.TemporaryDirectory() as package:
        run("dpkg-deb", "--extract", one("*.deb"), package)
        assert (top / path.name).read_bytes() == path.read_bytes()
        assert gzip.open(f"{package}/usr/share/doc/mpc-launcher/{path.name}.gz").read() == path.read_bytes()
    bill = json.loads((release() / "bill-of-materials.spdx.json").read_text(encoding="utf-8"))
    assert f"{path.name}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}" in bill["comment"], bill["comment"]
    assert {each["name"] for each in bill["packages"] if path.name in each.get("licenseComments", "")} == told


def the_package_names_the_sources_that_are_linked_in():
    sources = {f"{each['source']} (= {each['source_version']})" for each in inside()}
    assert set(field("Static-Built-Using").split(", ")) == sources and any("openssl (=" in each for each in sources), sources


def what_decides_the_bytes_of_a_release_is_named():
    inputs = json.loads((release() / "release.json").read_text(encoding="utf-8"))["inputs"]
    tools = " ".join(each["package"] for each in inputs["tools"])
    for part in ("liblzma5", "gzip", "dpkg", "dpkg-dev", "g\\+\\+-12", r"python3\.\d+-minimal", "libmpfr6", "base-files"):
        assert re.search(rf"(?<!\S){part}(?!\S)", tools), (part, tools)


def a_package_for_every_architecture_is_named_so():
    bill = json.loads((release() / "bill-of-materials.spdx.json").read_text(encoding="utf-8"))
    purls = {each["name"]: reference["referenceLocator"] for each in bill["packages"] for reference in each.get("externalRefs", [])}
    assert purls["libcli11-dev"].endswith("?arch=all") and purls["libssl-dev"].endswith("?arch=amd64"), purls


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


def a_pinned_build_that_differs_names_the_packages_that_do():
    loader = importlib.machinery.SourceFileLoader("reproducible", str(ROOT / "tools/reproducible"))
    reproducible = importlib.util.module_from_spec(importlib.util.spec_from_loader("reproducible", loader))
    loader.exec_module(reproducible)
    with tempfile.TemporaryDirectory() as directory:
        release_, second = Path(directory) / "release", Path(directory) / "second"
        for path in (release_, second):
            path.mkdir()
        (second / "mpcctl").write_bytes(b"other")
        shutil.copy(release() / "mpc-launcher", second)
        reproducible.build_pinned = lambda target, jobs: second
        options = argparse.Namespace(pinned=True, jobs=1, keep=False)
        told = io.StringIO()
        (release_ / "mpcctl").write_bytes(b"one")
        for name in ("mpc-launcher", "SHA256SUMS"):
            shutil.copy(release() / name, release_)
        summary = json.loads((release() / "release.json").read_text(encoding="utf-8"))
        for role in (summary["inputs"]["linked"]["mpcctl"], summary["inputs"]["headers"]["mpcctl"]):
            for package in role:
                package["version"] = "0.1" if package["package"] == "libssl-dev" else package["version"]
        (release_ / "release.json").write_text(json.dumps(summary), encoding="utf-8")
        reproducible.explain = lambda *_: "explained"
        with contextlib.redirect_stdout(told):
            assert reproducible.compare_builds(release_, options) == (1, 2)
    assert "DIFFERENT  mpcctl" in told.getvalue() and "libssl-dev 0.1 here, 3." in told.getvalue(), told.getvalue()


suite.run([
    mpcctl_needs_the_shared_libraries_of_the_list_and_no_other,
    mpcctl_exports_nothing_of_what_is_linked_in,
    neither_program_knows_where_it_was_built,
    version_is_the_same_everywhere,
    a_release_is_the_same_in_other_circumstances,
    the_sums_are_those_of_every_file,
    the_package_holds_what_is_installed,
    the_package_needs_libraries_that_have_the_symbols_of_mpcctl,
    lintian_finds_nothing_wrong_with_the_package,
    the_package_can_be_unpacked_and_its_programs_run,
    the_tarball_has_one_directory_with_programs_and_documents,
    nothing_in_the_tarball_names_a_file_that_is_not_there,
    the_commands_of_the_tarballs_document_work,
    the_launchers_image_is_the_program_alone,
    every_package_that_went_in_is_in_the_bill_of_materials,
    the_licences_of_all_that_is_linked_in_are_shipped,
    the_package_names_the_sources_that_are_linked_in,
    what_decides_the_bytes_of_a_release_is_named,
    a_package_for_every_architecture_is_named_so,
    a_library_that_is_not_on_the_list_stops_a_release,
    a_program_that_differs_is_named_with_its_section,
    an_image_that_differs_is_explained,
    a_file_that_is_missing_is_a_difference,
    a_pinned_build_that_differs_names_the_packages_that_do,
])
