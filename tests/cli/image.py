"""`mpcctl image`: trees there and back, one digest in different circumstances, other tools, hostile archives.

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
import sys
import tarfile
import tempfile

import suite

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
LONG = "d" * 90 + "/" + "f" * 120


def mpcctl(*options, **environment):
    return subprocess.run([MPCCTL, "image", *map(str, options)], capture_output=True, check=False, timeout=120,
                          env={**os.environ, **environment})


def as_json(*options, code=0, **environment):
    done = mpcctl(*options, "--json", **environment)
    assert done.returncode == code, done
    return json.loads(done.stdout)


def refused(done, code, *mentions):
    error = done.stderr.decode()
    assert done.returncode == code and not done.stdout, done
    assert error.startswith("mpcctl: ") and "\nremedy: " in error, error
    for text in mentions:
        assert text in error, f"{text} is not mentioned: {error}"


class Place(tempfile.TemporaryDirectory):
    """A directory with a tree in it."""

    def __enter__(self):
        self.path = super().__enter__()
        return self

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def write(self, name, content, mode=0o644):
        path = self / name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def tree(self, name="root"):
        """One of everything that an image can have."""
        self.write(f"{name}/app/mpc-node", b"#!/bin/sh\n" * 300_000, 0o700)
        self.write(f"{name}/etc/empty", b"")
        self.write(f"{name}/etc/note", b"a note", 0o600)
        self.write(f"{name}/{LONG}", b"long")
        os.makedirs(self / f"{name}/var/empty")
        os.symlink("../etc/note", self / f"{name}/app/link")
        os.symlink("x" * 150, self / f"{name}/app/long-link")
        os.link(self / f"{name}/app/mpc-node", self / f"{name}/app/same")
        with open(os.fsencode(self / name) + b"/na\xefve", "wb") as file:
            file.write(b"not UTF-8")
        with open(self / f"{name}/sparse", "wb") as file:
            file.truncate(3_000_000)
        return self / name

    def build(self, *options, form="oci", name="image", code=0, **environment):
        """Builds the tree, unless told what. Returns where it is and what was printed."""
        what = options if {"--root", "--file", "--manifest"} & set(options) else ("--root", self / "root", *options)
        place = f"{form}:{self / name}"
        return place, as_json("build", *what, "--output", place, code=code, **environment)


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


def what_is_preserved_is_asked_for():
    with Place() as place:
        place.write("root/tool", b"x", 0o644)
        os.chown(place / "root/tool", 7, 8)
        os.chmod(place / "root/tool", 0o4711)
        os.setxattr(place / "root/tool", "user.host", b"detail")
        capability = bytes.fromhex("0100000200040000000000000000000000000000")
        os.setxattr(place / "root/tool", "security.capability", capability)
        place.build(name="plain")
        place.build("--preserve", "modes", "--preserve", "owners", "--preserve", "capabilities", name="kept")
        found = {}
        for name in ("plain", "kept"):
            with tarfile.open(fileobj=io.BytesIO(layer_of(place / name))) as tar:
                entry = tar.getmember("tool")
                raw = layer_of(place / name)
                found[name] = (entry.mode, entry.uid, entry.gid, capability in raw, b"user.host" in raw)
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
        refused(mpcctl("digest", where, "--file", "/app/link"), 3, "symbolic link to ../etc/note")
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


# --- hostile archives -------------------------------------------------------------------------------------------------


def layout_with_layer(place, tar, name="hostile", diff_id=None, media="application/vnd.oci.image.layer.v1.tar"):
    """A layout whose digests are right, around whatever layer there is."""
    directory = place / name
    os.makedirs(os.path.join(directory, "blobs/sha256"))

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(directory, "blobs/sha256", digest), "wb") as file:
            file.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    layer = blob(tar)
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": [diff_id or layer["digest"]]}}).encode())
    kind = "application/vnd.oci.image."
    manifest = blob(json.dumps({"schemaVersion": 2, "config": {**config, "mediaType": kind + "config.v1+json"},
                                "layers": [{**layer, "mediaType": media}]}).encode())
    with open(os.path.join(directory, "index.json"), "w", encoding="ascii") as file:
        json.dump({"schemaVersion": 2, "manifests": [{**manifest, "mediaType": kind + "manifest.v1+json"}]}, file)
    return f"oci:{directory}"


def tar_of(*entries, **more):
    """Entries are (name, type, content or target)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=more.get("format", tarfile.USTAR_FORMAT)) as tar:
        for name, kind, content in entries:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def hostile_layers_are_refused():
    file, link, hard = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    good = tar_of(("a", file, b"content"))
    broken = bytearray(good)
    broken[0] ^= 1
    cases = {
        "leads out of the tree": tar_of(("../escape", file, b"")),
        "is an absolute path": tar_of(("/etc/passwd", file, b"")),
        "in the layer twice": tar_of(("a", file, b"1"), ("a", file, b"2")),
        "lies below": tar_of(("a", link, "/etc"), ("a/passwd", file, b"")),
        "hard link to no file": tar_of(("a", hard, "nothing")),
        "is cut": good[:600],
        "has no end": good[:1024],
        "follows the end": good + b"x" * 512,
        "checksum": bytes(broken),
        "is a device": tar_of(("dev", tarfile.CHRTYPE, b"")),
        "unknown type": tar_of(("a", b"Z", b"")),
        "compressed data is cut": gzip.compress(good)[:-9],
        "or something follows it": gzip.compress(good) + b"more",
        "not a tar archive": b"no archive at all" * 100,
    }
    for wanted, layer in cases.items():
        with Place() as place:
            where = layout_with_layer(place, layer)
            refused(mpcctl("digest", where), 3, wanted)
            refused(mpcctl("compare", where, where), 3, wanted)
            assert os.listdir(place.path) == ["hostile"], os.listdir(place.path)


def lies_about_digests_and_sizes_are_refused():
    good = tar_of(("a", tarfile.REGTYPE, b"content"))
    with Place() as place:
        refused(mpcctl("digest", layout_with_layer(place, good, diff_id="sha256:" + "0" * 64)), 3, "diff id")
    with Place() as place:
        place.write("root/a", b"a")
        where, built = place.build()
        blobs = place / "image/blobs/sha256"
        for digest, wanted in ((built["manifest_digest"], "is not what its name says"),
                               (built["image_id"], "is not what its name says"),
                               (built["layers"][0]["digest"], "layer 1")):
            path = os.path.join(blobs, digest[7:])
            with open(path, "rb") as file:
                old = file.read()
            with open(path, "wb") as file:
                file.write(old[:-1] + bytes([old[-1] ^ 1]))
            refused(mpcctl("digest", where), 3, wanted)
            with open(path, "wb") as file:
                file.write(old + b"x")
            refused(mpcctl("digest", where), 3, "bytes, and not")
            with open(path, "wb") as file:
                file.write(old)
        assert mpcctl("digest", where).returncode == 0


suite.run([
    a_tree_survives_an_image_and_tar,
    entries_are_sorted_without_a_trace_of_the_host,
    what_is_preserved_is_asked_for,
    circumstances_change_no_byte,
    archives_are_equal_byte_for_byte_too,
    the_epoch_is_the_time_of_everything,
    a_manifest_lists_files_with_modes_and_owners,
    what_does_not_belong_into_an_image_is_refused_by_name,
    the_config_says_what_was_asked,
    digests_are_those_of_the_bytes,
    a_base_is_taken_byte_for_byte,
    a_difference_explains_itself,
    layers_in_other_pieces_are_the_same_content,
    skopeo_takes_them_and_keeps_their_digest,
    an_archive_of_other_tools_is_read,
    hostile_layers_are_refused,
    lies_about_digests_and_sizes_are_refused,
])
