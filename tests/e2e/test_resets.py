"""The CVM loses its power at random moments of a launch, again and again: whenever the node runs it is measured, once.
dockerd, the disk and the launcher are real; a power cut kills every process at once, and the event log is gone with it.

What came by chance is in the test's name; MPC_RESETS_SEED=N gives the same again.
"""

import contextlib
import os
import random
import re
import signal
import time
from pathlib import Path

from harness.cvm import wait_until
from harness.runner import each, test
from harness.vmm import Vmm, configuration

SEED = int(os.environ.get("MPC_RESETS_SEED") or random.randrange(1_000_000))
SHARES = 4  # they run at the same time
RESETS = 10  # of each share, and of the simulated VMM's CVM
NODE = "/app/mpc-node"
# dockerd (20.10) does not give back the port of a container whose start was cut off, until it is started once more; and
# ended while it tries that start again, it may keep it once more.
KEPT_PORT = "port is already allocated"
BOOTS_FOR_A_PORT = 3

# What a launch may find on the disk besides what the reset left there.
PREPARATIONS = {
    "as it was": lambda engine: None,
    "without the container": lambda engine: engine.remove_containers(),
    "without the image": lambda engine: (engine.remove_containers(), engine.remove_images()),
}


# --- processes, looked at from outside --------------------------------------------------------------------------------


def children(pid):
    """The children of all its threads."""
    found = []
    with contextlib.suppress(OSError):  # it, or one of its threads, has ended
        for path in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (path / "children").read_text().split())
    return found


def below(pid):
    """Every process that descends from this one."""
    found = children(pid)
    for child in found:
        found.extend(children(child))
    return found


def runs(program, pids):
    """Whether one of the processes is this program, or a shell (of busybox) with the script of that name."""
    def words(pid):
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:3]
        except OSError:
            return []
    return any(program.encode() in words(pid) for pid in pids)


def hold_still(processes):
    """Stops all that processes() tells, and what they start meanwhile. Returns their pids."""
    stopped = set()
    while new := set(processes()) - stopped:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        stopped |= new
    return stopped


def assert_measured_once_if_it_runs(pids, events, digest):
    """What must be true at every moment. The processes are looked at first, and nothing that is measured ever goes away:
    what is found wrong so is wrong, also when they go on meanwhile. When they are held still, nothing escapes either."""
    node_runs = runs(NODE, pids)
    measured = events()
    assert not node_runs or measured == [digest], f"the node runs, but measured is {measured}"
    assert measured in ([], [digest]), f"measured: {measured}"


def watch(pids, events, digest, seconds):
    """Looks again and again whether that is true, for so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if runs(NODE, pids()):
            assert_measured_once_if_it_runs(pids(), events, digest)
        time.sleep(0.01)


# --- the launcher alone, all its calls noted --------------------------------------------------------------------------


class Launches:
    """Launches that end in a power cut, each in a boot of its own."""

    def __init__(self, world):
        self.world = world
        self.digest = world.ready()

    def cut(self, preparation, *moments):
        """Cuts the power so many seconds after the beginning of a launch, or as soon as the node runs; returns when that
        was. Of several moments, at all but the last only the launcher is killed."""
        world = self.world
        PREPARATIONS[preparation](world.engine)
        with world.proxy() as proxy:
            for seconds in moments or (None,):
                took = self.kill_launcher(seconds)
            self.hold_still_and_check()
            world.cvm.power_off()
            self.check_order(proxy.journal())
        world.cvm.boot()
        assert not world.node_runs(), "the engine has started the node by itself"
        assert world.agent.image_events() == [], "an event of the boot before"
        return took

    def kill_launcher(self, seconds):
        began = time.monotonic()
        launcher = self.world.start_launcher()
        if seconds is None:
            wait_until("the node", lambda: runs(NODE, self.processes()) or not launcher.running(), pause=0.002)
            assert runs(NODE, self.processes()) or KEPT_PORT in launcher.output(), launcher.output()
        else:
            watch(self.processes, self.world.agent.image_events, self.digest, seconds)
        launcher.stop()
        return time.monotonic() - began

    def processes(self):
        """Those of the engine and its containers."""
        return below(self.world.cvm.boot_pid)

    def hold_still_and_check(self):
        assert_measured_once_if_it_runs(hold_still(self.processes), self.world.agent.image_events, self.digest)

    def check_order(self, journal):
        emitted = [number for number, call in enumerate(journal) if call == "agent POST /EmitEvent"]
        started = [number for number, call in enumerate(journal) if re.fullmatch("engine POST /containers/.*/start", call)]
        assert len(emitted) <= 1, journal
        assert not started or emitted and emitted[0] < started[0], f"started before it was measured:\n{journal}"


@each(seed=[f"MPC_RESETS_SEED={SEED}"], share=range(SHARES))
def resets_at_random_moments_never_leave_an_unmeasured_node(world, seed, share):
    chance = random.Random(f"{SEED} {share}")
    launches = Launches(world)
    took = {preparation: launches.cut(preparation) for preparation in reversed(PREPARATIONS)}
    for _ in range(RESETS - len(took)):
        preparation = chance.choice(list(PREPARATIONS))
        moments = [chance.uniform(0, 1.5 * took[preparation]) for _ in range(chance.choice((1, 2)))]
        launches.cut(preparation, *moments)
    outcome = world.launch()
    if outcome.code == 9 and KEPT_PORT in outcome.log:
        world.reset()
        outcome = world.launch()
    outcome.succeeded()
    world.assert_launched(world.images.node)
    assert world.engine.names() == ["mpc-node"], world.engine.names()


# --- a whole CVM, where dockerd starts the launcher's container again -------------------------------------------------


class Machine:
    """A VM of the simulated VMM, seen as its processes."""

    def __init__(self, vmm, image):
        self.vmm, self.image = vmm, image
        self.id = vmm.rpc("CreateVm", **configuration(image, stopped=True))["id"]

    def guest(self):
        """Its processes but for the first one, which is its kernel and its agent."""
        return [process for machine in children(self.vmm.pid) for first in children(machine) for process in below(first)]

    def events(self):
        return self.vmm.image_events(self.id)

    def cut(self, seconds=None):
        """Starts it, and cuts its power so long after its launcher began, or as soon as the node runs. Returns when
        that was."""
        def launcher_or_node():
            return runs("/mpc-launcher", self.guest()) or runs(NODE, self.guest())
        self.vmm.rpc("StartVm", id=self.id)
        wait_until("the launcher", launcher_or_node, seconds=60, pause=0.005)
        began = time.monotonic()
        if seconds is None:
            wait_until("the node", lambda: runs(NODE, self.guest()), pause=0.005)
        else:
            watch(self.guest, self.events, self.image.id, seconds)
        took = time.monotonic() - began
        assert_measured_once_if_it_runs(hold_still(self.guest), self.events, self.image.id)
        self.vmm.rpc("StopVm", id=self.id)
        return took

    def boots(self):
        """Starts it, and tells whether its node came up."""
        def kept_ports():
            return (self.vmm.vm(self.id) / "serial.log").read_text(errors="replace").count(KEPT_PORT)
        before = kept_ports()
        self.vmm.rpc("StartVm", id=self.id)
        wait_until("the node", lambda: runs(NODE, self.guest()) or kept_ports() > before, seconds=60)
        return kept_ports() == before


@each(seed=[f"MPC_RESETS_SEED={SEED}"])
def power_cuts_of_a_whole_machine_never_leave_an_unmeasured_node(world, seed):
    chance = random.Random(f"{SEED} machine")
    with Vmm(world, images=[world.images.node]) as vmm:
        machine = Machine(vmm, world.images.node)
        took = machine.cut()
        for _ in range(RESETS - 1):
            machine.cut(chance.uniform(0, 2 * took))
        for _ in range(BOOTS_FOR_A_PORT):
            if machine.boots():
                break
            vmm.shut_down(machine.id)
        vmm.wait_for_node(machine.id, world.images.node.id)
