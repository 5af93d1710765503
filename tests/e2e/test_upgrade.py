"""mpcctl upgrade on the simulated VMM: another image for a node, gated by its health, and the way back."""

import json
import shutil
import subprocess
import time
from pathlib import Path

from harness.agent import IMAGE_EVENT
from harness.config import toml
from harness.registry import docker_config
from harness.runner import each, test
from harness.upgrades import UpgradedNode, freeze, thaw, with_both_images
from harness.vmm import approved_file

STEPS = {"claiming": "", "stopping": "stopping the VM", "writing": "writing the user_config",
         "starting": "starting the VM", "waiting": "waiting until the node is well"}
UNKNOWN = "sha256:" + "cd" * 32
CLAIM = "# mpcctl upgrade "


@test
def a_node_is_upgraded_and_attests_its_new_image(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        code, outcome = it.upgrade(it.new.id)
        assert code == 0 and outcome["outcome"] == "upgraded", outcome
        assert it.events() == [it.new.id], "one event a boot, of the new image"
        assert it.new.id in it.user_config() and CLAIM not in it.user_config()
        assert outcome["downtime_ms"] > 0
        code, outcome = it.upgrade(it.new.id)
        assert code == 12 and outcome["outcome"] == "already", outcome


@test
def an_image_that_the_launcher_refuses_is_rolled_back(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        before = it.user_config()
        code, outcome = it.upgrade(UNKNOWN)
        assert code == 11 and outcome["outcome"] == "rolled_back", outcome
        assert "launcher" in outcome["reason"], outcome["reason"]
        assert it.user_config() == before
        vmm.wait_for_node(it.vm, it.new.id)  # without an override the launcher takes the newest that is approved
        bundle = json.loads(Path(outcome["reasons"]).read_text())
        assert bundle["reason"] == outcome["reason"] and bundle["digest"] == UNKNOWN, bundle
        assert "exit=5" in bundle["launcher_log"], bundle["launcher_log"]
        assert not (vmm.directory / "state" / f"{it.vm}.json").exists()


@test
def a_node_that_has_the_image_and_is_not_well_is_named(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        approved_file(vmm, it.vm).write_text(json.dumps({"approved_hashes": [it.old.id]}))
        vmm.shut_down(it.vm)
        vmm.rpc("UpdateVm", id=it.vm, user_config=toml("mpc/node", override=it.new.id))
        vmm.rpc("StartVm", id=it.vm)
        vmm.wait_for(it.vm, "the boot", lambda info: info["boot_progress"] == "done")
        code, error = it.upgrade(it.new.id)
        assert code == 11 and "already, but its node is not well" in error, error
        assert it.boots() == 2, "nothing was begun"


@test
def a_launch_of_the_boot_before_does_not_count(world):
    """A VM that was stopped, whose launcher's log ends well: nothing could be seen of it when the upgrade was begun."""
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        vmm.shut_down(it.vm)
        code, outcome = it.upgrade(UNKNOWN)
        assert code == 11 and outcome["outcome"] == "rolled_back" and "exit code 5" in outcome["reason"], outcome


@test
def a_node_of_which_nothing_can_be_seen_is_upgraded_only_when_told(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm, ports=[])
        command = [word for word in it.command(it.new.id) if word not in ("--json",)]
        for option in ("--agent", "--policy", "--collateral"):
            del command[command.index(option):command.index(option) + 2]
        refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert refused.returncode == 2 and "nothing would tell" in refused.stderr and it.boots() == 1, refused
        done = subprocess.run([*command, "--unseen"], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0 and "cannot be seen" in done.stdout, done


@test
def a_full_disk_of_the_operator_keeps_nobody_from_going_back(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        begun = it.begin(UNKNOWN)
        assert begun.wait_for(STEPS["waiting"])
        shutil.rmtree(vmm.directory / "state")
        code, output, said = begun.end()
        assert code == 11 and json.loads(output)["outcome"] == "rolled_back", said
        assert "cannot be remembered" in said and it.user_config() == toml("mpc/node"), said


@test
def a_boot_of_which_the_launcher_wants_another_is_no_reason_to_go_back(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        boots = it.boots()
        begun = it.begin(it.new.id)
        assert begun.wait_for(STEPS["starting"])
        it.emit(IMAGE_EVENT, "00" * 32)  # the agent is there long before the launcher
        code, output, said = begun.end()
        assert code == 0 and json.loads(output)["outcome"] == "upgraded", said
        assert "rebooting" in said and it.boots() == boots + 2, said
        assert it.events() == [it.new.id] and CLAIM not in it.user_config()
        assert not list((vmm.directory / "state").glob("*.failed-*"))


@each(step=STEPS)
def an_upgrade_that_is_killed_goes_on_where_it_was(world, step):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        begun = it.begin(it.new.id)
        assert begun.wait_for(STEPS[step])
        time.sleep(0.05)
        begun.kill()
        code, outcome = it.upgrade(it.new.id)
        assert code == 0, outcome
        assert it.events() == [it.new.id] and CLAIM not in it.user_config()


@test
def an_upgrade_that_is_killed_can_be_taken_back(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        before = it.user_config()
        begun = it.begin(it.new.id)
        assert begun.wait_for("starting the VM")
        begun.kill()
        code, outcome = it.upgrade(None, "--back")
        assert code == 11 and outcome["outcome"] == "rolled_back" and "operator" in outcome["reason"], outcome
        assert it.user_config() == before
        code, error = it.upgrade(None, "--back")
        assert code == 3 and "no upgrade" in error, error


# --- others at work ---------------------------------------------------------------------------------------------------


@test
def two_upgrades_of_one_vm_do_not_run_at_a_time(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        first = it.begin(it.new.id)
        assert first.wait_for("")
        code, error = it.upgrade(it.new.id)
        assert code == 4 and "another upgrade of this VM" in error, error
        code, _, said = first.end()
        assert code == 0, said


@each(moment=("at once", "while it stops", "while it starts", "while it is waited for"))
def of_two_operators_on_two_machines_one_upgrades(world, moment):
    steps = {"while it stops": "stopping the VM", "while it starts": "starting the VM",
             "while it is waited for": "waiting until"}
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        boots = it.boots()
        first = it.begin(it.new.id, state="one")
        if moment in steps:
            assert first.wait_for(steps[moment])
        second = it.begin(it.new.id, state="other")
        outcomes = [first.end(), second.end()]
        assert sorted(code for code, _, _ in outcomes) == [0, 4], outcomes
        refused = next(said for code, _, said in outcomes if code == 4)
        assert "another upgrade" in refused and CLAIM in refused and "remedy" in refused, refused
        assert it.boots() == boots + 1, "it was started once"
        assert it.events() == [it.new.id] and CLAIM not in it.user_config()


@test
def an_upgrade_that_was_cut_off_on_another_machine_is_taken_over_when_told(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        begun = it.begin(it.new.id, state="lost")
        assert begun.wait_for("writing the user_config")
        begun.kill()
        code, error = it.upgrade(it.new.id)
        assert code == 4 and CLAIM in error and "--take-over" in error, error
        code, outcome = it.upgrade(it.new.id, "--take-over")
        assert code == 0, outcome
        assert it.events() == [it.new.id] and CLAIM not in it.user_config()


@test
def a_user_config_that_somebody_else_changes_is_not_overwritten(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        begun = it.begin(it.new.id)
        assert begun.wait_for("stopping the VM")
        theirs = toml("mpc/theirs")
        vmm.rpc("UpdateVm", id=it.vm, user_config=theirs)
        code, _, said = begun.end()
        assert code == 4 and "somebody changed it" in said, said
        assert it.user_config() == theirs
        assert (vmm.directory / "state" / f"{it.vm}.abandoned.json").exists()


# --- what surrounds it fails ------------------------------------------------------------------------------------------


@each(step=("stopping", "writing", "starting", "waiting"))
def an_upgrade_goes_on_when_the_vmm_has_died_and_is_back(world, step):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        begun = it.begin(it.new.id, "--stop-timeout", "4", seconds=6)
        assert begun.wait_for(STEPS[step])
        vmm.kill()
        code, output, said = begun.end()
        assert code == 4 and not output and "remedy" in said, said
        vmm.start()
        code, outcome = it.upgrade(it.new.id)
        assert code == 0 and outcome["outcome"] == "upgraded", outcome
        assert it.events() == [it.new.id] and CLAIM not in it.user_config()


@test
def a_guest_that_does_not_end_is_left_to_the_operator(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        hardware = it.hardware()
        freeze(hardware)
        code, error = it.upgrade(it.new.id, "--stop-timeout", "2")
        assert code == 4 and "it was asked to end, and may still do so" in error and "--force-stop" in error, error
        thaw(hardware)
        vmm.wait_for_status(it.vm, "stopped")  # as was said, it ends later; nobody claims that it runs
        code, outcome = it.upgrade(it.new.id)
        assert code == 0 and it.events() == [it.new.id], outcome


@test
def the_power_of_a_guest_that_does_not_end_is_cut_when_told(world):
    with with_both_images(world) as vmm:
        it = UpgradedNode(world, vmm)
        freeze(it.hardware())
        code, outcome = it.upgrade(it.new.id, "--stop-timeout", "2", "--force-stop")
        assert code == 0 and it.events() == [it.new.id], outcome


# --- the registry -----------------------------------------------------------------------------------------------------


class FromRegistry(UpgradedNode):
    """Its user_config names a registry, which mpcctl reaches: both are at the CVM's site."""

    def __init__(self, world, vmm, registry):
        self.registry = registry
        # The port to the launcher's log is the machine's, and not the site's.
        super().__init__(world, vmm, user_config=toml(f"{registry.address}/mpc/node"), ports=[])

    def ask(self, digest, *words):
        """(exit code, what it said) of an upgrade that asks the registry first."""
        program = self.world.cvm.at_site(*self.command(digest, *words, fetch_check=True))
        return program.wait(170), program.output()

    def assert_untouched(self):
        info = self.vmm.info(self.vm)
        assert info["status"] == "running" and "sha256" not in info["configuration"]["user_config"], info
        assert not (self.vmm.directory / "state" / f"{self.vm}.json").exists()
        assert self.events() == [self.old.id]


@test
def an_image_that_the_registry_does_not_have_stops_nothing(world):
    with with_both_images(world) as vmm:
        it = FromRegistry(world, vmm, world.registry)
        code, said = it.ask(it.new.id)
        assert code == 3 and "cannot be fetched" in said and "--no-fetch-check" in said, said
        it.assert_untouched()

        world.registry.push(it.old)
        code, said = it.ask(it.new.id)
        assert code == 3 and "none of the tags" in said, said

        world.registry.push(it.new)
        world.registry.lose_blob(it.new.layer_digests[1])
        for digest in (it.new.id, it.new.digest):
            code, said = it.ask(digest)
            assert code == 3 and f"not its layer {it.new.layer_digests[1]}" in said, said
        it.assert_untouched()

        world.registry.stop()
        code, said = it.ask(it.new.id)
        assert code == 4 and "cannot be fetched" in said, said
        it.assert_untouched()


@test
def an_image_that_the_registry_has_is_upgraded_to(world):
    with with_both_images(world) as vmm:
        it = FromRegistry(world, vmm, world.registry)
        world.registry.push(it.new)
        code, said = it.ask(it.new.id)
        assert code == 0 and "has it, as image ID behind the tag latest" in said, said
        assert it.events() == [it.new.id]


@test
def a_private_registry_is_asked_with_the_operators_credentials(world):
    with with_both_images(world) as vmm:
        it = FromRegistry(world, vmm, world.private_registry.start())
        it.registry.push(it.new)
        code, said = it.ask(it.new.id)
        assert code == 4 and "credentials" in said, said
        it.assert_untouched()
        wrong = docker_config(vmm.directory, it.registry.address, password="not-the-password")
        code, said = it.ask(it.new.id, "--docker-config", wrong)
        assert code == 4 and "not-the-password" not in said, said
        it.assert_untouched()
        code, said = it.ask(it.new.id, "--docker-config", docker_config(vmm.directory, it.registry.address))
        assert code == 0, said
