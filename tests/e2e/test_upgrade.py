"""mpcctl upgrade on the simulated VMM: another image for a node, gated by its health, and the way back."""

import json
import signal
import subprocess
import time

from harness.config import toml
from harness.cvm import die_with_parent
from harness.runner import each, test
from harness.vmm import Vmm, approved_file, configuration, free_port

STEPS = {"stopping": "stopping the VM", "writing": "writing the user_config", "starting": "starting the VM",
         "waiting": "waiting until the node is well"}
UNKNOWN = "sha256:" + "cd" * 32


class Fleet:
    """One VM with a launched node, whose newer image is approved; and mpcctl to upgrade it."""

    def __init__(self, world, vmm):
        self.world, self.vmm = world, vmm
        self.old, self.new = world.images.node, world.images.next
        port = {"protocol": "tcp", "host_port": free_port(), "vm_port": 8090, "host_address": "127.0.0.1"}
        self.vm = vmm.rpc("CreateVm", **configuration(self.old, ports=[port]))["id"]
        vmm.wait_for_node(self.vm, self.old.id)
        approved_file(vmm, self.vm).write_text(json.dumps({"approved_hashes": [self.new.id, self.old.id]}))

    def command(self, digest, *words):
        trust = self.vmm.vm(self.vm) / "trust"
        return [self.world.mpcctl, "upgrade", self.vm, "--vmm", f"unix:{self.vmm.socket}", "--to", digest, "--yes", "--json",
                "--state", self.vmm.directory / "state", "--agent", self.vmm.vm(self.vm) / "run/dstack.sock", "--policy",
                trust / "policy.toml", "--collateral", trust / "collateral.json", "--health-timeout", "90", *words]

    def upgrade(self, digest, *words):
        """(exit code, outcome)."""
        done = subprocess.run(self.command(digest, *words), capture_output=True, text=True, check=False, timeout=170)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def user_config(self):
        return self.vmm.info(self.vm)["configuration"]["user_config"]

    def events(self):
        return self.vmm.image_events(self.vm)


def fleet(world):
    return Vmm(world, images=[world.images.node, world.images.next])


@test
def a_node_is_upgraded_and_attests_its_new_image(world):
    with fleet(world) as vmm:
        it = Fleet(world, vmm)
        code, outcome = it.upgrade(it.new.id)
        assert code == 0 and outcome["outcome"] == "upgraded", outcome
        assert it.events() == [it.new.id], "one event a boot, of the new image"
        assert it.new.id in it.user_config()
        assert outcome["downtime_ms"] > 0
        code, outcome = it.upgrade(it.new.id)
        assert code == 12, outcome


@test
def an_image_that_the_launcher_refuses_is_rolled_back(world):
    with fleet(world) as vmm:
        it = Fleet(world, vmm)
        before = it.user_config()
        code, outcome = it.upgrade(UNKNOWN)
        assert code == 11 and outcome["outcome"] == "rolled_back", outcome
        assert "launcher" in outcome["reason"], outcome["reason"]
        assert it.user_config() == before
        vmm.wait_for_node(it.vm, it.new.id)  # without an override the launcher takes the newest that is approved
        bundle = json.loads((vmm.directory / "state" / f"{it.vm}.failed.json").read_text())
        assert bundle["reason"] == outcome["reason"] and bundle["digest"] == UNKNOWN, bundle
        assert not (vmm.directory / "state" / f"{it.vm}.json").exists()


@each(step=STEPS)
def an_upgrade_that_is_killed_goes_on_where_it_was(world, step):
    with fleet(world) as vmm:
        it = Fleet(world, vmm)
        program = subprocess.Popen(it.command(it.new.id), stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        for line in program.stderr:
            if STEPS[step] in line:
                break
        time.sleep(0.05)
        program.send_signal(signal.SIGKILL)
        program.wait()
        program.stderr.close()
        code, outcome = it.upgrade(it.new.id)
        assert code == 0, outcome
        assert it.events() == [it.new.id]


@test
def two_upgrades_of_one_vm_do_not_run_at_a_time(world):
    with fleet(world) as vmm:
        it = Fleet(world, vmm)
        first = subprocess.Popen(it.command(it.new.id), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 preexec_fn=die_with_parent)
        first.stderr.readline()
        code, error = it.upgrade(it.new.id)
        assert code == 4 and "another upgrade of this VM" in error, error
        first.stderr.read()
        first.stderr.close()
        assert first.wait() == 0


@test
def a_user_config_that_somebody_else_changes_is_not_overwritten(world):
    with fleet(world) as vmm:
        it = Fleet(world, vmm)
        program = subprocess.Popen(it.command(it.new.id), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=die_with_parent)
        for line in program.stderr:
            if "stopping the VM" in line:
                break
        theirs = toml("mpc/theirs")
        vmm.rpc("UpdateVm", id=it.vm, user_config=theirs)
        error = program.stderr.read()
        program.stderr.close()
        assert program.wait() == 4 and "somebody changed it" in error, error
        assert it.user_config() == theirs
