"""A node on the simulated VMM, and `mpcctl upgrade` for it."""

import json
import os
import signal
import subprocess
from pathlib import Path

from .cvm import die_with_parent, wait_until
from .unix_http import call
from .vmm import Vmm, approved_file, configuration, free_port


def with_both_images(world):
    """A VMM whose VMs have the node's image and the one after it."""
    return Vmm(world, images=[world.images.node, world.images.next])


class UpgradedNode:
    """One VM with a launched node, whose newer image is approved; and mpcctl to upgrade it."""

    def __init__(self, world, vmm, name="node-1", **more):
        self.world, self.vmm = world, vmm
        self.old, self.new = world.images.node, world.images.next
        self.port = free_port()
        port = {"protocol": "tcp", "host_port": self.port, "vm_port": 8090, "host_address": "127.0.0.1"}
        self.vm = vmm.rpc("CreateVm", **configuration(self.old, **{"name": name, "ports": [port], **more}))["id"]
        vmm.wait_for_node(self.vm, self.old.id)
        approved_file(vmm, self.vm).write_text(json.dumps({"approved_hashes": [self.new.id, self.old.id]}))

    # --- mpcctl -------------------------------------------------------------------------------------------------------

    def command(self, digest, *words, state="state", seconds=90, fetch_check=False):
        """`state` is one directory for each machine that an operator works on; `seconds` the node has to get well."""
        trust = self.vmm.vm(self.vm) / "trust"
        return [self.world.mpcctl, "upgrade", self.vm, "--vmm", f"unix:{self.vmm.socket}", *(["--to", digest] if digest else []),
                "--yes", "--json", "--state", self.vmm.directory / state, "--agent", self.vmm.vm(self.vm) / "run/dstack.sock",
                "--policy", trust / "policy.toml", "--collateral", trust / "collateral.json", "--health-timeout", str(seconds),
                *([] if fetch_check else ["--no-fetch-check"]), *words]

    def upgrade(self, digest, *words, **how):
        """(exit code, outcome), or what it said when there is no outcome."""
        done = subprocess.run(self.command(digest, *words, **how), capture_output=True, text=True, check=False, timeout=170)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def begin(self, digest, *words, **how):
        """The same, under way."""
        return Begun(self.command(digest, *words, **how))

    # --- the VM -------------------------------------------------------------------------------------------------------

    def user_config(self):
        return self.vmm.info(self.vm)["configuration"]["user_config"]

    def events(self):
        return self.vmm.image_events(self.vm)

    def emit(self, event, payload):
        """Extends RTMR3 of the boot that has begun, as soon as its agent answers; `payload` is hex."""
        def emitted():
            try:
                call(self.vmm.vm(self.vm) / "run/dstack.sock", "POST", "/EmitEvent", {"event": event, "payload": payload})
            except OSError:
                return False
            return True
        wait_until("the guest's agent", emitted, pause=0.005)

    def boots(self):
        """How often it was started."""
        return (self.vmm.vm(self.vm) / "serial.log").read_text(errors="replace").count("boot.progress: requesting app keys")

    def hardware(self):
        """The process that is the VM's hardware."""
        return next(pid for pid in _children(self.vmm.pid) if self.vm in _command_line(pid))


class Begun:
    """A program whose standard error is read line by line."""

    def __init__(self, command):
        self._program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         preexec_fn=die_with_parent)

    def wait_for(self, step):
        """Until it says so; returns whether it did before it ended."""
        return any(step in line for line in self._program.stderr)

    def kill(self):
        self._program.send_signal(signal.SIGKILL)
        self._program.communicate()

    def end(self, seconds=170):
        """(exit code, what it printed, what else it said)."""
        output, said = self._program.communicate(timeout=seconds)
        return self._program.returncode, output, said


def freeze(pid):
    os.kill(pid, signal.SIGSTOP)


def thaw(pid):
    os.kill(pid, signal.SIGCONT)


def _children(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


def _command_line(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
