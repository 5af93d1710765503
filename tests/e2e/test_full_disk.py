"""The CVM's disk is full at some point of a launch: a clear refusal, never an unmeasured node, and well again with room."""

import json
import os
from pathlib import Path

from harness.runner import each, test

MEGABYTES = 96
FULL = "no space left on device"
# The call at which the disk becomes full, whether before or after it is carried out, and how the launch ends then.
MOMENTS = {
    "before the node's configuration is written": ("after", "engine GET /version", 3, "environment"),
    "before the container is made": ("before", "engine POST /containers/create", 10, "engine"),
    "before the extension is noted": ("after", "engine GET /containers/[0-9a-f]{64}/json", 8, "measurement"),
    "before the node is started": ("after", "agent POST /EmitEvent", 10, "engine"),
}


class SmallDisk:
    """The world's CVM booted with a small disk of its own, which is gone afterwards; use as a context manager."""

    def __init__(self, world):
        self.world = world
        self._size = world.cvm.directory / "disk-size"

    def __enter__(self):
        self._size.write_text(f"{MEGABYTES}m")
        self.world.reset()
        self.digest = self.world.ready()
        approved = self._disk / "volumes/shared-volume/_data/image-digest.bin"
        approved.write_text(json.dumps({"approved_hashes": [self.digest]}))
        return self

    def __exit__(self, *_):
        self._size.unlink()
        self.world.reset()

    @property
    def _disk(self):
        """As the CVM sees it, which nobody else does."""
        return Path(f"/proc/{self.world.cvm.boot_pid}/root{self.world.cvm.data}")

    def fill(self, *_):
        """Leaves no room at all."""
        with open(self._disk / "ballast", "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        os.write(file.fileno(), bytes(size))
                except OSError:
                    continue

    def make_room(self):
        (self._disk / "ballast").unlink()


@test
def an_image_that_does_not_fit_is_refused_until_there_is_room(world):
    with SmallDisk(world) as disk:
        disk.fill()
        world.launch().refused(6, "pull", FULL)
        world.assert_nothing_done()
        disk.make_room()
        world.launch().succeeded()
        world.assert_launched(world.images.node)


@each(moment=MOMENTS)
def a_disk_that_is_full_in_the_middle_of_a_launch_leaves_nothing_unmeasured(world, moment):
    when, call, code, name = MOMENTS[moment]
    with SmallDisk(world) as disk:
        world.engine.pull(world.repository, disk.digest)
        with world.proxy() as proxy:
            proxy.harm(call, **{when: disk.fill})
            outcome = world.launch()
        # The engine and we write it differently.
        assert FULL in outcome.refused(code, name).log.lower(), outcome.log
        if code != 10:
            outcome.mentions("remedy: the shared volume must be writable and have space")
        assert not world.node_runs()
        disk.make_room()
        world.launch().succeeded()
        world.assert_launched(world.images.node)


@test
def a_receipt_for_which_there_is_no_room_is_missed_and_the_node_runs(world):
    with SmallDisk(world) as disk:
        with world.proxy() as proxy:
            proxy.harm("engine POST /containers/.*/start", after=disk.fill)
            world.launch().succeeded().mentions("the receipt was not kept")
        world.assert_launched(world.images.node)
