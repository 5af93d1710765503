"""Images of `mpcctl image` in the real engine and the real registry, there and back."""

import json
import shutil
import subprocess
from pathlib import Path

from harness.cvm import wait_until
from harness.registry import docker_config
from harness.runner import each, test


def mpcctl(world, *options):
    done = subprocess.run([world.binaries / "mpcctl", "image", *map(str, options), "--json"], capture_output=True,
                          check=False)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def near_registry(world, *options, code=0):
    """As mpcctl(), on the network where the registries are."""
    done = world.cvm.at_site(world.mpcctl, "image", *options, "--json")
    assert done.wait() == code, done.output()
    return json.loads(done.output()) if code in (0, 13) else done.output()


def build(world, output, *options, where=mpcctl):
    """A busybox that says hello when it is run."""
    return where(world, "build", "--file", "/bin/busybox:/bin/busybox", "--env", "GREETING=hello",
                 "--entrypoint", "/bin/busybox", "--entrypoint", "sh", "--cmd", "-c", "--cmd",
                 "echo $GREETING from $PWD", "--workdir", "/work", "--output", output, *options,
                 *([] if output.startswith("registry:") else ["--name", "mpc/built:1"]))


def assert_runs(world, image):
    world.engine.run("built", image)
    wait_until("the greeting", lambda: "hello from /work" in world.engine.logs("built"))


@each(compression=("none", "gzip"))
def the_engine_loads_and_runs_what_was_built(world, compression):
    archive = world.cvm.directory / f"built-{compression}.tar"
    built = build(world, f"docker-archive:{archive}", "--compression", compression)
    world.engine.load(Path(archive).read_bytes())
    assert built["image_id"] in world.engine.image_ids(), (built, world.engine.image_ids())
    assert_runs(world, "mpc/built:1")
    archive.unlink()


@test
def a_registry_and_the_engine_keep_the_digest(world):
    layout = world.cvm.directory / "built-layout"
    built = build(world, f"oci:{layout}")
    copy = world.cvm.at_site("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests",
                             "--dest-tls-verify=false", f"oci:{layout}", f"docker://{world.repository}:built")
    assert copy.wait() == 0, copy.output()
    world.engine.pull(world.repository, built["manifest_digest"])
    assert built["image_id"] in world.engine.image_ids()
    assert_runs(world, f"{world.repository}@{built['manifest_digest']}")


@each(compression=("none", "gzip", "zstd"))
def a_push_is_what_skopeo_and_the_engine_see(world, compression):
    built = build(world, f"registry:{world.repository}:pushed", "--compression", compression, where=near_registry)
    layout = world.cvm.directory / f"pushed-{compression}"
    assert build(world, f"oci:{layout}", "--compression", compression)["manifest_digest"] == built["manifest_digest"]
    seen = world.cvm.at_site("skopeo", "inspect", "--tls-verify=false", f"docker://{world.repository}:pushed")
    assert seen.wait() == 0 and json.loads(seen.output())["Digest"] == built["manifest_digest"], seen.output()
    fetched = near_registry(world, "digest", f"registry:{world.repository}:pushed")
    assert (fetched["manifest_digest"], fetched["layers"]) == (built["manifest_digest"], built["layers"])
    assert near_registry(world, "compare", f"oci:{layout}", f"registry:{world.repository}@{built['manifest_digest']}") == {
        "verdict": "equal", "differences": []}
    shutil.rmtree(layout)
    if compression != "zstd":  # the engine 20.10 does not know it
        world.engine.pull(world.repository, built["manifest_digest"])
        assert built["image_id"] in world.engine.image_ids()
        assert_runs(world, f"{world.repository}@{built['manifest_digest']}")


@test
def a_push_without_a_tag_is_found_by_its_digest_alone(world):
    built = build(world, f"registry:{world.repository}", where=near_registry)
    world.engine.pull(world.repository, built["manifest_digest"])
    assert built["image_id"] in world.engine.image_ids()
    assert "MANIFEST_UNKNOWN" in near_registry(world, "digest", f"registry:{world.repository}:latest", code=3) or \
        "NAME_UNKNOWN" in near_registry(world, "digest", f"registry:{world.repository}:latest", code=3)


@test
def a_private_registry_is_pushed_to_with_its_credentials_only(world):
    registry = world.private_registry.start()
    place = f"registry:{registry.address}/mpc/node:1"
    config = docker_config(world.cvm.directory, registry.address)
    assert "user and a password" in build(world, place, where=lambda *options: near_registry(*options, code=4))
    built = build(world, place, "--docker-config", config, where=near_registry)
    fetched = near_registry(world, "digest", place, "--docker-config", config)
    assert fetched["manifest_digest"] == built["manifest_digest"]
    docker_config(world.cvm.directory, registry.address, password="canary-wrong")
    shown = near_registry(world, "digest", place, "--docker-config", config, code=4)
    assert "canary" not in shown


@each(image=("node", "docker_format", "multi_platform"))
def what_others_pushed_is_read_and_built_upon(world, image):
    image = getattr(world.images, image)
    world.publish(image)
    place = f"registry:{world.repository}@{image.digest}"
    seen = near_registry(world, "digest", place, "--file", "/app/mpc-node")
    assert seen["image_id"] == image.id and image.digest in (seen["manifest_digest"], seen["index_digest"]), seen
    assert tuple(layer["digest"] for layer in seen["layers"]) == image.layer_digests
    above = near_registry(world, "build", "--file", "/etc/hostname:/etc/hostname", "--base", place, "--output",
                          f"registry:{world.repository}:above")
    assert tuple(layer["digest"] for layer in above["layers"][:-1]) == image.layer_digests
    world.engine.pull(world.repository, above["manifest_digest"])
    assert above["image_id"] in world.engine.image_ids()


@test
def what_the_engine_has_is_read_from_it(world):
    archive = world.cvm.directory / "built.tar"
    built = build(world, f"docker-archive:{archive}", "--compression", "none")
    world.engine.load(archive.read_bytes())
    for name in ("mpc/built:1", built["image_id"]):
        seen = mpcctl(world, "digest", f"engine:{name}", "--engine", world.engine.socket, "--file", "/bin/busybox")
        assert (seen["image_id"], seen["manifest_digest"]) == (built["image_id"], None), seen
        assert [layer["diff_id"] for layer in seen["layers"]] == [layer["diff_id"] for layer in built["layers"]]
    assert mpcctl(world, "compare", "engine:mpc/built:1", f"docker-archive:{archive}", "--engine",
                  world.engine.socket)["verdict"] == "equal"
    archive.unlink()
    done = subprocess.run([world.binaries / "mpcctl", "image", "digest", "engine:mpc/other:1", "--engine",
                           world.engine.socket], capture_output=True, check=False)
    assert done.returncode == 3 and b"no such image" in done.stderr, done


@test
def what_the_engine_pulled_is_what_the_registry_has(world):
    world.publish(world.images.node)
    world.engine.pull(world.repository, world.images.node.digest)
    seen = mpcctl(world, "digest", f"engine:{world.repository}@{world.images.node.digest}", "--engine",
                  world.engine.socket)
    assert seen["image_id"] == world.images.node.id
    kept = world.cvm.at_site(world.mpcctl, "image", "compare", f"registry:{world.repository}@{world.images.node.digest}",
                             f"engine:{world.images.node.id}", "--engine", world.engine.socket)
    assert kept.wait() == 13 and "same-content" in kept.output(), kept.output()
