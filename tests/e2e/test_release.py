"""The images of deployment/build-image.sh and deployment/build-node-image.sh, in the real engine and the real registry."""

import os
import re
import subprocess
from pathlib import Path

from harness.cvm import wait_until
from harness.runner import test

DEPLOYMENT = Path(__file__).resolve().parents[2] / "deployment"


def figures(world, script, *options):
    """What the script prints: name -> digest."""
    environment = {**os.environ, "MPCCTL": str(world.binaries / "mpcctl")}
    done = subprocess.run([DEPLOYMENT / script, *map(str, options)], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done
    return dict(re.findall(r"^(\S+(?: \S+)?) +(sha256:[0-9a-f]{64})$", done.stdout, re.MULTILINE))


@test
def the_launchers_image_of_the_auditors_script_is_loaded_and_refuses_an_empty_environment(world):
    output = world.cvm.directory / "launchers-image"
    told = figures(world, "build-image.sh", "--built", world.binaries, "--output", output)
    (archive,) = output.glob("*.docker.tar")
    world.engine.load(archive.read_bytes())
    assert told["image ID"] in world.engine.image_ids(), (told, world.engine.image_ids())
    world.engine.run("audited", told["image ID"])
    wait_until("its end", lambda: not world.engine.inspect("audited")["State"]["Running"])
    log = world.engine.logs("audited")
    assert world.engine.inspect("audited")["State"]["ExitCode"] == 3 and "PLATFORM" in log, log


@test
def the_nodes_image_keeps_its_digest_in_the_registry_and_its_id_in_the_engine(world):
    # A busybox and a script stand for a node of 2025.
    script = world.cvm.directory / "mpc-node.sh"
    script.write_text("#!/bin/busybox sh\necho started as: $*\nexec /bin/busybox sleep 600\n", encoding="utf-8")
    base, output = world.cvm.directory / "nodes-base", world.cvm.directory / "nodes-image"
    built = subprocess.run([world.binaries / "mpcctl", "image", "build", "--file", "/bin/busybox:/bin/busybox", "--output",
                            f"oci:{base}"], capture_output=True, text=True, check=True).stdout
    digest = re.search(r"sha256:[0-9a-f]{64}", built)[0]
    told = figures(world, "build-node-image.sh", "/bin/busybox", "--base", f"oci:{base}@{digest}", "--output", output, "--",
                   "--file", f"{script}:/app/start.sh:755", "--cmd", "/app/start.sh")
    copy = world.cvm.at_site("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false",
                             f"oci-archive:{output}/mpc-node.oci.tar", f"docker://{world.repository}:reproducible")
    assert copy.wait() == 0, copy.output()
    world.engine.pull(world.repository, told["manifest digest"])
    assert told["image ID"] in world.engine.image_ids(), (told, world.engine.image_ids())
    world.engine.run("node", f"{world.repository}@{told['manifest digest']}")
    wait_until("the node", lambda: "started as:" in world.engine.logs("node"))
