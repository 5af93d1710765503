"""`mpcctl image`: trees there and back, one digest in different circumstances, why two differ, other tools.

usage: image.py BUILD_DIR
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import stat
import subprocess
import tarfile

import suite
from support.images import LONG, Place, as_json, layout_with_layer, mpcctl, refused

CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


def layer_of(layout, number=0):
    """The unpacked tar of a layer."""
    blob = lambda digest: os.path.join(layout, "blobs/sha256", digest[7:])
    with open(os.path.join(layout, "index.json"), "rb") as file:
        index = json.load(file)
    with open(blob(index["manifests"][0]["digest"]), "rb") as file:
        manifest = json.load(file)
    with open(blob(manifest["layers"][number]["digest"]), "rb") as file:
        data = file.read()
    kind = manifest["layers"][number]["mediaType"]
    if kind.endswith("+gzip"):
        return gzip.decompress(data)
    if kind.endswith("+zstd"):
        return subprocess.run(["zstd", "-dc"], input=data, capture_output=True, check=True).stdout
    return data


def listing(root):
    """Path, kind, executable or not, content or target; and which files are one."""
    found = {}
    for directory, directories, files in os.walk(os.fsencode(root)):
        for name in directories + files:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            content = None
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            links = status.st_nlink if stat.S_ISREG(status.st_mode) else 0
            found[os.path.relpath(path, os.fsencode(root))] = (stat.S_IFMT(status.st_mode), content, links)
    return found


# --- there and back ---------------------------------------------------------------------------------------------------


def a_tree_survives_an_image_and_tar():
    for compression in ("none", "gzip", "zstd"):
        with Place() as place:
            root = place.tree()
            place.build("--compression", compression)
            os.mkdir(place / "back")
            subprocess.run(["tar", "-x", "-C", place / "back"], input=layer_of(place / "image"), check=True)
            assert listing(root) == listing(place / "back"), compression
            assert stat.S_IMODE(os.stat(place / "back/app/mpc-node").st_mode) == 0o755
            assert stat.S_IMODE(os.stat(place / "back/etc/note").st_mode) == 0o644


def entries_are_sorted_without_a_trace_of_the_host():
    with Place() as place:
        place.tree()
        place.build()
        with tarfile.open(fileobj=io.BytesIO(layer_of(place / "image")), errors="surrogateescape") as tar:
            entries = tar.getmembers()
        names = [os.fsencode(entry.name) for entry in entries]
        assert names == sorted(names) and len(set(names)) == len(names), names
        for entry in entries:
            assert (entry.uid, entry.gid, entry.mtime, entry.uname, entry.gname) == (0, 0, 0, "", ""), entry


def umoci_unpacks_what_went_in():
    """With modes, owners and capabilities, and every link to what it led to."""
    if not shutil.which("umoci"):
        raise suite.Skip("umoci is not installed")
    if os.geteuid() != 0:
        raise suite.Skip("owners need root")
    for compression in ("none", "gzip"):
        with Place() as place:
            root = place.tree()
            os.chmod(place / "root/etc/note", 0o4710)
            os.chown(place / "root/etc/note", 7, 8)
            os.setxattr(place / "root/etc/empty", "security.capability", CAPABILITY)
            os.chmod(place / "root/var/empty", 0o1777)
            os.lchown(place / "root/app/link", 9, 10)
            place.build("--name", "mpc/node:1", "--compression", compression, "--preserve", "modes", "--preserve",
                        "owners", "--preserve", "capabilities")
            done = subprocess.run(["umoci", "unpack", "--image", place / "image:1", place / "back"],
                                  capture_output=True, check=False)
            assert done.returncode == 0, done
            assert listing(root) == listing(place / "back/rootfs")
            for name in (b"etc/note", b"etc/empty", b"var/empty", b"app/link", b"app/same", b"na\xefve", os.fsencode(LONG)):
                was, now = (os.lstat(os.path.join(os.fsencode(where), name)) for where in (root, place / "back/rootfs"))
                assert (was.st_mode, was.st_uid, was.st_gid) == (now.st_mode, now.st_uid, now.st_gid), name
            assert os.getxattr(place / "back/rootfs/etc/empty", "security.capability") == CAPABILITY
            assert os.stat(place / "back/rootfs/app/mpc-node").st_mtime == 0


def what_is_preserved_is_asked_for():
    with Place() as place:
        place.write("root/tool", b"x", 0o644)
        os.chown(place / "root/tool", 7, 8)
        os.chmod(place / "root/tool", 0o4711)
        os.setxattr(place / "root/tool", "user.host", b"detail")
        os.setxattr(place / "root/tool", "security.capability", CAPABILITY)
        place.build(name="plain")
        place.build("--preserve", "modes", "--preserve", "owners", "--preserve", "capabilities", name="kept")
        found = {}
        for name in ("plain", "kept"):
            with tarfile.open(fileobj=io.BytesIO(layer_of(place / name))) as tar:
                entry = tar.getmember("tool")
                raw = layer_of(place / name)
                found[name] = (entry.mode, entry.uid, entry.gid, CAPABILITY in raw, b"user.host" in raw)
        assert found["plain"] == (0o755, 0, 0, False, False), found
        assert found["kept"] == (0o4711, 7, 8, True, False), found


def circumstances_change_no_byte():
    with Place() as place:
        first = place.tree()
        second = place / "elsewhere/deep/root"
        shutil.copytree(first, second, symlinks=True, ignore=lambda *_: ["same"])
        os.link(os.path.join(second, "app/mpc-node"), os.path.join(second, "app/same"))
        for directory, directories, files in os.walk(second):
            for name in files:
                if not os.path.islink(os.path.join(directory, name)):
                    os.utime(os.path.join(directory, name), (1, 12345))
        os.chmod(os.path.join(second, "etc/note"), 0o666)
        digests = set()
        for number, (root, threads, environment) in enumerate([
                (first, 1, {"TZ": "UTC", "LC_ALL": "C"}), (second, 3, {"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"})]):
            old = os.umask(0o077 if number else 0o022)
            _, printed = place.build("--root", root, "--threads", threads, name=f"image-{number}", **environment)
            os.umask(old)
            digests.add((printed["manifest_digest"], printed["image_id"]))
        assert len(digests) == 1, digests
        assert stat.S_IMODE(os.stat(place / "image-1").st_mode) == 0o755


def archives_are_equal_byte_for_byte_too():
    for form in ("oci-archive", "docker-archive"):
        with Place() as place:
            place.tree()
            place.build(form=form, name="a.tar")
            place.build(form=form, name="b.tar")
            with open(place / "a.tar", "rb") as a, open(place / "b.tar", "rb") as b:
                assert a.read() == b.read(), form
            assert sorted(os.listdir(place.path)) == ["a.tar", "b.tar", "root"]


def the_epoch_is_the_time_of_everything():
    with Place() as place:
        place.write("root/a", b"a")
        place.build(SOURCE_DATE_EPOCH="1234567890")
        with tarfile.open(fileobj=io.BytesIO(layer_of(place / "image"))) as tar:
            assert tar.getmember("a").mtime == 1234567890
        refused(mpcctl("build", "--root", place / "root", "--output", f"oci:{place / 'x'}",
                       SOURCE_DATE_EPOCH="yesterday"), 2, "SOURCE_DATE_EPOCH")


def a_manifest_lists_files_with_modes_and_owners():
    with Place() as place:
        place.write("bin/node", b"node", 0o600)
        entries = [{"path": "/app/node", "source": "bin/node", "mode": "0550", "uid": 5, "gid": 6},
                   {"path": "tmp", "type": "directory", "mode": "1777"},
                   {"path": "app/link", "type": "symlink", "target": "node"},
                   {"path": "app/other", "type": "hardlink", "target": "app/node"}]
        manifest = place.write("files.json", json.dumps(entries).encode())
        place.build("--manifest", manifest)
        with tarfile.open(fileobj=io.BytesIO(layer_of(place / "image"))) as tar:
            seen = {entry.name: (entry.type, entry.mode, entry.uid, entry.gid, entry.linkname) for entry in tar}
        assert seen == {"app": (b"5", 0o755, 0, 0, ""), "app/link": (b"2", 0o777, 0, 0, "node"),
                        "app/node": (b"0", 0o550, 5, 6, ""), "app/other": (b"1", 0o550, 5, 6, "app/node"),
                        "tmp": (b"5", 0o1777, 0, 0, "")}, seen


def what_does_not_belong_into_an_image_is_refused_by_name():
    with Place() as place:
        place.write("root/a", b"a")
        os.mkfifo(place / "root/pipe")
        output = f"oci:{place / 'image'}"
        refused(mpcctl("build", "--root", place / "root", "--output", output), 3, "root/pipe is a fifo")
        os.unlink(place / "root/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(place / "root/sock")
        refused(mpcctl("build", "--root", place / "root", "--output", output), 3, "root/sock is a socket")
        os.unlink(place / "root/sock")
        refused(mpcctl("build", "--root", place / "root", "--file", f"{place / 'root/a'}:/a", "--output", output),
                3, "/a is given twice")
        refused(mpcctl("build", "--file", f"{place / 'root/a'}:/../a", "--output", output), 3, "out of the tree")
        refused(mpcctl("build", "--output", output), 2, "nothing to put")
        refused(mpcctl("build", "--root", place / "root", "--output", place / "image"), 2, "oci:DIR")
        place.write("image/there", b"already")
        refused(mpcctl("build", "--root", place / "root", "--output", output), 3, "is there already")
        assert sorted(os.listdir(place.path)) == ["image", "root"]


# --- what they are ----------------------------------------------------------------------------------------------------


def a_device_is_refused_by_name():
    if os.geteuid() != 0:
        raise suite.Skip("a device needs root")
    with Place() as place:
        os.mkdir(place / "root")
        os.mknod(place / "root/null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
        refused(mpcctl("build", "--root", place / "root", "--output", f"oci:{place / 'image'}"), 3,
                "root/null is a device")
        assert os.listdir(place.path) == ["root"]


def the_config_says_what_was_asked():
    with Place() as place:
        place.write("root/node", b"node", 0o755)
        where, printed = place.build(
            "--entrypoint", "/node", "--entrypoint", "start", "--cmd", "-v", "--env", "A=b=c", "--label", "l=1",
            "--workdir", "/work", "--user", "5:6", "--expose", "80", "--expose", "53/udp")
        with open(os.path.join(place / "image", "blobs/sha256", printed["image_id"][7:]), "rb") as file:
            config = json.load(file)
        assert config["config"] == {
            "Entrypoint": ["/node", "start"], "Cmd": ["-v"], "Env": ["A=b=c"], "Labels": {"l": "1"},
            "WorkingDir": "/work", "User": "5:6", "ExposedPorts": {"80/tcp": {}, "53/udp": {}}}, config
        assert (config["architecture"], config["os"], config["created"]) == ("amd64", "linux", "1970-01-01T00:00:00Z")
        assert where


def digests_are_those_of_the_bytes():
    with Place() as place:
        place.tree()
        content = hashlib.sha256(b"#!/bin/sh\n" * 300_000).hexdigest()
        for form in ("oci", "oci-archive", "docker-archive"):
            where, built = place.build("--name", "mpc/node:1", form=form, name=f"{form}-image")
            seen = as_json("digest", where, "--file", "/app/same")
            assert seen["image_id"] == built["image_id"] and seen["file"]["sha256"] == content, seen
            assert seen["manifest_digest"] == (None if form == "docker-archive" else built["manifest_digest"]), seen
            assert seen["layers"] == built["layers"], seen
        linked = as_json("digest", where, "--file", "/app/link")["file"]
        assert (linked["asked"], linked["path"], linked["size"]) == ("/app/link", "/etc/note", 6), linked
        text = mpcctl("digest", where, "--file", "/app/link").stdout.decode()
        assert "  /etc/note, 6 bytes\n  asked for as   /app/link\n" in text, text
        refused(mpcctl("digest", where, "--file", "/nothing"), 3, "/nothing is not in the image")
        text = mpcctl("digest", where).stdout.decode()
        assert built["image_id"] in text and "contract" in text and "seed-era" in text, text


def a_base_is_taken_byte_for_byte():
    with Place() as place:
        place.write("base/etc/base", b"base")
        place.write("more/app/node", b"node", 0o755)
        base, base_printed = place.build("--root", place / "base", "--env", "A=1", "--env", "B=1", "--cmd", "old",
                                         "--compression", "zstd", name="base-image")
        where, printed = place.build("--root", place / "more", "--env", "A=2", "--entrypoint", "/app/node",
                                     "--base", f"{base}@{base_printed['manifest_digest']}")
        assert printed["layers"][0] == base_printed["layers"][0], printed
        with open(os.path.join(place / "image", "blobs/sha256", printed["image_id"][7:]), "rb") as file:
            config = json.load(file)
        assert config["config"] == {"Entrypoint": ["/app/node"], "Env": ["B=1", "A=2"]}, config
        assert as_json("digest", where, "--file", "etc/base")["file"]["size"] == 4
        refused(mpcctl("build", "--root", place / "more", "--base", f"{base}@sha256:{'0' * 64}", "--output",
                       f"oci:{place / 'x'}"), 3, "is not among its images")
        blob = os.path.join(place / "base-image", "blobs/sha256", base_printed["layers"][0]["digest"][7:])
        with open(blob, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"!")
        done = mpcctl("build", "--root", place / "more", "--base", base, "--output", f"oci:{place / 'y'}")
        refused(done, 3, "base")
        assert not os.path.exists(place / "y")


# --- why two differ ---------------------------------------------------------------------------------------------------


def compared(a, b, code):
    seen = as_json("compare", a, b, code=code)
    assert seen["verdict"] == {0: "equal", 10: "different", 13: "same-content"}[code], seen
    return {(one["where"], one["what"].split(":")[0], one["matters"]) for one in seen["differences"]}


def a_difference_explains_itself():
    with Place() as place:
        place.write("root/a", b"a")
        place.write("root/b", b"b")
        one, _ = place.build(name="one")
        again, _ = place.build(name="again", form="oci-archive")
        assert compared(one, again, 0) == set()
        plain, _ = place.build("--compression", "none", name="plain")
        found = compared(one, plain, 13)
        assert ("layer 1", "compression", False) in found and not any(matters for *_, matters in found), found
        later, _ = place.build(name="later", SOURCE_DATE_EPOCH="5")
        found = compared(one, later, 13)
        assert ("/a", "time", False) in found and not any(matters for *_, matters in found), found
        place.write("root/a", b"A!")
        os.chmod(place / "root/b", 0o755)
        place.write("root/c", b"c")
        other, _ = place.build("--owner", "1:2", "--env", "X=1", name="other")
        found = compared(one, other, 10)
        for wanted in (("/a", "content", True), ("/a", "owner", True), ("/b", "mode", True), ("/c", "only in B", True)):
            assert wanted in found, (wanted, found)
        assert any(where == "config: config.Env" and matters for where, _, matters in found), found
        text = mpcctl("compare", one, other).stdout.decode()
        assert hashlib.sha256(b"A!").hexdigest() in text and "1 bytes" in text and "2 bytes" in text, text


def a_difference_of_content_is_not_lost_among_times():
    with Place() as place:
        for name, time in (("one", 0), ("two", 5)):
            for number in range(300):
                place.write(f"root/{number:03}", b"x")
            place.write("root/z", name.encode())
            place.build(name=name, SOURCE_DATE_EPOCH=str(time))
        places = f"oci:{place / 'one'}", f"oci:{place / 'two'}"
        lines = mpcctl("compare", *places).stdout.decode().splitlines()
        assert lines[0] == "different" and lines[1].startswith("  ! /z: content: "), lines
        assert lines[-1] == "  ~ 301 files: other times" and len(lines) < 10, lines
        assert len(as_json("compare", *places, code=10)["differences"]) > 301


def devices_and_the_root_are_compared():
    def layer(name, mode, major):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
            root = tarfile.TarInfo("./")
            root.type, root.mode, root.mtime = tarfile.DIRTYPE, mode, -5
            device = tarfile.TarInfo("null")
            device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, major, 3
            tar.addfile(root)
            tar.addfile(device)
        return layout_with_layer(place, out.getvalue(), name)

    with Place() as place:
        plain = layer("plain", 0o755, 1)
        assert compared(plain, layer("open", 0o777, 1), 10) >= {("/", "mode", True)}
        assert compared(plain, layer("other", 0o755, 2), 10) >= {("/null", "content", True)}
        refused(mpcctl("digest", plain, "--file", "/null"), 3, "/null is a character device")


def layers_in_other_pieces_are_the_same_content():
    with Place() as place:
        place.write("one/a", b"a")
        place.write("two/b", b"b")
        place.write("all/a", b"a")
        place.write("all/b", b"b")
        base, _ = place.build("--root", place / "one", name="base")
        stacked, _ = place.build("--root", place / "two", "--base", base, name="stacked")
        whole, _ = place.build("--root", place / "all", name="whole")
        assert ("layers", "2 | 1", False) in compared(stacked, whole, 13)


# --- other tools ------------------------------------------------------------------------------------------------------


def skopeo_takes_them_and_keeps_their_digest():
    if not shutil.which("skopeo"):
        raise suite.Skip("skopeo is not installed")
    with Place() as place:
        place.tree()
        for form in ("oci", "oci-archive", "docker-archive"):
            where, built = place.build("--name", "mpc/node:1", "--env", "A=b", form=form, name=form)
            done = subprocess.run(["skopeo", "inspect", "--config", where], capture_output=True, check=False)
            assert done.returncode == 0 and json.loads(done.stdout)["config"]["Env"] == ["A=b"], done
            copied = place / f"{form}-copy"
            done = subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", where, f"dir:{copied}"],
                                  capture_output=True, check=False)
            assert done.returncode == 0, done
            if form != "docker-archive":
                with open(os.path.join(copied, "manifest.json"), "rb") as file:
                    assert "sha256:" + hashlib.sha256(file.read()).hexdigest() == built["manifest_digest"]


def an_archive_of_other_tools_is_read():
    if not shutil.which("skopeo"):
        raise suite.Skip("skopeo is not installed")
    with Place() as place:
        place.tree()
        where, built = place.build("--name", "mpc/node:1")
        for form in ("oci-archive", "docker-archive"):
            target = f"{form}:{place / form}"
            done = subprocess.run(["skopeo", "--insecure-policy", "copy", "--quiet", where, f"{target}:mpc/node:1"],
                                  capture_output=True, check=False)
            assert done.returncode == 0, done
            assert as_json("digest", target, "--file", "etc/note")["image_id"] == built["image_id"]
            expected = 0 if form == "oci-archive" else 13
            compared(where, target, expected)


suite.run([
    a_tree_survives_an_image_and_tar,
    entries_are_sorted_without_a_trace_of_the_host,
    umoci_unpacks_what_went_in,
    what_is_preserved_is_asked_for,
    circumstances_change_no_byte,
    archives_are_equal_byte_for_byte_too,
    the_epoch_is_the_time_of_everything,
    a_manifest_lists_files_with_modes_and_owners,
    what_does_not_belong_into_an_image_is_refused_by_name,
    a_device_is_refused_by_name,
    the_config_says_what_was_asked,
    digests_are_those_of_the_bytes,
    a_base_is_taken_byte_for_byte,
    a_difference_explains_itself,
    a_difference_of_content_is_not_lost_among_times,
    devices_and_the_root_are_compared,
    layers_in_other_pieces_are_the_same_content,
    skopeo_takes_them_and_keeps_their_digest,
    an_archive_of_other_tools_is_read,
])
