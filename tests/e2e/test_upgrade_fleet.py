"""mpcctl upgrade --all: the nodes of several hosts, one at a time, until one does not get well."""

import contextlib
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.runner import test
from harness.upgrades import Begun, UpgradedNode, with_both_images
from harness.vmm import app_compose, configuration

UNKNOWN = "sha256:" + "cd" * 32


class Hosts:
    """Two hosts under the names east and west, each with one node; mpcctl for both."""

    def __init__(self, world, stack):
        self.world = world
        # A short name: sockets lie below it.
        self.directory = Path(tempfile.mkdtemp(prefix="f", dir=world.cvm.directory))
        stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.nodes = {}
        lines = []
        for name in ("east", "west"):
            vmm = stack.enter_context(with_both_images(world))
            (self.directory / name).symlink_to(vmm.directory)
            self.nodes[name] = UpgradedNode(world, vmm, name=f"node-{name}")
            lines += [f"[contexts.{name}]", f'url = "unix:{vmm.socket}"']
        (self.directory / "config.toml").write_text("\n".join(lines) + "\n")
        self.new = world.images.next

    def command(self, digest, *words, contexts=("east", "west")):
        places = self.directory / "{context}" / "vm" / "{id}"
        trust = self.nodes["east"].vmm.vm(self.nodes["east"].vm) / "trust"
        return [self.world.mpcctl, "upgrade", "--all", *(word for name in contexts for word in ("--context", name)),
                "--config", self.directory / "config.toml", "--to", digest, "--yes", "--json", "--no-fetch-check",
                "--state", self.directory / "state", "--agent", places / "run/dstack.sock", "--policy", trust / "policy.toml",
                "--collateral", trust / "collateral.json", "--health-timeout", "90", *words]

    def upgrade(self, digest, *words, **how):
        """(exit code, outcomes by VM's name, standard error)."""
        done = subprocess.run(self.command(digest, *words, **how), capture_output=True, text=True, check=False, timeout=300)
        document = json.loads(done.stdout) if done.stdout else {"nodes": []}
        return done.returncode, {node["name"]: node["outcome"] for node in document["nodes"]}, done.stderr


@test
def a_fleet_is_upgraded_one_node_at_a_time(world):
    with contextlib.ExitStack() as stack:
        hosts = Hosts(world, stack)
        east, west = hosts.nodes["east"], hosts.nodes["west"]
        # Neither a VM that is no node nor one that its operator has stopped is touched.
        text, _ = app_compose("services: {web: {image: web}}\n", east.old.id, name="web")
        web = east.vmm.rpc("CreateVm", **configuration(east.old, name="web", compose_file=text, stopped=True))["id"]
        rest = east.vmm.rpc("CreateVm", **configuration(east.old, name="resting", stopped=True))["id"]
        code, outcomes, said = hosts.upgrade(hosts.new.id)
        assert code == 0 and outcomes == {"node-east": "upgraded", "node-west": "upgraded"}, (outcomes, said)
        assert said.index("[1 of 2] east/node-east") < said.index("[2 of 2] west/node-west"), said
        assert "left alone: east/web" in said and "left alone: east/resting (stopped)" in said, said
        assert [east.vmm.info(vm)["status"] for vm in (web, rest)] == ["stopped", "stopped"]
        assert [node.events() for node in (east, west)] == [[hosts.new.id], [hosts.new.id]]
        code, outcomes, said = hosts.upgrade(hosts.new.id)
        assert code == 12 and outcomes == {"node-east": "already", "node-west": "already"}, (outcomes, said)


@test
def a_fleet_stops_at_the_first_node_that_does_not_get_well(world):
    with contextlib.ExitStack() as stack:
        hosts = Hosts(world, stack)
        before = hosts.nodes["east"].user_config()
        code, outcomes, said = hosts.upgrade(UNKNOWN, contexts=("west", "east"))
        assert code == 11 and outcomes == {"node-west": "rolled_back", "node-east": "not_begun"}, (outcomes, said)
        assert hosts.nodes["east"].user_config() == before
        assert hosts.nodes["east"].events() == [hosts.nodes["east"].old.id], "it was never stopped"


@test
def a_fleet_upgrade_that_was_cut_off_goes_on_with_the_rest(world):
    with contextlib.ExitStack() as stack:
        hosts = Hosts(world, stack)
        begun = Begun(hosts.command(hosts.new.id))
        assert begun.wait_for("[2 of 2]") and begun.wait_for("starting the VM")
        begun.kill()
        code, outcomes, said = hosts.upgrade(hosts.new.id)
        assert code == 0 and outcomes == {"node-east": "already", "node-west": "upgraded"}, (outcomes, said)
        assert [node.events() for node in hosts.nodes.values()] == [[hosts.new.id], [hosts.new.id]]


@test
def a_host_that_does_not_answer_stops_a_fleet_before_anything_is_touched(world):
    with contextlib.ExitStack() as stack:
        hosts = Hosts(world, stack)
        east = hosts.nodes["east"]
        hosts.nodes["west"].vmm.kill()
        code, outcomes, said = hosts.upgrade(hosts.new.id)
        assert code == 4 and not outcomes and "west" in said, said
        assert east.events() == [east.old.id]
