"""`mpcctl image build`: what it will not build upon, put in or leave behind, and how it ends early.

usage: image_build.py BUILD_DIR
"""

import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import tarfile
import time

import suite
from support.images import MPCCTL, Place, layout_with_layer, mpcctl, refused, tar_of

FILE, DIRECTORY, LINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE


def manifest_of(layout):
    with open(os.path.join(layout, "index.json"), "rb") as file:
        digest = json.load(file)["manifests"][0]["digest"]
    with open(os.path.join(layout, "blobs/sha256", digest[7:]), "rb") as file:
        return json.load(file)


# --- bases ------------------------------------------------------------------------------------------------------------


def a_link_of_the_base_is_not_replaced_by_a_directory():
    with Place() as place:
        base = layout_with_layer(place, tar_of(("usr/bin/sh", FILE, b"sh"), ("bin", LINK, "usr/bin")), name="base")
        tool = place.write("tool", b"tool", 0o755)
        refused(mpcctl("build", "--base", base, "--file", f"{tool}:/bin/tool:755", "--output", f"oci:{place / 'image'}"),
                3, "/bin/tool would replace /bin of the base, a link to usr/bin", "give it as /usr/bin/tool")
        assert sorted(os.listdir(place.path)) == ["base", "tool"]
        where, _ = place.build("--base", base, "--file", f"{tool}:/usr/bin/tool:755")
        assert mpcctl("digest", where, "--file", "/usr/bin/sh").returncode == 0


def a_base_of_dockers_becomes_an_image_of_ocis():
    with Place() as place:
        kind = "application/vnd.docker.image.rootfs.diff.tar"
        base = layout_with_layer(place, tar_of(("a", FILE, b"a")), name="base", media=kind)
        place.build("--base", base, "--file", f"{place.write('b', b'b')}:/b", "--name", "mpc/node:1")
        types = [layer["mediaType"] for layer in manifest_of(place / "image")["layers"]]
        assert types == ["application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip"], types
        if shutil.which("umoci") and os.geteuid() == 0:
            subprocess.run(["umoci", "unpack", "--image", place / "image:1", place / "back"], capture_output=True,
                           check=True)
            assert sorted(os.listdir(place / "back/rootfs")) == ["a", "b"]


def layers_that_are_kept_elsewhere_are_no_base():
    for kind in ("vnd.docker.image.rootfs.foreign.diff.tar.gzip", "vnd.oci.image.layer.nondistributable.v1.tar"):
        with Place() as place:
            base = layout_with_layer(place, tar_of(("a", FILE, b"a")), name="base", media="application/" + kind)
            refused(mpcctl("build", "--base", base, "--file", f"{place.write('b', b'b')}:/b", "--output",
                           f"oci:{place / 'image'}"), 3, "base: layer 1", kind)


def what_is_no_image_for_us_is_no_base():
    with Place() as place:
        output = f"oci:{place / 'image'}"
        file = f"{place.write('b', b'b')}:/b"
        twice = layout_with_layer(place, tar_of(("a", FILE, b"a"), ("a", FILE, b"b")), name="twice")
        refused(mpcctl("build", "--base", twice, "--file", file, "--output", output), 3, "/a is in the layer twice")
        arm = layout_with_layer(place, tar_of(("a", FILE, b"a")), name="arm", architecture="arm64")
        refused(mpcctl("build", "--base", arm, "--file", file, "--output", output), 3, "base: it is for linux/arm64")


# --- files ------------------------------------------------------------------------------------------------------------


def the_output_lies_outside_of_the_root():
    with Place() as place:
        place.write("root/a", b"a")
        os.symlink("root", place / "other")
        for root, output in (("root", "root/image"), ("root", "other/image"), ("other", "root"), ("root", "root/b/c")):
            for form in ("oci", "oci-archive"):
                refused(mpcctl("build", "--root", place / root, "--output", f"{form}:{place / output}"), 2,
                        "--output lies in --root")
        place.build("--root", place / "root", name="root-image")


def attributes_that_are_left_behind_are_told():
    with Place() as place:
        place.write("root/a", b"a")
        place.write("root/b", b"b")
        output = ("--output", f"oci-archive:{place / 'image'}")
        done = mpcctl("build", "--root", place / "root", *output)
        assert done.returncode == 0 and not done.stderr, done
        for name in ("root/a", "root/b"):
            os.setxattr(place / name, "user.origin", b"x")
        done = mpcctl("build", "--root", place / "root", *output)
        assert done.returncode == 0 and done.stderr.decode() == (
            "note: extended attributes are left behind, of 2 of the files: "
            f"user.origin of {place / 'root/a'}, and others\n"), done


def an_error_has_a_place_and_a_remedy():
    with Place() as place:
        file = place.write("f", b"f")
        output = ("--output", f"oci:{place / 'image'}")
        refused(mpcctl("build", "--file", f"{file}:/f:8x", *output), 2, f"--file {file}:/f:8x: a mode is not")
        refused(mpcctl("build", "--file", f"{file}:/d/", *output), 3, f"--file {file}:/d/", "/d/ is a directory", "/d/f")
        refused(mpcctl("build", "--file", f"{place / 'no'}:/f", *output), 3, "cannot find", "No such file")
        refused(mpcctl("build", "--root", place / "no", *output), 3, f"{place / 'no'} is not a directory")
        refused(mpcctl("build", "--manifest", place / "no", *output), 3, "--manifest")
        deep = os.open(place.path, os.O_RDONLY)
        for _ in range(20):  # further than a path can name
            os.mkdir("d" * 250, dir_fd=deep)
            deep, above = os.open("d" * 250, os.O_RDONLY, dir_fd=deep), deep
            os.close(above)
        os.close(deep)
        refused(mpcctl("build", "--root", place.path, "--output", f"oci:{place.path}-image"), 3,
                "cannot list " + place.path + "/ddd", "File name too long")
        shutil.rmtree(place / ("d" * 250))


# --- the config -------------------------------------------------------------------------------------------------------


def a_config_is_utf8_and_its_directory_absolute():
    with Place() as place:
        place.write("root/a", b"a")
        given = ("build", "--root", place / "root", "--output", f"oci:{place / 'image'}")
        bad = os.fsdecode(b"a=\xff")
        for option in ("--entrypoint", "--cmd", "--env", "--label", "--workdir", "--user"):
            refused(mpcctl(*given, option, bad), 2, f"{option} is not UTF-8")
        refused(mpcctl(*given, "--workdir", "rel"), 2, "--workdir")
        assert os.listdir(place.path) == ["root"]
        place.build("--label", "l=ä")


# --- ends early -------------------------------------------------------------------------------------------------------


def ended_by(number, *options):
    """What a run says that gets the signal when it is at work."""
    with subprocess.Popen([MPCCTL, "image", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        time.sleep(0.5)
        assert run.poll() is None, run.communicate()
        run.send_signal(number)
        _, error = run.communicate(timeout=30)
    return run.returncode, error.decode()


def a_build_ends_on_signals_and_leaves_nothing():
    with Place() as place:
        with open(place.write("root/large", b""), "wb") as file:
            file.truncate(40 << 30)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            code, error = ended_by(number, "build", "--root", place / "root", "--threads", "1", "--output",
                                   f"oci-archive:{place / 'image'}")
            assert code == 4 and "asked to end by a signal\nremedy: run it again" in error, (code, error)
            assert os.listdir(place.path) == ["root"], os.listdir(place.path)


def reading_an_image_ends_on_signals():
    with Place() as place:
        header = tarfile.TarInfo("large")
        header.size = 40 << 30
        zeros = gzip.compress(bytes(64 << 20))
        layer = gzip.compress(header.tobuf(tarfile.GNU_FORMAT)) + zeros * 640
        image = layout_with_layer(place, layer)
        assert ended_by(signal.SIGTERM, "digest", image)[0] == 4
        code, error = ended_by(signal.SIGTERM, "build", "--base", image, "--file", f"{place.write('f', b'')}:/f",
                               "--output", f"oci:{place / 'image'}")
        assert code == 4 and "asked to end by a signal\nremedy: run it again" in error, (code, error)


def a_place_that_is_full_is_named_and_left_as_it_was():
    with Place() as place:
        with open(place.write("root/large", b""), "wb") as file:
            file.truncate(4 << 20)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        for output, remedy in ((f"oci-archive:{place / 'image'}", "make room where the image goes"),
                               ("registry:127.0.0.1:1/mpc/node:1", "TMPDIR")):
            done = subprocess.run([MPCCTL, "image", "build", "--root", place / "root", "--compression", "none", "--output",
                                   output], capture_output=True, check=False, preexec_fn=limit,
                                  env={**os.environ, "TMPDIR": place.path})
            refused(done, 3, "cannot write " + place.path, "File too large", remedy)
            assert os.listdir(place.path) == ["root"], os.listdir(place.path)


suite.run([
    a_link_of_the_base_is_not_replaced_by_a_directory,
    a_base_of_dockers_becomes_an_image_of_ocis,
    layers_that_are_kept_elsewhere_are_no_base,
    what_is_no_image_for_us_is_no_base,
    the_output_lies_outside_of_the_root,
    attributes_that_are_left_behind_are_told,
    an_error_has_a_place_and_a_remedy,
    a_config_is_utf8_and_its_directory_absolute,
    a_build_ends_on_signals_and_leaves_nothing,
    reading_an_image_ends_on_signals,
    a_place_that_is_full_is_named_and_left_as_it_was,
])
