"""`mpcctl image digest` and `compare` on images of strangers: an error for each, and nothing written anywhere.

Each layer comes as a layout, as an OCI archive, as an archive of `docker save`, from a registry and from an engine.

usage: image_hostile.py BUILD_DIR
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import zlib

import suite
from support.engine import Engine
from support.images import Place, layout_with_layer, mpcctl, refused, tar_of
from support.registry import MANIFEST, Registry, digest_of

FORMS = ("oci", "oci-archive", "docker-archive", "registry", "engine")


def blobs_of(layout):
    directory = os.path.join(layout, "blobs/sha256")
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            yield name, file.read()


def parts_of(layout):
    """The bytes of manifest and config, and the layer's."""
    blobs = dict(blobs_of(layout))
    with open(os.path.join(layout, "index.json"), "rb") as file:
        manifest = blobs[json.load(file)["manifests"][0]["digest"][7:]]
    content = json.loads(manifest)
    return manifest, blobs[content["config"]["digest"][7:]], blobs[content["layers"][0]["digest"][7:]]


@contextlib.contextmanager
def image_in(form, place, layer, **more):
    """The layer as an image of that form; gives its name, and the option with which it is found."""
    layout = layout_with_layer(place, layer, **more).removeprefix("oci:")
    manifest, config, layer = parts_of(layout)
    if form == "oci":
        yield f"oci:{layout}", ()
    elif form == "oci-archive":
        subprocess.run(["tar", "-cf", place / "archive", "-C", layout, "."], check=True)
        yield f"oci-archive:{place / 'archive'}", ()
    elif form in ("docker-archive", "engine"):
        listed = json.dumps([{"Config": "config.json", "Layers": ["layer.tar"], "RepoTags": None}]).encode()
        archive = tar_of(*((name, tarfile.REGTYPE, content) for name, content in (
            ("config.json", config), ("layer.tar", layer), ("manifest.json", listed))))
        if form == "docker-archive":
            place.write("archive", archive)
            yield f"docker-archive:{place / 'archive'}", ()
        else:
            with Engine(place / "engine", archive):
                yield "engine:mpc/node:1", ("--engine", place / "engine")
    else:
        with Registry() as registry:
            registry.add_blob(config)
            registry.add_blob(layer)
            registry.add_manifest(manifest, "1", MANIFEST)
            yield registry.place + ":1", ()


def is_refused(layer, wanted, code=3, **more):
    for form in FORMS:
        with Place() as place, image_in(form, place, layer, **more) as (name, where):
            before = sorted(os.listdir(place.path))
            here = os.getcwd()
            os.chdir(place.path)
            try:
                refused(mpcctl("digest", name, *where, TMPDIR=place.path), code, wanted)
                refused(mpcctl("compare", name, name, *where, TMPDIR=place.path), code, wanted)
            finally:
                os.chdir(here)
            assert sorted(os.listdir(place.path)) == before, (form, os.listdir(place.path))


def header(name, size, kind=b"0"):
    """A tar header whose size may be anything."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def pax(*records):
    """A pax header of those keys and values."""
    text = b""
    for key, value in records:
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest) + 1
        while length != len(rest) + len(str(length)):
            length = len(rest) + len(str(length))
        text += str(length).encode() + rest
    return header("pax", len(text), b"x") + text + b"\0" * (-len(text) % 512)


GOOD = tar_of(("a", tarfile.REGTYPE, b"content"))
END = b"\0" * 1024


def hostile_layers_are_refused():
    file, link, hard = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    broken = bytearray(GOOD)
    broken[0] ^= 1
    for wanted, layer in {
        "leads out of the tree": tar_of(("../escape", file, b"")),
        "is an absolute path": tar_of(("/etc/passwd", file, b"")),
        "in the layer twice": tar_of(("a", file, b"1"), ("a", file, b"2")),
        "lies below": tar_of(("a", link, "/etc"), ("a/passwd", file, b"")),
        "hard link to no file that is there before it": tar_of(("a", hard, "nothing")),
        "hides /a": tar_of(("a", file, b"1"), (".wh.a", file, b"")),
        "its target": tar_of(("a", hard, "../../etc/shadow")),
        "is cut": GOOD[:600],
        "has no end": GOOD[:1024],
        "follows the end": GOOD + b"x" * 512,
        "checksum": bytes(broken),
        "is the character device 0:0": tar_of(("dev", tarfile.CHRTYPE, b"")),
        "unknown type": tar_of(("a", b"Z", b"")),
        "not a tar archive": b"no archive at all" * 100,
    }.items():
        is_refused(layer, wanted)


def one_file_is_not_two_by_another_spelling():
    file, directory = tarfile.REGTYPE, tarfile.DIRTYPE
    is_refused(tar_of(("a", file, b"1"), ("./a", file, b"2")), "in the layer twice")
    is_refused(tar_of(("a/b", file, b"1"), ("a//b", file, b"2")), "in the layer twice")
    is_refused(tar_of(("a", file, b"1"), ("a/", directory, b"")), "in the layer twice")
    is_refused(pax((b"path", b"b")) + GOOD[:1024] + header("b", 0) + END, "in the layer twice")
    is_refused(pax((b"path", b"b"), (b"path", b"c")) + GOOD, "says something twice")
    is_refused(pax((b"path", b"b")) + pax((b"path", b"c")) + GOOD, "follows another")
    is_refused(pax((b"path", b"../b")) + GOOD, "leads out of the tree")


def lying_sizes_are_refused():
    is_refused(header("a", 1 << 40) + END, "larger than an archive may be")
    is_refused(header("a", 1 << 30) + b"x" * 2048, "is cut within a")
    is_refused(header("pax", 1 << 30, b"x") + b"x" * 1024, "extended header is larger")
    is_refused(header("long", 1 << 30, b"L") + b"x" * 1024, "extended header is larger")
    is_refused(pax((b"size", b"1099511627776000")) + GOOD, "larger than an archive may be")
    is_refused(pax((b"size", b"-1")) + GOOD, "a number that is none")
    is_refused(header("a", 5, b"5") + END, "claims to have content")


def cut_and_damaged_compression_is_refused():
    zstd = subprocess.run(["zstd", "-qc"], input=GOOD, capture_output=True, check=True).stdout
    same = {"diff_id": digest_of(GOOD)}
    is_refused(gzip.compress(GOOD)[:-9], "compressed data is cut", **same)
    is_refused(gzip.compress(GOOD) + b"more", "or something follows it", **same)
    is_refused(gzip.compress(GOOD)[:-6] + b"\0\0\0\0\0\0", "damaged", **same)
    is_refused(zstd[:-3], "compressed data is cut", **same)
    is_refused(zstd + b"more", "or something follows it", **same)
    is_refused(gzip.compress(GOOD) + gzip.compress(b"x" * 512), "follows the end", **same)
    is_refused(gzip.compress(gzip.compress(GOOD)), "", **same)


def bombs_are_refused():
    """What a few kilobytes unpack to does not take the memory or the disk, and is noticed."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join([zeros.compress(header("a", 1 << 40))] + [zeros.compress(b"\0" * (1 << 20)) for _ in range(64)]
                    + [zeros.flush()])
    assert len(bomb) < 100_000
    is_refused(bomb, "larger than an archive may be")
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    long = b"n" * 4000
    names = (pax((b"path", long + str(number).zfill(8).encode())) + header("a", 0) for number in range(35_000))
    bomb = b"".join([packer.compress(name) for name in names] + [packer.flush()])
    is_refused(bomb, "names and attributes have more than")
    many = b"".join(b"20 SCHILY.xattr.%02x=\n" % number for number in range(200))
    many = header("pax", len(many), b"x") + many + b"\0" * (-len(many) % 512)
    is_refused(many + GOOD, "has more than 128 attributes")
    deep = b"/".join([b"d"] * 600)
    is_refused(pax((b"path", deep)) + GOOD, "longer or deeper")


def attributes_of_overlayfs_are_refused():
    """An engine that unpacks them shows another directory in the place of this one."""
    for name in (b"trusted.overlay.redirect", b"trusted.overlay.opaque", b"user.overlay.redirect"):
        is_refused(pax((b"SCHILY.xattr." + name, b"/x")) + GOOD, f"a: has the attribute {name.decode()}")


def every_error_begins_with_the_image():
    for form in FORMS:
        with Place() as place, image_in(form, place, b"no archive at all" * 100) as (name, where):
            for command in (["digest", name], ["compare", name, name]):
                done = mpcctl(*command, *where)
                assert done.stderr.decode().startswith(f"mpcctl: {name}: layer 1: "), done
    with Place() as place:
        layout = layout_with_layer(place, GOOD)
        place.write("hostile/index.json", b"no JSON")
        for name, code, wanted in ((layout, 3, "index.json: "), ("oci:/none", 3, "cannot open"),
                                   ("registry:127.0.0.1:1/a:1", 4, ""), ("engine:a:1", 4, ""), ("what", 2, "")):
            done = mpcctl("digest", name, "--engine", place / "none")
            assert done.stderr.decode().startswith(f"mpcctl: {name}: {wanted}"), done
            refused(done, code)
        done = mpcctl("digest", layout_with_layer(place, GOOD, "good"), "--file", "none")
        refused(done, 3, f"mpcctl: oci:{place / 'good'}: none: /none is not in the image")


def contradictions_between_digests_and_bytes_are_refused():
    is_refused(GOOD, "diff id", diff_id="sha256:" + "0" * 64)
    for form in ("oci", "oci-archive"):
        for part, wanted in ((0, "is not what its name says"), (1, "is not what its name says"), (2, "layer 1")):
            with Place() as place:
                layout = layout_with_layer(place, GOOD).removeprefix("oci:")
                data = parts_of(layout)[part]
                path = os.path.join(layout, "blobs/sha256", hashlib.sha256(data).hexdigest())
                for other, why in ((data[:-1] + bytes([data[-1] ^ 1]), wanted), (data + b"x", "bytes, and not"),
                                   (data[:-1], "bytes, and not")):
                    with open(path, "wb") as file:
                        file.write(other)
                    name = f"oci:{layout}"
                    if form == "oci-archive":
                        subprocess.run(["tar", "-cf", place / "archive", "-C", layout, "."], check=True)
                        name = f"oci-archive:{place / 'archive'}"
                    refused(mpcctl("digest", name), 3, why)


def archives_that_are_no_images_are_refused():
    file = tarfile.REGTYPE
    listed = json.dumps([{"Config": "config.json", "Layers": ["layer.tar"], "RepoTags": None}]).encode()
    config = json.dumps({"rootfs": {"diff_ids": [digest_of(GOOD)]}}).encode()
    parts = {"config.json": config, "layer.tar": GOOD, "manifest.json": listed}

    def archive(**changes):
        names = {**parts, **{name.replace("_", "."): content for name, content in changes.items()}}
        return tar_of(*((name, file, content) for name, content in names.items() if content is not None))

    for data, wanted in (
            (archive(manifest_json=None), "manifest.json is not in the archive"),
            (archive(config_json=None), "config.json is not in the archive"),
            (archive(layer_tar=None), "layer.tar is not in the archive"),
            (archive(manifest_json=b"[]"), "does not list one image"),
            (archive(manifest_json=b"[" * 100_000), "manifest.json"),
            (archive(manifest_json=b" " * (5 << 20)), "larger than"),
            (archive(config_json=b"{}"), "rootfs"),
            (archive() + archive(), "follows the end"),
            (archive()[:3000], "layer.tar claims to be larger"), (archive()[:600], "cut short"),
            (tar_of(*((name, file, content) for name, content in parts.items()), ("layer.tar", file, b"x")),
             "in the archive twice"),
            (tar_of(("manifest.json", tarfile.SYMTYPE, "/etc/passwd")), "manifest.json is not in the archive"),
            (tar_of(("../manifest.json", file, listed)), "leads out of the tree"),
            (b"", "no end"), (io.BytesIO(GOOD).read(100), "cut")):
        with Place() as place:
            place.write("archive", data)
            refused(mpcctl("digest", f"docker-archive:{place / 'archive'}"), 3, wanted)
            assert os.listdir(place.path) == ["archive"]


def a_layout_does_not_lead_out_of_itself():
    with Place() as place:
        layout = layout_with_layer(place, GOOD).removeprefix("oci:")
        layer = os.path.join(layout, "blobs/sha256", hashlib.sha256(GOOD).hexdigest())
        place.write("outside", GOOD)
        os.unlink(layer)
        os.symlink(place / "outside", layer)
        refused(mpcctl("digest", f"oci:{layout}"), 3, "cannot open")
        os.unlink(layer)
        os.mkfifo(layer)
        refused(mpcctl("digest", f"oci:{layout}"), 3, "not a regular file")


def an_engine_that_lies_is_refused():
    def answer(status, body, **headers):
        def send(handler):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)
        return send

    for sends, code, wanted in ((answer(404, b""), 3, "no such image"), (answer(500, b"{}"), 4, "status 500"),
                                (answer(200, GOOD, Content_Length="99999"), 4, "partial message"),
                                (answer(200, b"5\r\nhel", Transfer_Encoding="chunked"), 4, "partial message"),
                                (answer(200, b"<html>"), 3, "the archive is cut"), (answer(200, b""), 3, "no end"),
                                (lambda handler: handler.wfile.write(b"no HTTP\n"), 4, "engine")):
        with Place() as place, Engine(place / "engine", sends):
            done = mpcctl("digest", "engine:mpc/node:1", "--engine", place / "engine", TMPDIR=place.path)
            refused(done, code, wanted)
            assert os.listdir(place.path) == ["engine"]


def what_strangers_name_is_printed_without_its_controls():
    with Place() as place:
        for form in FORMS:
            layer = tar_of(("\x1b[2Jevil\n", tarfile.REGTYPE, b"1"))
            other = tar_of(("\x1b[2Jevil\n", tarfile.REGTYPE, b"2"))
            with image_in(form, place, layer, name=f"a-{form}") as (a, where):
                with image_in("oci", place, other, name=f"b-{form}") as (b, _):
                    done = mpcctl("compare", a, b, *where)
            assert done.returncode == 10 and b"\x1b" not in done.stdout and b"evil" in done.stdout, done


def archives_with_a_comment_for_all_are_taken():
    """As `git archive` makes them."""
    comment = header("pax_global_header", 52, b"g") + (b"52 comment=" + b"a" * 40 + b"\n").ljust(512, b"\0")
    for form in FORMS:
        with Place() as place, image_in(form, place, comment + GOOD) as (name, where):
            assert mpcctl("digest", name, "--file", "a", *where).returncode == 0, form
    path = header("pax_global_header", 9, b"g") + b"9 path=x\n".ljust(512, b"\0")
    is_refused(path + GOOD, "global pax header with path")


suite.run([
    hostile_layers_are_refused,
    one_file_is_not_two_by_another_spelling,
    lying_sizes_are_refused,
    cut_and_damaged_compression_is_refused,
    bombs_are_refused,
    attributes_of_overlayfs_are_refused,
    every_error_begins_with_the_image,
    contradictions_between_digests_and_bytes_are_refused,
    archives_that_are_no_images_are_refused,
    a_layout_does_not_lead_out_of_itself,
    an_engine_that_lies_is_refused,
    what_strangers_name_is_printed_without_its_controls,
    archives_with_a_comment_for_all_are_taken,
])
