"""`mpcctl plan`, `deploy` and the lifecycle commands against a small VMM that answers well and badly.

usage: deploy.py BUILD_DIR
"""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

import suite
from support.http_server import Handler, serving
from support.terminal import CONTROL_C, at_a_terminal

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
DIGEST = "sha256:" + "a" * 64
TOKEN = "canary-token"
SECRET = "canary-secret"


class Vmm:
    """The state of a dstack-vmm, and how it misbehaves: raw[METHOD] = (status, body)."""

    def __init__(self):
        self.vms, self.calls, self.raw, self.silent, self.lie = {}, [], {}, set(), None
        self.forwards_ports = True
        self.ending = threading.Event()
        self.log = b"first\n\x1b[31msecond\n[vmm heartbeat]\nthird"

    def info(self, vm):
        return {"id": vm["id"], "name": vm["config"]["name"], "status": vm["status"], "uptime": "1m", "app_id": "ab", "boot_error": vm.get("error", ""),
                "boot_progress": "done", "configuration": vm["config"], "events": [{"event": "boot", "body": "x", "timestamp": 1786619449000}]}

    def add(self, name, status="running", number=1, **config):
        identity = f"{number:08d}-0000-4000-8000-000000000000"
        self.vms[identity] = {"id": identity, "status": status, "config": {
            "name": name, "image": "dstack-0.5.8", "compose_file": "{}", "vcpu": 2, "memory": 2048, "disk_size": 10, "ports": [], **config}}
        return identity

    def call(self, method, body):
        if method == "Status":
            return {"vms": [self.info(vm) for vm in self.vms.values()], "port_mapping_enabled": self.forwards_ports, "total": len(self.vms)}
        if method == "ListImages":
            return {"images": [{"name": "dstack-0.5.8"}]}
        if method == "Version":
            return {"version": "0.5.8"}
        if method == "GetComposeHash":
            return {"hash": hashlib.sha256(body["compose_file"].encode()).hexdigest()}
        if method == "CreateVm":
            identity = self.add(body["name"], status="stopped" if body.get("stopped") else "running", number=7)
            self.vms[identity]["config"] = {**body, **(self.lie if isinstance(self.lie, dict) else {})}
            return {"id": identity}
        vm = self.vms.get(body["id"])
        if method == "GetInfo":
            return {"found": vm is not None, "info": vm and self.info(vm)}
        if method == "RemoveVm":
            self.vms.pop(body["id"], None)
        elif method == "UpdateVm":
            assert vm["status"] == "stopped"
            vm["config"] |= {key: body[key] for key in ("compose_file", "user_config", "vcpu", "disk_size", "ports") if key in body}
            return {"id": ""}
        elif self.lie != "status":
            vm["status"] = {"StartVm": "running", "StopVm": "stopped", "ShutdownVm": "stopped"}[method]
        return None

    def methods(self):
        return [method for method, _ in self.calls]


@contextlib.contextmanager
def running(vmm):
    """The URL at which the VMM listens; it wants TOKEN."""

    class Calls(Handler):
        def do_GET(self):
            self.answer(200, vmm.log)

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            method = self.path.removeprefix("/prpc/").removesuffix("?json")
            vmm.calls.append((method, body))
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self.answer(401, b"")
            elif method in vmm.silent:
                vmm.ending.wait(60)
            elif method in vmm.raw:
                self.answer(*vmm.raw[method])
            else:
                self.answer(200, json.dumps(vmm.call(method, body)).encode())

    with serving(Calls) as address:
        try:
            yield address
        finally:
            vmm.ending.set()


def mpcctl(url, *words, token=TOKEN):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DSTACK_VMM")}
    done = subprocess.run([MPCCTL, *words, "--vmm", url, "--timeout", "2"], capture_output=True, text=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL, env={**environment, "DSTACK_VMM_TOKEN": token, "XDG_CONFIG_HOME": "/nonexistent"})
    assert "canary" not in done.stdout + done.stderr, done
    return done


def assert_ends(done, code, *mentions):
    assert done.returncode == code, done
    for text in mentions:
        assert text in done.stdout + done.stderr, f"{text} is not mentioned: {done}"


@contextlib.contextmanager
def deployment(*more):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "deployment.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write('name = "node"\nos_image = "dstack-0.5.8"\nvcpu = 2\nmemory_mb = 2048\ndisk_gb = 10\n'
                       f'compose = "compose.yaml"\nuser_config = "user.conf"\nimage_digest = "{DIGEST}"\n' + "\n".join(more))
        with open(os.path.join(directory, "compose.yaml"), "w", encoding="utf-8") as file:
            file.write("services:\n  launcher:\n    environment:\n      - DEFAULT_IMAGE_DIGEST=sha256:{{DEFAULT_IMAGE_DIGEST_HASH}}\n")
        with open(os.path.join(directory, "user.conf"), "w", encoding="utf-8") as file:
            file.write(f"MPC_SECRET={SECRET}\n")
        yield path


def deploy(url, path, *words):
    return mpcctl(url, "deploy", "--file", path, "--record", os.path.dirname(path), "--wait", "5", *words)


def vms_are_listed_for_people_and_machines():
    vmm = Vmm()
    identity = vmm.add("one")
    with running(vmm) as url:
        assert_ends(mpcctl(url, "list"), 0, "one   running", identity)
        assert json.loads(mpcctl(url, "list", "--json").stdout)["vms"][0]["id"] == identity
        assert_ends(mpcctl(url, "status", "one"), 0, "2 vCPU, 2048 MB", identity)


def vms_start_and_stop_and_that_is_waited_for():
    vmm = Vmm()
    identity = vmm.add("one")
    with running(vmm) as url:
        assert_ends(mpcctl(url, "start", "one"), 12, "runs already")
        assert_ends(mpcctl(url, "stop", "one"), 0, "stopped")
        assert_ends(mpcctl(url, "stop", "one"), 12)
        assert_ends(mpcctl(url, "start", "00000001"), 0, "started")
        assert_ends(mpcctl(url, "stop", "one", "--force"), 0, "killed")
        vmm.lie = "status"
        assert_ends(mpcctl(url, "start", "one", "--wait", "1"), 4, "is not running after 1 s")
        vmm.vms[identity]["status"] = "running"
        assert_ends(mpcctl(url, "stop", "one", "--wait", "1"), 4, "is not stopped after 1 s", f"mpcctl stop --force {identity}")


def ambiguous_and_unknown_names_are_refused():
    vmm = Vmm()
    ids = [vmm.add("twin", number=1), vmm.add("twin", number=2)]
    with running(vmm) as url:
        assert_ends(mpcctl(url, "status", "twin"), 3, *ids)
        assert_ends(mpcctl(url, "stop", "other"), 3, "no VM")
    assert "ShutdownVm" not in vmm.methods()


def nothing_is_removed_unasked():
    vmm = Vmm()
    vmm.add("one")
    with running(vmm) as url:
        assert_ends(mpcctl(url, "remove", "one"), 2, "--yes")
        assert "RemoveVm" not in vmm.methods()
        assert_ends(mpcctl(url, "remove", "one", "--yes"), 0, "removed")


def logs_are_fit_for_a_terminal():
    vmm = Vmm()
    vmm.add("one")
    with running(vmm) as url:
        done = mpcctl(url, "logs", "one")
    assert done.stdout == "first\n [31msecond\nthird\n", done


def logs_are_json_for_machines():
    vmm = Vmm()
    vmm.add("one")
    vmm.log = b'a "quoted"\r\n\x1b[31m\xff\n[vmm heartbeat]\n\nlast'
    with running(vmm) as url:
        done = mpcctl(url, "logs", "one", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines == [{"line": text} for text in ('a "quoted"', "\x1b[31m\ufffd", "", "last")], done


def a_plan_tells_what_a_new_vm_will_be():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        assert_ends(mpcctl(url, "plan", "--file", path), 0, "  name: node\n", f"  VMM: {url}", "  OS image: dstack-0.5.8\n", "  vCPU: 2\n",
                    "  memory (MB): 2048\n", "  disk (GB): 10\n", "  ports: none\n", f"  image digest: {DIGEST}\n")
        plan = json.loads(mpcctl(url, "plan", "--file", path, "--json").stdout)
    assert {"field": "vCPU", "before": None, "after": "2"} in plan["changes"], plan
    assert plan["image_digest"] == DIGEST and plan["upgrade_under_way"] is None, plan


def a_plan_names_the_settings_of_user_config_that_change():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 0)
        other = "sha256:" + "b" * 64
        with open(os.path.join(os.path.dirname(path), "user.conf"), "w", encoding="utf-8") as file:
            file.write(f"MPC_ACCOUNT_ID={SECRET}-2\nMPC_HASH_OVERRIDE={other}\n")
        assert_ends(mpcctl(url, "plan", "--file", path), 0, f"user_config: image override: (none) -> {other}\n",
                    "user_config: MPC_ACCOUNT_ID: (none) -> (not shown)\n", "user_config: MPC_SECRET: (not shown) -> (none)\n")
        plan = json.loads(mpcctl(url, "plan", "--file", path, "--json").stdout)
    assert plan["image_digest"] == other, plan


def a_plan_predicts_rtmr3_of_the_image_that_will_run():
    vmm = Vmm()
    with running(vmm) as url, deployment(f'key_provider_mrenclave = "{"6" * 64}"') as path:
        new = json.loads(mpcctl(url, "plan", "--file", path, "--json").stdout)
        assert new["image_digest"] == DIGEST and len(new["rtmr3"]) == 96 and new["rtmr3_if"] is None, new
        assert_ends(deploy(url, path), 0)
        old = json.loads(mpcctl(url, "plan", "--file", path, "--json").stdout)
        assert old["image_digest"] is None and old["rtmr3"] is None, old
        assert old["rtmr3_if"] == {"image_digest": DIGEST, "rtmr3": new["rtmr3"]}, old
        assert_ends(mpcctl(url, "plan", "--file", path), 12, "the newest that its node has approved", f"{new['rtmr3']}, if it runs {DIGEST}")


def an_upgrade_that_is_under_way_is_left_alone():
    vmm = Vmm()
    claim = "# mpcctl upgrade 0123456789abcdef0123456789abcdef of elsewhere, begun 2026-08-13T12:00:00Z"
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 0)
        vmm.vms["00000007-0000-4000-8000-000000000000"]["config"]["user_config"] = f"{claim}\nMPC_OTHER={SECRET}\n"
        vmm.calls.clear()
        assert_ends(mpcctl(url, "plan", "--file", path), 4, "AN UPGRADE OF IT IS UNDER WAY", claim)
        assert json.loads(mpcctl(url, "plan", "--file", path, "--json").stdout)["upgrade_under_way"] == claim
        assert_ends(deploy(url, path, "--yes"), 4, "is under way", claim, "remedy: wait")
    assert {"Status", "ListImages"} >= set(vmm.methods()), vmm.methods()


def ports_that_cannot_be_had_are_told():
    vmm = Vmm()
    with running(vmm) as url, socket.socket() as program:
        program.bind(("127.0.0.1", 0))
        port = program.getsockname()[1]
        with deployment(f"ports = [ {{ host = {port}, vm = 8090 }} ]") as path:
            assert_ends(mpcctl(url, "plan", "--file", path), 0, f"WARNING: port tcp:127.0.0.1:{port}:8090", "Address already in use")
            vmm.forwards_ports = False
            assert_ends(mpcctl(url, "plan", "--file", path), 3, "PROBLEM: ports", "[cvm.port_mapping]")
            assert_ends(deploy(url, path), 3, "[cvm.port_mapping]")
    assert "CreateVm" not in vmm.methods()


def a_digest_must_end_up_in_the_compose_file():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        compose = os.path.join(os.path.dirname(path), "compose.yaml")
        with open(compose, "w", encoding="utf-8") as file:
            file.write(f"services:\n  launcher:\n    environment:\n      - DEFAULT_IMAGE_DIGEST={DIGEST}\n")
        assert_ends(mpcctl(url, "plan", "--file", path), 0, DIGEST)
        with open(compose, "w", encoding="utf-8") as file:
            file.write("services:\n  launcher:\n    environment:\n      - DEFAULT_IMAGE_DIGEST=sha256:" + "b" * 64 + "\n")
        assert_ends(mpcctl(url, "plan", "--file", path), 3, "occurs nowhere", "leave image_digest away")
        with open(compose, "w", encoding="utf-8") as file:
            file.write("services:\n  launcher:\n    image: x@sha256:{{LAUNCHER_IMAGE_HASH}}\n")
        done = mpcctl(url, "plan", "--file", path)
        assert_ends(done, 3, "launcher_digest is missing", "filled by launcher_digest and image_digest")
        assert "--" not in done.stderr, done


def a_node_is_not_judged_by_a_policy_that_cannot_trust_it():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 0)
        with open(os.path.join(os.path.dirname(path), "user.conf"), "a", encoding="utf-8") as file:
            file.write("MPC_OTHER=1\n")
        vmm.calls.clear()
        assert_ends(deploy(url, path, "--yes", "--agent", "/nowhere.sock"), 3, "the policy lists no image", "image_digests")
    assert "ShutdownVm" not in vmm.methods()


def a_vmm_that_misbehaves_is_named_with_a_remedy():
    for status, body, text in ((200, b"<html>login</html>", "web page"), (400, b'{"error":"no vsock"}', "no vsock"), (502, b"<h1>Bad</h1>", "web page"),
                               (200, b'{"vms":[', "not one of dstack-vmm"), (200, b'{"vms":[{"id":"a"}]}', "VM 1")):
        vmm = Vmm()
        vmm.raw["Status"] = (status, body)
        with running(vmm) as url:
            assert_ends(mpcctl(url, "list"), 4, text, "remedy: ")
    vmm = Vmm()
    vmm.silent.add("Status")
    with running(vmm) as url:
        assert_ends(mpcctl(url, "list"), 4, "2000 ms", "remedy: ")
        assert_ends(mpcctl(url, "list", token="canary-other"), 4, "401", "DSTACK_VMM_TOKEN")
    assert_ends(mpcctl(url, "list"), 4, "remedy: ")


def a_name_in_an_answer_acts_on_no_terminal():
    vmm = Vmm()
    vmm.raw["Status"] = (200, rb'{"\u001b]0;title\u0007":1,"\u001b]0;title\u0007":2}')
    with running(vmm) as url:
        done = mpcctl(url, "list")
    assert_ends(done, 4, '" ]0;title " twice')
    assert "\x1b" not in done.stderr, done


def an_error_acts_on_no_terminal_wherever_its_text_is_from():
    done = mpcctl("http://127.0.0.1:1", "plan", "--file", "/none/" + "a" * 500 + "\x1b[2J\u009b\u202e\nb")
    assert_ends(done, 3, "/none/" + "a" * 500 + " [2J \ufffd\nb")


def a_deployment_is_planned_made_and_found_again():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        assert_ends(mpcctl(url, "plan", "--file", path), 0, "plan: create", "a new one is made")
        assert "CreateVm" not in vmm.methods()
        assert_ends(deploy(url, path), 0, "cannot be seen from here")
        made = dict(vmm.calls)["CreateVm"]
        assert made["user_config"] == f"MPC_SECRET={SECRET}\n" and made["memory"] == 2048, made
        (record,) = [name for name in os.listdir(os.path.dirname(path)) if name.endswith(".app-compose.json")]
        with open(os.path.join(os.path.dirname(path), record), encoding="utf-8") as file:
            assert file.read() == made["compose_file"]
        assert_ends(mpcctl(url, "plan", "--file", path), 12)
        assert_ends(deploy(url, path), 12)


def a_disk_is_not_lost_unasked():
    vmm = Vmm()
    vmm.add("node")
    with running(vmm) as url, deployment() as path:
        assert_ends(mpcctl(url, "plan", "--file", path), 0, "THE DATA DISK WILL BE LOST", "app-compose")
        assert_ends(deploy(url, path, "--yes"), 3, "would be lost", "--accept-data-loss")
        assert_ends(deploy(url, path, "--accept-data-loss"), 2, "--yes")
        assert not {"ShutdownVm", "UpdateVm", "StartVm"} & set(vmm.methods()), vmm.methods()
        assert_ends(deploy(url, path, "--yes", "--accept-data-loss"), 0)
    methods = [method for method in vmm.methods() if method in ("ShutdownVm", "UpdateVm", "StartVm")]
    assert methods == ["ShutdownVm", "UpdateVm", "StartVm"], methods


def a_disk_is_not_lost_unasked_when_its_key_provider_is_taken_away():
    vmm = Vmm()
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 0)
        before = len(vmm.methods())
        with open(path, "a", encoding="utf-8") as file:
            file.write('\nkey_provider = "none"\n')
        done = mpcctl(url, "plan", "--file", path)
        assert_ends(done, 0, "THE DATA DISK WILL BE LOST", "exactly what made the disk")
        assert "Nobody will ever" not in done.stdout, "it opens again with what made it"
        assert_ends(deploy(url, path, "--yes"), 3, "would be lost", "--accept-data-loss")
    assert not {"ShutdownVm", "UpdateVm", "StartVm"} & set(vmm.methods()[before:]), vmm.methods()


def nothing_is_changed_without_consent():
    vmm = Vmm()
    vmm.add("node")
    environment = {**os.environ, "DSTACK_VMM_TOKEN": TOKEN, "XDG_CONFIG_HOME": "/nonexistent"}
    for typed in ("n\n", CONTROL_C):
        with running(vmm) as url, deployment() as path:
            code, output = at_a_terminal([MPCCTL, "deploy", "--file", path, "--accept-data-loss", "--vmm", url], "Go on", typed, environment)
            assert code in (2, 3, 4) and "nothing was" in output, (typed, code, output)
    assert not {"ShutdownVm", "UpdateVm", "StartVm"} & set(vmm.methods()), vmm.methods()


def a_vmm_that_makes_something_else_is_found_out():
    vmm = Vmm()
    vmm.lie = {"compose_file": "{}"}
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 4, "another app-compose", "00000007")
    for lie, field in (({"name": "other"}, "its name"), ({"vcpu": 1}, "vCPU"), ({"memory": 64}, "memory"), ({"disk_size": 1}, "disk"),
                       ({"image": "dstack-0.5.1"}, "image"), ({"user_config": "MPC_X=1\n"}, "user_config"),
                       ({"ports": [{"protocol": "tcp", "host_address": "0.0.0.0", "host_port": 1, "vm_port": 1}]}, "ports")):
        vmm = Vmm()
        vmm.lie = lie
        with running(vmm) as url, deployment() as path:
            assert_ends(deploy(url, path), 4, "otherwise than it was asked to: ", field, "mpcctl remove 00000007")
    vmm = Vmm()
    vmm.raw["GetComposeHash"] = (200, json.dumps({"hash": "0" * 64}).encode())
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 4, "nothing was created")
    assert "CreateVm" not in vmm.methods()


def a_vm_that_cannot_boot_is_deployed_but_not_healthy():
    vmm = Vmm()
    identity = vmm.add("node", status="stopped")
    vmm.vms[identity]["error"] = "No key available with this passphrase"
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path, "--yes", "--accept-data-loss"), 11, "No key available")


def an_answer_that_is_lost_names_what_may_exist():
    vmm = Vmm()
    vmm.silent.add("CreateVm")
    with running(vmm) as url, deployment() as path:
        assert_ends(deploy(url, path), 4, "may exist", "mpcctl list")


def wrong_deployments_are_refused_before_anything_is_asked():
    vmm = Vmm()
    with running(vmm) as url, deployment("vcpus = 3") as path:
        assert_ends(deploy(url, path), 3, "vcpus", "remedy: ")
    with running(vmm) as url, deployment(f'launcher_digest = "{DIGEST}"') as path:
        assert_ends(deploy(url, path), 3, "remedy: ")
    assert not vmm.calls, vmm.calls
    with running(vmm) as url, deployment("ports = [ { host = 80, vm = 1 }, { host = 80, vm = 2 } ]") as path:
        assert_ends(mpcctl(url, "plan", "--file", path), 3, "PROBLEM", "same port")
        assert_ends(deploy(url, path), 3, "same port")
    assert "CreateVm" not in vmm.methods()


suite.run([
    vms_are_listed_for_people_and_machines,
    vms_start_and_stop_and_that_is_waited_for,
    ambiguous_and_unknown_names_are_refused,
    nothing_is_removed_unasked,
    logs_are_fit_for_a_terminal,
    logs_are_json_for_machines,
    a_plan_tells_what_a_new_vm_will_be,
    a_plan_names_the_settings_of_user_config_that_change,
    a_plan_predicts_rtmr3_of_the_image_that_will_run,
    an_upgrade_that_is_under_way_is_left_alone,
    ports_that_cannot_be_had_are_told,
    a_digest_must_end_up_in_the_compose_file,
    a_node_is_not_judged_by_a_policy_that_cannot_trust_it,
    a_vmm_that_misbehaves_is_named_with_a_remedy,
    a_name_in_an_answer_acts_on_no_terminal,
    an_error_acts_on_no_terminal_wherever_its_text_is_from,
    a_deployment_is_planned_made_and_found_again,
    a_disk_is_not_lost_unasked,
    a_disk_is_not_lost_unasked_when_its_key_provider_is_taken_away,
    nothing_is_changed_without_consent,
    a_vmm_that_makes_something_else_is_found_out,
    a_vm_that_cannot_boot_is_deployed_but_not_healthy,
    an_answer_that_is_lost_names_what_may_exist,
    wrong_deployments_are_refused_before_anything_is_asked,
])
