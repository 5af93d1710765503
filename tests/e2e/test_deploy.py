"""mpcctl plan and deploy on the simulated VMM: from a file to a running node, changes, and what would lock the disk."""

import concurrent.futures
import json
import os
import socket
import subprocess

from harness.config import toml
from harness.runner import each, test
from harness.vmm import LAUNCHER, TEMPLATE, Vmm, approved_file, configuration, free_port

DONE, INPUT, OTHER_SIDE, NOT_WELL, NOTHING_TO_DO = 0, 3, 4, 11, 12


class Deployment:
    """A deployment file with what it names, beside the VMM's directory; and mpcctl to deploy it."""

    def __init__(self, world, vmm, directory="deployment"):
        self.world, self.vmm, self.image = world, vmm, world.images.node
        self.directory = vmm.directory / directory
        self.directory.mkdir()
        self.write("launcher.yaml", TEMPLATE.replace("nearone/mpc-launcher@sha256:{{LAUNCHER_IMAGE_HASH}}", LAUNCHER))
        self.write("user_config.toml", toml(f"mpc/{self.image.name}"))
        self.settings = {"name": "node-1", "vmm": f"unix:{vmm.socket}", "os_image": "dstack-0.5.8", "vcpu": 1,
                         "memory_mb": 1024, "disk_gb": 20, "compose": "launcher.yaml", "image_digest": self.image.id,
                         "user_config": "user_config.toml"}
        self.port = free_port()

    def write(self, name, text):
        (self.directory / name).write_text(text, encoding="utf-8")

    def run(self, command, *words):
        """(exit code, what it said on standard output, as an object, or on standard error)."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.settings.items()]
        self.write("deployment.toml", "\n".join([*lines, f"ports = [{{ host = {self.port}, vm = 8090 }}]\n"]))
        done = subprocess.run([self.world.mpcctl, command, "--file", self.directory / "deployment.toml", "--json", *words],
                              capture_output=True, text=True, check=False, timeout=120, cwd=self.directory)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def deploy(self, *words, seconds=60):
        return self.run("deploy", "--yes", "--wait", str(seconds), *words)

    def vms(self):
        return self.vmm.rpc("Status", ids=[], brief=True, keyword="", page=0, page_size=0)["vms"]


@test
def a_deployment_becomes_a_running_node_and_stays_one(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        code, plan = it.run("plan")
        assert code == DONE and it.vms() == [], (code, plan)
        code, outcome = it.deploy()
        assert code == DONE, outcome
        (vm,) = it.vms()
        vmm.wait_for_node(vm["id"], it.image.id)
        code, outcome = it.deploy()
        assert code == NOTHING_TO_DO and len(it.vms()) == 1, outcome


@test
def a_change_that_would_lock_the_disk_is_refused(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        assert it.deploy()[0] == DONE
        (vm,) = it.vms()
        it.settings["vcpu"] = 2
        code, error = it.deploy()
        assert code == INPUT and "--accept-data-loss" in str(error), (code, error)
        assert vmm.info(vm["id"])["configuration"]["vcpu"] == 1
        assert vmm.info(vm["id"])["status"] == "running"


@test
def a_node_that_the_launcher_refuses_is_said_not_to_be_well(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        it.settings["image_digest"] = "sha256:" + "cd" * 32  # no registry has it, and neither has the disk
        code, outcome = it.deploy(seconds=30)
        assert code == NOT_WELL, (code, outcome)
        (vm,) = it.vms()
        assert "mpc-node" not in vmm.engine(vm["id"]).running()
        code, outcome = it.deploy(seconds=5)
        assert code == NOT_WELL, "there is nothing to change, and still it is not well"


def stopped_after_a_deployment(it):
    """Its VM, whose launcher's log ends well."""
    assert it.deploy()[0] == DONE
    (vm,) = it.vms()
    it.vmm.shut_down(vm["id"])
    return vm


@test
def a_deployment_that_was_cut_off_is_finished(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        vm = stopped_after_a_deployment(it)
        code, outcome = it.deploy()  # as asked already, but it does not run
        assert code == DONE and outcome["healthy"] is True, outcome
        vmm.wait_for_node(vm["id"], it.image.id)


@test
def a_launch_of_the_boot_before_makes_no_deployment_well(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        vm = stopped_after_a_deployment(it)
        it.write("user_config.toml", toml(f"mpc/{it.image.name}", override="sha256:" + "cd" * 32))
        approved_file(vmm, vm["id"]).write_text(json.dumps({"approved_hashes": [it.image.id]}))
        code, outcome = it.deploy()
        assert code == NOT_WELL and outcome["healthy"] is False and outcome["launcher_exit_code"] == 5, outcome


@test
def two_deployments_of_one_name_at_once_make_one_vm(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        both = [Deployment(world, vmm, name) for name in ("here", "there")]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            outcomes = list(pool.map(lambda it: it.deploy(), both))
        assert sorted(code for code, _ in outcomes) == [DONE, OTHER_SIDE], outcomes
        refused = next(said for code, said in outcomes if code == OTHER_SIDE)
        # Or the other one came late enough to find it, and has changed it.
        assert "removed again" in refused or "otherwise than it was asked" in refused, refused
        assert len(both[0].vms()) == 1, both[0].vms()


def evidence_of(vmm, identity):
    """Options that name a VM's guest agent, and what to accept of it."""
    directory = vmm.vm(identity)
    return ["--agent", directory / "run/dstack.sock", "--policy", directory / "trust/policy.toml",
            "--collateral", directory / "trust/collateral.json"]


@test
def a_deployment_whose_evidence_is_named_is_verified(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        other = vmm.rpc("CreateVm", **configuration(world.images.node, name="other"))["id"]
        vmm.wait_for_node(other, world.images.node.id)
        it = Deployment(world, vmm)
        code, outcome = it.deploy(*evidence_of(vmm, other), seconds=30)
        assert code == NOT_WELL and outcome["attested"] is False, outcome
        assert "another deployment" in outcome["reason"], outcome
        (vm,) = (vm["id"] for vm in it.vms() if vm["id"] != other)
        it.write("user_config.toml", toml(f"mpc/{it.image.name}") + "\n")
        code, error = it.deploy(*evidence_of(vmm, vm))
        assert code == INPUT and "the policy lists no image" in error, (code, error)
        it.write("user_config.toml", toml(f"mpc/{it.image.name}", override=it.image.id))
        code, outcome = it.deploy(*evidence_of(vmm, vm))
        assert code == DONE and outcome["attested"] is True and outcome["healthy"] is True, outcome


@test
def a_deployment_whose_evidence_is_not_trusted_is_not_well(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        it = Deployment(world, vmm)
        it.write("policy.toml", "")  # Intel's root, and no simulated one
        socket = vmm.directory / "vm"
        code, outcome = it.deploy("--agent", socket / "nowhere.sock", "--policy", it.directory / "policy.toml", seconds=20)
        assert code == NOT_WELL and outcome["attested"] is False and outcome["healthy"] is False, outcome
        (vm,) = it.vms()
        assert vmm.info(vm["id"])["status"] == "running", "it is told, and left for the operator to look at"


# --- a VMM that does not do what it is asked for ----------------------------------------------------------------------


def files_of(vmm):
    """What the VMM keeps of its VMs, but for what running guests write."""
    return {path: path.read_bytes() for name in ("vm-manifest.json", "vm-state.json", "shared/*")
            for path in vmm.directory.glob(f"vm/*/{name}")}


COMMANDS = {
    "list": [], "status": ["node-1"], "logs": ["node-1"], "start": ["node-1"], "stop": ["node-1", "--force"],
    "remove": ["node-1", "--yes"], "upgrade": ["node-1", "--yes", "--to", "sha256:" + "ab" * 32, "--state", "state"],
    "plan": ["--file", "deployment/deployment.toml"], "deploy": ["--file", "deployment/deployment.toml", "--yes"],
}


@each(command=COMMANDS)
def a_wrong_token_is_refused_and_changes_nothing(world, command):
    with Vmm(world) as vmm:
        vmm.rpc("CreateVm", **configuration(world.images.node, stopped=True))
        it = Deployment(world, vmm)
        it.run("plan")  # writes the deployment file
        vmm.kill()
        vmm.start("--token", "canary-right")
        before = files_of(vmm)

        def mpcctl(token):
            return subprocess.run(
                [world.mpcctl, command, *COMMANDS[command], "--vmm", f"unix:{vmm.socket}"], capture_output=True, text=True,
                check=False, timeout=60, cwd=vmm.directory,
                env={**os.environ, "DSTACK_VMM_TOKEN": token, "HOME": str(vmm.directory)})

        for token in ("canary-wrong", ""):
            done = mpcctl(token)
            assert done.returncode == OTHER_SIDE, done
            assert "401" in done.stderr and "remedy: " in done.stderr and "DSTACK_VMM_TOKEN" in done.stderr, done.stderr
            assert "canary" not in done.stdout + done.stderr, done
        assert files_of(vmm) == before
        if command == "list":
            assert "node-1" in mpcctl("canary-right").stdout


@test
def a_port_that_another_vm_has_is_refused_before_anything_is_made(world):
    with Vmm(world) as vmm:
        it = Deployment(world, vmm)
        taken = {"protocol": "tcp", "host_port": it.port, "vm_port": 80, "host_address": "127.0.0.1"}
        vmm.rpc("CreateVm", **configuration(world.images.node, name="other", stopped=True, ports=[taken]))
        code, plan = it.run("plan")
        assert code == DONE and any(f"port {it.port}" in warning and "VM other" in warning for warning in plan["warnings"]), plan
        code, error = it.deploy()
        assert code == OTHER_SIDE and f"Port {it.port} is already in use by VM other" in error and "remedy: " in error, error
        assert len(it.vms()) == 1


@test
def a_port_that_a_program_of_the_machine_has_is_told(world):
    with Vmm(world) as vmm, socket.socket() as program:
        it = Deployment(world, vmm)
        program.bind(("127.0.0.1", it.port))
        code, outcome = it.deploy(seconds=5)
        assert code == NOT_WELL and "exited" in outcome["reason"], outcome
        (vm,) = it.vms()
        assert outcome["deployed"] == vm["id"], outcome
        said = subprocess.run([world.mpcctl, "logs", "node-1", "--channel", "stderr", "--vmm", f"unix:{vmm.socket}"],
                              capture_output=True, text=True, check=False, timeout=60)
        assert f"cannot listen at 127.0.0.1:{it.port}" in said.stdout, said


# How the call is spoilt, whether a VM comes of it when that is CreateVm, and whether mpcctl can know.
FAULTS = {"--html": (0, False), "--drop-before": (0, False), "--drop": (1, False), "--cut": (1, False), "--fail": (0, True)}


@each(fault=FAULTS, method=("Status", "GetComposeHash", "CreateVm"))
def a_vmm_that_fails_at_a_call_is_named_and_so_is_what_may_exist(world, fault, method):
    vms, is_known = FAULTS[fault]
    with Vmm(world, fault, method + ":1") as vmm:
        it = Deployment(world, vmm)
        code, error = it.deploy()
        assert code == OTHER_SIDE and f"{method}: " in error and "remedy: " in error, (code, error)
        is_last = method == "CreateVm"
        assert len(it.vms()) == (vms if is_last else 0), it.vms()
        assert ("may exist" in error and "mpcctl list" in error) == (is_last and not is_known), error
