"""What the suites of `mpcctl image` have in common: running it, a place with a tree in it, layouts made by hand."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

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


def layout_with_layer(place, tar, name="hostile", diff_id=None, media="application/vnd.oci.image.layer.v1.tar",
                      architecture="amd64"):
    """A layout whose digests are right, around whatever layer there is."""
    directory = place / name
    os.makedirs(os.path.join(directory, "blobs/sha256"))

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(os.path.join(directory, "blobs/sha256", digest), "wb") as file:
            file.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}

    layer = blob(tar)
    config = blob(json.dumps({"architecture": architecture, "os": "linux", "config": {}, "rootfs": {
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
