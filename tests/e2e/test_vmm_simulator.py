"""The simulated VMM, driven as dstack's vmm-cli.py drives dstack-vmm: its API, and the CVMs that it really boots."""

import json
import subprocess
import urllib.request

from harness.config import toml
from harness.cvm import wait_until
from harness.runner import each, test
from harness.unix_http import Refused, call
from harness.vmm import TEMPLATE, Vmm, app_compose, approved_file, configuration, free_port


@test
def a_created_vm_boots_the_launcher_and_its_node(world):
    image = world.images.node
    port = free_port()
    with Vmm(world, images=[image]) as vmm:
        ports = [{"protocol": "tcp", "host_port": port, "vm_port": 8090, "host_address": "0.0.0.0"}]
        identity = vmm.rpc("CreateVm", **configuration(image, ports=ports))["id"]
        vmm.wait_for_node(identity, image.id)
        info = vmm.info(identity)
        text, digest = app_compose(TEMPLATE, image.id)
        assert (info["status"], info["app_id"], info["boot_error"]) == ("running", digest[:40], ""), info
        assert info["configuration"]["compose_file"] == text
        assert [event["body"] for event in info["events"]][-1] == "done", info["events"]

        url = f"http://127.0.0.1:{port}"
        wait_until("the launcher's log", lambda: b"MPC launched successfully." in urllib.request.urlopen(
            f"{url}/logs/launcher?text&bare&timestamps&tail=50", timeout=5).read())
        assert json.load(urllib.request.urlopen(f"{url}/prpc/Info", timeout=5))["compose_hash"] == digest
        serial = call(vmm.socket, "GET", f"/logs?id={identity}&follow=false&ansi=false&lines=1000&ch=serial").decode()
        assert "boot.progress: starting containers" in serial, serial

        trust = vmm.vm(identity) / "trust"
        verified = subprocess.run(
            [world.mpcctl, "verify", "--agent", vmm.vm(identity) / "run/dstack.sock", "--collateral",
             trust / "collateral.json", "--policy", trust / "policy.toml", "--image-digest", image.id, "--json"],
            stdout=subprocess.PIPE, check=False)
        assert verified.returncode == 0, verified.stdout


@test
def a_graceful_stop_and_a_start_keep_the_disk(world):
    image, following = world.images.node, world.images.next
    with Vmm(world, images=[image, following]) as vmm:
        identity = vmm.rpc("CreateVm", **configuration(image))["id"]
        vmm.wait_for_node(identity, image.id)
        info = vmm.shut_down(identity)
        assert info["shutdown_progress"] == "powering off", info

        approved_file(vmm, identity).write_text(json.dumps({"approved_hashes": [following.id, image.id]}))
        vmm.rpc("UpdateVm", id=identity, user_config=toml(f"mpc/{following.name}"))
        vmm.rpc("StartVm", id=identity)
        vmm.wait_for_node(identity, following.id)


@test
def a_power_cut_leaves_a_disk_that_boots_and_measures_once(world):
    image = world.images.node
    with Vmm(world, images=[image]) as vmm:
        identity = vmm.rpc("CreateVm", **configuration(image))["id"]
        vmm.wait_for_node(identity, image.id)
        assert vmm.rpc("StopVm", id=identity) is None
        assert vmm.info(identity)["status"] in ("stopping", "stopped")
        vmm.wait_for_status(identity, "stopped")
        vmm.rpc("StartVm", id=identity)
        vmm.wait_for_node(identity, image.id)
        vmm.rpc("StopVm", id=identity)
        vmm.rpc("StartVm", id=identity)  # also when it has just begun to end
        vmm.wait_for_node(identity, image.id)


@test
def a_vm_that_runs_is_removed_with_its_disk(world):
    with Vmm(world, images=[world.images.node]) as vmm:
        identity = vmm.rpc("CreateVm", **configuration(world.images.node))["id"]
        vmm.wait_for(identity, "the engine", lambda info: info["boot_progress"] == "starting containers"
                     or info["boot_progress"] == "done")
        assert vmm.rpc("RemoveVm", id=identity) is None
        assert {vm["status"] for vm in vmm.rpc("Status")["vms"]} <= {"removing"}
        wait_until("the removal", lambda: vmm.rpc("Status")["vms"] == [])
        assert not vmm.vm(identity).exists()


@each(repository=("127.0.0.1:5000/mpc/node", "mpc/node"))
def a_vm_pulls_its_nodes_image_from_the_registry_of_its_machine(world, repository):
    """At the registry's own address, and in the place of docker.io."""
    image = world.images.node
    world.publish(image)
    with Vmm(world, "--registry", world.registry.address, network=world.cvm.site_pid) as vmm:
        compose, _ = app_compose(TEMPLATE, image.digest)
        identity = vmm.rpc("CreateVm", **configuration(image, compose_file=compose, user_config=toml(repository)))["id"]
        vmm.wait_for_node(identity, image.digest)
    assert f"GET /v2/mpc/node/manifests/{image.digest}" in world.registry.requests(), world.registry.requests()


@test
def a_guest_is_reached_through_its_vmm(world):
    image = world.images.node
    with Vmm(world, images=[image]) as vmm:
        def guest(method):
            return json.loads(call(vmm.socket, "POST", f"/guest/{method}?json", {"id": identity}))

        identity = vmm.rpc("CreateVm", **configuration(image))["id"]
        vmm.wait_for_node(identity, image.id)
        _, digest = app_compose(TEMPLATE, image.id)
        assert guest("Info")["compose_hash"] == digest
        names = {name for container in guest("ListContainers")["containers"] for name in container["Names"]}
        assert names == {"/launcher", "/mpc-node"}, names
        assert guest("Shutdown") is None
        vmm.wait_for_status(identity, "stopped")
        try:
            raise AssertionError(guest("Info"))
        except Refused as refused:
            assert refused.status == 400 and "VM is not running" in refused.text, refused


@test
def a_vmm_that_is_killed_takes_its_vms_along_and_knows_them_again(world):
    image = world.images.node
    with Vmm(world, images=[image]) as vmm:
        identity = vmm.rpc("CreateVm", **configuration(image))["id"]
        vmm.wait_for_node(identity, image.id)
        vmm.kill()
        vmm.start()
        assert vmm.info(identity)["status"] == "stopped"
        vmm.rpc("StartVm", id=identity)
        vmm.wait_for_node(identity, image.id)


@test
def another_compose_file_cannot_open_the_disk(world):
    image = world.images.node
    with Vmm(world, images=[image]) as vmm:
        identity = vmm.rpc("CreateVm", **configuration(image))["id"]
        vmm.wait_for_node(identity, image.id)
        vmm.shut_down(identity)
        text, digest = app_compose(TEMPLATE, image.id, name="other")
        assert vmm.rpc("UpgradeApp", id=identity, compose_file=text) == {"id": digest[:40]}
        vmm.rpc("StartVm", id=identity)
        info = vmm.wait_for_status(identity, "exited")
        assert "No key available with this passphrase" in info["boot_error"], info

        text, _ = app_compose(TEMPLATE, image.id)
        vmm.rpc("UpdateVm", id=identity, compose_file=text)
        vmm.rpc("StartVm", id=identity)
        vmm.wait_for_node(identity, image.id)


@test
def calls_are_answered_as_dstack_vmm_answers_them(world):
    image = world.images.node
    with Vmm(world) as vmm:
        wanted = configuration(image, stopped=True)
        identity = vmm.rpc("Teepod.CreateVm", **wanted)["id"]
        (listed,) = vmm.rpc("Status", ids=[], brief=True, keyword="", page=0, page_size=0)["vms"]
        assert (listed["id"], listed["status"], listed["configuration"]) == (identity, "stopped", None), listed
        assert vmm.rpc("GetInfo", id="none") == {"found": False, "info": None}
        _, digest = app_compose(TEMPLATE, image.id)
        assert vmm.rpc("GetComposeHash", **wanted) == {"hash": digest}
        assert [one["name"] for one in vmm.rpc("ListImages")["images"]] == ["dstack-0.5.8"]
        assert vmm.rpc("Version")["version"] == "0.5.8"
        assert vmm.rpc("ListGpus")["gpus"] == [] and vmm.rpc("GetMeta")["gateway"]["agent_port"] == 8090
        assert vmm.rpc("ResizeVm", id=identity, vcpu=2) is None
        assert vmm.info(identity)["configuration"]["vcpu"] == 2
        assert (vmm.vm(identity) / "vm-manifest.json").exists()

        for method, message, mention in [
                ("NoSuchCall", {}, "Method not found"),
                ("StartVm", {"id": "none"}, "VM not found"),
                ("CreateVm", {**wanted, "name": "no/slash"}, "Invalid name"),
                ("CreateVm", {**wanted, "image": "dstack-9"}, "no image"),
                ("CreateVm", {**wanted, "compose_file": "services: {}"}, "Invalid compose file"),
                ("ResizeVm", {"id": identity, "disk_size": 1}, "Cannot shrink"),
                ("GetAppEnvEncryptPubKey", {"app_id": "00"}, "KMS is not enabled")]:
            status, error = vmm.refusal(method, **message)
            assert status == 400 and mention in error, (method, status, error)

        assert vmm.rpc("RemoveVm", id=identity) is None
        assert vmm.rpc("Status")["vms"] == [] and not vmm.vm(identity).exists()


@test
def a_caller_without_the_token_is_refused(world):
    with Vmm(world, "--token", "canary-token") as vmm:
        assert vmm.refusal("Status") == (401, "")
        try:
            call(vmm.socket, "GET", "/logs?id=x&token=canary-token")
        except Refused as refused:
            assert refused.status == 404, refused


@test
def a_vmm_misbehaves_when_told_to(world):
    with Vmm(world, "--fail", "Status:1", "--lie", "status", "--html", "Version") as vmm:
        assert vmm.refusal("Status") == (400, "told to fail")
        identity = vmm.rpc("CreateVm", **configuration(world.images.node, stopped=True))["id"]
        assert vmm.rpc("Status")["vms"][0]["status"] == "running"
        assert vmm.info(identity)["status"] == "stopped"
        assert call(vmm.socket, "POST", "/prpc/Version?json", {}).startswith(b"<html>")
