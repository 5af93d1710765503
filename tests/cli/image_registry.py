"""`mpcctl image` and registries: what is pushed, what is fetched, with which credentials, and what lies come to.

usage: image_registry.py BUILD_DIR
"""

import base64
import gzip
import hashlib
import json
import os
import resource
import subprocess
import sys
import tarfile

import suite
from support.images import MPCCTL, Place, as_json, mpcctl, refused, tar_of
from support.registry import MANIFEST, PASSWORD, TOKEN, USER, Registry, digest_of

INDEX = "application/vnd.oci.image.index.v1+json"


def build(place, registry, *options, tag=":1", **environment):
    """The tree of the place, pushed. Returns what was printed."""
    return as_json("build", "--root", place / "root", "--output", registry.place + tag, *options, **environment)


def node(place):
    place.write("root/app/node", b"a node" * 1000, 0o755)


def stocked(registry, layer=None, **config):
    """An image made by hand; returns the manifest's digest."""
    tar = tar_of(("a", tarfile.REGTYPE, b"content"))
    blob = registry.add_blob(layer or gzip.compress(tar))
    config = registry.add_blob(json.dumps({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [config.get("diff_id", digest_of(tar))]}}).encode())
    manifest = {"schemaVersion": 2, "config": {**config, "mediaType": "application/vnd.oci.image.config.v1+json"},
                "layers": [{**blob, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]}
    return registry.add_manifest(json.dumps(manifest).encode(), "1")["digest"]


# --- pushing ----------------------------------------------------------------------------------------------------------


def what_is_pushed_is_what_was_built():
    with Place() as place, Registry() as registry:
        place.tree()
        pushed = build(place, registry)
        _, built = place.build()
        assert {**pushed, "output": ""} == {**built, "output": ""}, (pushed, built)
        assert registry.tags == {"1": built["manifest_digest"]}
        for directory, _, files in os.walk(place / "image/blobs/sha256"):
            for name in files:
                with open(os.path.join(directory, name), "rb") as file:
                    data = file.read()
                held = registry.blobs.get("sha256:" + name) or registry.manifests["sha256:" + name][0]
                assert held == data, name
        assert registry.manifests[built["manifest_digest"]][1] == MANIFEST
        assert registry.requests[-1] == f"GET /manifests/{built['manifest_digest']}"


def without_a_tag_only_the_digest_is_pushed():
    with Place() as place, Registry() as registry:
        node(place)
        digest = build(place, registry, tag="")["manifest_digest"]
        assert not registry.tags and list(registry.manifests) == [digest]
        assert as_json("digest", f"{registry.place}@{digest}")["manifest_digest"] == digest


def what_is_there_is_not_sent_again():
    with Place() as place, Registry() as registry:
        node(place)
        build(place, registry)
        assert registry.count("POST") == 2
        build(place, registry, tag=":2")
        assert registry.count("POST") == 2 and set(registry.tags) == {"1", "2"}


def a_large_layer_is_not_held_in_memory():
    with open(os.path.join(sys.argv[1], "CMakeCache.txt"), encoding="utf-8") as cache:
        if "MPC_SANITIZE:BOOL=ON" in cache.read():
            raise suite.Skip("a sanitizer keeps for a while what was freed")
    with Place() as place, Registry(keeps_layers=False) as registry:
        os.mkdir(place / "root")
        with open(place / "root/large", "wb") as file:
            file.truncate(300_000_000)
        build(place, registry, "--compression", "none", TMPDIR=place.path)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        assert peak < 150, f"{peak} MB"
        assert os.listdir(place.path) == ["root"]


def what_goes_wrong_with_a_push_is_an_error():
    def status(number, code="DENIED"):
        def lie(handler):
            for _ in handler.body_pieces():
                pass
            handler.no(number, code)
        return lie

    def location(where):
        return lambda handler: handler.answer(202, **({"Location": where} if where else {}))

    def another_digest(handler):
        for _ in handler.body_pieces():
            pass
        handler.answer(201, Docker_Content_Digest="sha256:" + "0" * 64)

    cases = {
        "leave to push": {"POST /blobs/uploads/": status(403)},
        "status 500 (UNKNOWN)": {"POST /blobs/uploads/": status(500, "UNKNOWN")},
        "there is not a place for the blob": {"POST /blobs/uploads/": status(404, "NAME_UNKNOWN")},
        "status 400 (DIGEST_INVALID)": {"PUT /upload": status(400, "DIGEST_INVALID")},
        "status 413": {"PUT /upload": status(413)},
        "without a Location": {"POST /blobs/uploads/": location(None)},
        "the Location of its answer": {"POST /blobs/uploads/": location("ftp://example.com/")},
        "has taken the blob": {"PUT /upload": another_digest},
        "status 400 (MANIFEST_INVALID)": {"PUT /manifests/*": status(400, "MANIFEST_INVALID")},
        "status 202": {"PUT /manifests/1": status(202)},
        "has taken the manifest": {"PUT /manifests/1": another_digest},
        "has the digest": {"GET /manifests/*": lambda handler: handler.answer(200, b"{}", Content_Type=MANIFEST)},
        "connection": {"PUT /upload": lambda handler: setattr(handler, "close_connection", True)},
    }
    for wanted, lies in cases.items():
        with Place() as place, Registry() as registry:
            node(place)
            registry.lies = lies
            done = mpcctl("build", "--root", place / "root", "--output", registry.place + ":1", TMPDIR=place.path)
            refused(done, 3 if "404" in wanted or "there is not" in wanted else 4, "pushing to", wanted)
            assert os.listdir(place.path) == ["root"], wanted


def an_upload_somewhere_else_takes_no_credentials_along():
    for wants in (None, "basic", "bearer"):  # and none are there to be had by asking
        with Place() as place, Registry(wants="basic") as registry, Registry(wants) as other:
            node(place)
            registry.lies["POST /blobs/uploads/"] = lambda handler: handler.answer(
                202, Location=f"http://{other.address}/v2/mpc/node/upload?state=a%2Fb")
            done = mpcctl("build", "--root", place / "root", "--output", registry.place, "--docker-config",
                          docker_config(place, registry))
            assert other.requests == ["PUT /upload"] * (1 if wants else 2), other.requests
            assert all("Authorization" not in headers for headers in other.headers)
            refused(done, 4, "leave to push" if wants else "MANIFEST_BLOB_UNKNOWN")


# --- credentials ------------------------------------------------------------------------------------------------------


def docker_config(place, registry, password=PASSWORD):
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    return place.write("config.json", json.dumps({"auths": {registry.address: {"auth": auth}}}).encode(), 0o600)


def credentials_are_those_of_a_file_and_never_shown():
    for wants in ("basic", "bearer"):
        with Place() as place, Registry(wants) as registry:
            node(place)
            config = docker_config(place, registry)
            output = ["--root", place / "root", "--output", registry.place + ":1"]
            done = mpcctl("build", *output, "--docker-config", config)
            assert done.returncode == 0, done
            assert mpcctl("digest", registry.place + ":1", "--docker-config", config).returncode == 0
            refused(mpcctl("build", *output), 4, "wants a user" if wants == "basic" else "gives no token")
            refused(mpcctl("digest", registry.place + ":1"), 4)
            refused(mpcctl("build", *output, HOME=place.path), 4)
            config = docker_config(place, registry, "canary-wrong")
            for command in (["build", *output], ["digest", registry.place + ":1"]):
                done = mpcctl(*command, "--docker-config", config)
                refused(done, 4)
                shown = (done.stdout + done.stderr).decode()
                for secret in (PASSWORD, TOKEN, "canary-wrong", base64.b64encode(b"canary")[:7].decode()):
                    assert secret not in shown, shown


def a_credentials_file_is_there_and_well_formed():
    with Place() as place, Registry() as registry:
        stocked(registry)
        refused(mpcctl("digest", registry.place + ":1", "--docker-config", place / "none"), 3, "--docker-config", "none")
        broken = place.write("config.json", b"{")
        refused(mpcctl("digest", registry.place + ":1", "--docker-config", broken), 3, "--docker-config")


def only_this_machine_is_spoken_to_without_tls():
    with Place() as place, Registry() as registry:
        node(place)
        port = registry.address.rsplit(":", 1)[1]
        output = f"registry:localhost.localdomain:{port}/mpc/node"
        done = mpcctl("build", "--root", place / "root", "--output", output)
        refused(done, 4, "https://")
        assert not registry.requests


# --- fetching ---------------------------------------------------------------------------------------------------------


def a_registrys_image_is_the_one_that_was_built():
    with Place() as place, Registry() as registry:
        place.tree()
        digest = build(place, registry)["manifest_digest"]
        where, built = place.build()
        for name in (":1", f"@{digest}", f":another@{digest}"):
            seen = as_json("digest", registry.place + name, "--file", "etc/note", TMPDIR=place.path)
            assert (seen["manifest_digest"], seen["layers"]) == (digest, built["layers"]), seen
            assert seen["file"]["sha256"] == hashlib.sha256(b"a note").hexdigest()
        assert as_json("compare", where, registry.place + ":1")["verdict"] == "equal"
        plain, _ = place.build("--compression", "none", name="plain")
        assert as_json("compare", registry.place + ":1", plain, code=13)["verdict"] == "same-content"
        assert sorted(os.listdir(place.path)) == ["image", "plain", "root"]


def of_an_index_the_image_for_this_platform_is_taken():
    with Registry() as registry:
        digest = stocked(registry)
        one = {"digest": digest, "size": len(registry.manifests[digest][0]), "mediaType": MANIFEST}
        other = registry.add_manifest(b"{}")
        platforms = [{**other, "platform": {"os": "linux", "architecture": "arm64"}},
                     {**one, "platform": {"os": "linux", "architecture": "amd64"}}]
        index = registry.add_manifest(json.dumps({"schemaVersion": 2, "manifests": platforms}).encode(), "all", INDEX)
        seen = as_json("digest", registry.place + ":all")
        assert (seen["manifest_digest"], seen["index_digest"]) == (digest, index["digest"]), seen


def a_base_in_a_registry_is_named_by_its_digest():
    with Place() as place, Registry() as registry:
        place.write("root/base", b"base")
        base = build(place, registry, "--compression", "zstd")
        place.write("more/node", b"node")
        root = ["--root", place / "more"]
        _, built = place.build(*root, "--base", f"{registry.place}@{base['manifest_digest']}")
        assert built["layers"][0] == base["layers"][0] and len(built["layers"]) == 2, built
        again = as_json("build", *root, "--base", f"{registry.place}:1@{base['manifest_digest']}", "--output",
                        registry.place + ":2")
        assert again["manifest_digest"] == built["manifest_digest"]
        for name in (registry.place, registry.place + ":1", "engine:mpc/node:1"):
            refused(mpcctl("build", *root, "--base", name, "--output", f"oci:{place / 'x'}"), 2, "by its digest")
        registry.blobs[base["layers"][0]["digest"]] = b"x" * base["layers"][0]["size"]
        done = mpcctl("build", *root, "--base", f"{registry.place}@{base['manifest_digest']}", "--output",
                      f"oci:{place / 'x'}")
        refused(done, 4, "are not those of its digest")
        assert not os.path.exists(place / "x")


def what_cannot_be_is_refused_before_anything_is_asked():
    with Place() as place, Registry() as registry:
        node(place)
        for option, name in ((registry.place + "@sha256:" + "0" * 64, "has a digest"), ("engine:a/b", "is an engine"),
                             ("registry:Upper/Case", "--output")):
            refused(mpcctl("build", "--root", place / "root", "--output", option), 2, name)
        refused(mpcctl("build", "--root", place / "root", "--output", registry.place, "--name", "a/b:1"), 2, "--name")
        refused(mpcctl("digest", registry.place), 2, "neither a tag nor a digest")
        assert not registry.requests


def lies_of_a_registry_are_refused():
    def whole(data, **headers):
        return lambda handler: handler.answer(200, data, **headers)

    def endless(handler):
        handler.answer(200, b"", Content_Length="1000000000000")
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def redirect(where):
        return lambda handler: handler.answer(307, Location=where)

    manifest = "GET /manifests/*"
    cases = [
        ({"GET /blobs/*": whole(b"short")}, "instead of"),
        ({"GET /blobs/*": whole(b"x" * 10_000)}, "longer than"),
        ({"GET /blobs/*": endless}, "longer than"),
        ({"GET /blobs/*": whole(b"cut", Content_Length="200")}, ""),
        ({"GET /blobs/*": redirect("/v2/mpc/node/blobs/sha256:loop")}, "without end"),
        ({"GET /blobs/*": redirect("http://[::2")}, "Location"),
        ({manifest: whole(b"{}")}, "has the digest"),
        ({manifest: endless}, "more than 4 MiB"),
        ({manifest: whole(b"<html>", Content_Type="text/html")}, "has the digest"),
        ({manifest: lambda handler: handler.no(500, "UNKNOWN")}, "status 500"),
        ({manifest: lambda handler: handler.no(429, "TOOMANYREQUESTS")}, "too often"),
    ]
    for lies, wanted in cases:
        with Place() as place, Registry() as registry:
            digest = stocked(registry)
            registry.lies = lies
            name = f"{registry.place}@{digest}"
            refused(mpcctl("digest", name, TMPDIR=place.path), 4, wanted)
            refused(mpcctl("compare", name, name, TMPDIR=place.path), 4, wanted)
            assert not os.listdir(place.path)


def lies_in_a_manifest_are_refused():
    def with_manifest(registry, change, media_type=MANIFEST):
        manifest = json.loads(registry.manifests[stocked(registry)][0])
        change(manifest)
        registry.add_manifest(json.dumps(manifest).encode(), "1", media_type)

    def size(number):
        return lambda manifest: manifest["layers"][0].update(size=number)

    for change, wanted in ((size(1 << 50), "more than 32 GiB"), (size(3), "longer than"), (size(4000), "instead of"),
                           (lambda manifest: manifest["config"].update(size=5 << 20), "is larger than"),
                           (lambda manifest: manifest["layers"].append(manifest["layers"][0]), "2 layers and 1 diff"),
                           (lambda manifest: manifest["layers"][0].update(digest="sha256:../../x"), "digest")):
        with Place() as place, Registry() as registry:
            with_manifest(registry, change)
            refused(mpcctl("digest", registry.place + ":1", TMPDIR=place.path), 4, wanted)
            assert not os.listdir(place.path)
    with Registry() as registry:
        with_manifest(registry, lambda _: None, "text/html")
        refused(mpcctl("digest", registry.place + ":1"), 4, 'it is "text/html" and no image')
    with Registry() as registry:
        inner = registry.add_manifest(b"{}")
        for _ in range(5):
            inner = registry.add_manifest(json.dumps({"manifests": [inner]}).encode(), "deep", INDEX)
        refused(mpcctl("digest", registry.place + ":deep"), 4, "nested too deeply")
    with Registry() as registry:
        stocked(registry, diff_id="sha256:" + "0" * 64)
        refused(mpcctl("digest", registry.place + ":1"), 3, "diff id")


def a_registry_that_is_not_there_is_named():
    refused(mpcctl("digest", "registry:127.0.0.1:1/mpc/node:1"), 4, "127.0.0.1:1")
    with Registry() as registry:
        refused(mpcctl("digest", registry.place + ":1"), 3, "MANIFEST_UNKNOWN")


# --- the engine -------------------------------------------------------------------------------------------------------


def an_engine_that_is_not_there_is_named():
    with Place() as place:
        refused(mpcctl("digest", "engine:mpc/node:1", "--engine", place / "none.sock"), 4, "none.sock")
        help_text = subprocess.run([MPCCTL, "image", "digest", "--help"], capture_output=True, check=True).stdout
        assert b"/var/run/docker.sock" in help_text


suite.run([
    what_is_pushed_is_what_was_built,
    without_a_tag_only_the_digest_is_pushed,
    what_is_there_is_not_sent_again,
    a_large_layer_is_not_held_in_memory,
    what_goes_wrong_with_a_push_is_an_error,
    an_upload_somewhere_else_takes_no_credentials_along,
    credentials_are_those_of_a_file_and_never_shown,
    a_credentials_file_is_there_and_well_formed,
    only_this_machine_is_spoken_to_without_tls,
    a_registrys_image_is_the_one_that_was_built,
    of_an_index_the_image_for_this_platform_is_taken,
    a_base_in_a_registry_is_named_by_its_digest,
    what_cannot_be_is_refused_before_anything_is_asked,
    lies_of_a_registry_are_refused,
    lies_in_a_manifest_are_refused,
    a_registry_that_is_not_there_is_named,
    an_engine_that_is_not_there_is_named,
])
