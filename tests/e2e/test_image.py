"""Images of `mpcctl image build` in the real engine and the real registry."""

import json
import subprocess
from pathlib import Path

from harness.cvm import wait_until
from harness.runner import each, test


def mpcctl(world, *options):
    done = subprocess.run([world.binaries / "mpcctl", "image", *map(str, options), "--json"], capture_output=True,
                          check=False)
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def build(world, output, *options):
    """A busybox that says hello when it is run."""
    return mpcctl(world, "build", "--file", "/bin/busybox:/bin/busybox", "--env", "GREETING=hello",
                  "--entrypoint", "/bin/busybox", "--entrypoint", "sh", "--cmd", "-c", "--cmd",
                  "echo $GREETING from $PWD", "--workdir", "/work", "--name", "mpc/built:1", "--output", output, *options)


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
