"""`mpcctl sim vmm` on the machine itself, and a client that speaks to it as dstack's vmm-cli.py does."""

import hashlib
import json
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from .agent import IMAGE_EVENT, parse_quote, replay
from .config import toml
from .cvm import die_with_parent, wait_until
from .engine import Engine
from .images import program_archive
from .unix_http import Refused, call

LAUNCHER = "mpc-launcher:test"
TEMPLATE = (Path(__file__).parents[3] / "deployment/launcher-compose.yaml").read_text(encoding="utf-8")


class Vmm:
    """Use as a context manager. Its VMs get the launcher's and the node's images as archives at their first boot."""

    def __init__(self, world, *options, images=(), network=None):
        """`network` is the pid of a process in whose network it runs, instead of the machine's."""
        # A short name: sockets lie below it.
        self.directory = Path(tempfile.mkdtemp(prefix="v", dir=world.cvm.directory))
        self.socket = self.directory / "vmm.sock"
        self._mpcctl = world.mpcctl
        self._options = list(options)
        self._under = ["nsenter", "-t", str(network), "-n"] if network else []
        archives = {"launcher": program_archive(world.mpcctl, world.launcher, LAUNCHER)}
        archives |= {image.name: image.docker_archive(f"mpc/{image.name}:latest") for image in images}
        for name, archive in archives.items():
            path = self.directory / f"{name}.tar"
            path.write_bytes(archive)
            self._options += ["--image-archive", path]
        self._program = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self._program is not None:
            self._program.send_signal(signal.SIGTERM)
            self._program.wait(90)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, *more):
        """`more` are further options."""
        self.socket.unlink(missing_ok=True)
        with open(self.directory / "output", "ab") as output:
            self._program = subprocess.Popen(
                [*self._under, self._mpcctl, "sim", "vmm", "--listen", f"unix:{self.socket}", "--directory", self.directory,
                 *self._options, *more], stderr=output, preexec_fn=die_with_parent)
        wait_until("the VMM", self._listens)
        return self

    def _listens(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0

    def kill(self):
        """As `kill -9`."""
        self._program.kill()
        self._program.wait()

    @property
    def pid(self):
        return self._program.pid

    # --- its API ------------------------------------------------------------------------------------------------------

    def rpc(self, method, **message):
        return json.loads(call(self.socket, "POST", f"/prpc/{method}?json", message))

    def refusal(self, method, **message):
        """(status, error) of a call that must fail."""
        try:
            answer = self.rpc(method, **message)
        except Refused as refused:
            return refused.status, json.loads(refused.text)["error"] if refused.text else ""
        raise AssertionError(f"{method} was not refused: {answer}")

    def info(self, identity):
        return self.rpc("GetInfo", id=identity)["info"]

    def wait_for(self, identity, what, condition, seconds=60):
        """The first VmInfo for which condition() holds."""
        def look():
            info = self.info(identity)
            return info if condition(info) else None
        try:
            return wait_until(what, look, seconds=seconds, pause=0.1)
        except TimeoutError as error:
            serial = self.vm(identity) / "serial.log"
            raise RuntimeError(f"{error}: {self.info(identity)}\n{serial.read_text()[-3000:]}") from None

    def wait_for_status(self, identity, status):
        return self.wait_for(identity, f"status {status}", lambda info: info["status"] == status)

    def shut_down(self, identity):
        """Asks the guest to end, and waits until it has."""
        self.rpc("ShutdownVm", id=identity)
        return self.wait_for_status(identity, "stopped")

    # --- one VM -------------------------------------------------------------------------------------------------------

    def vm(self, identity):
        """Its directory."""
        return self.directory / "vm" / identity

    def engine(self, identity):
        return Engine(self.vm(identity) / "run/docker.sock")

    def image_events(self, identity):
        """The measured digests of this boot; checks that the log replays to the quoted RTMR3."""
        answer = json.loads(call(self.vm(identity) / "run/dstack.sock", "POST", "/GetQuote", {"report_data": ""}))
        events = json.loads(answer["event_log"])
        assert replay(events) == parse_quote(bytes.fromhex(answer["quote"]))[0], "the log does not explain RTMR3"
        return ["sha256:" + event["event_payload"] for event in events if event["event"] == IMAGE_EVENT]

    def wait_for_node(self, identity, digest):
        """Until the node runs, measured once as this digest."""
        def runs():
            try:
                return "mpc-node" in self.engine(identity).running()
            except (OSError, Refused):
                return False
        self.wait_for(identity, "the boot", lambda info: info["boot_progress"] == "done" or info["boot_error"])
        self.wait_for(identity, "the node", lambda _: runs())
        assert self.image_events(identity) == [digest], self.image_events(identity)


def app_compose(template, digest, name="mpc"):
    """The text of an app-compose.json, as vmm-cli.py writes it, and its hash."""
    compose = template.replace("nearone/mpc-launcher@sha256:{{LAUNCHER_IMAGE_HASH}}", LAUNCHER)
    compose = compose.replace("{{DEFAULT_IMAGE_DIGEST_HASH}}", digest.removeprefix("sha256:"))
    text = json.dumps({
        "manifest_version": 2, "name": name, "runner": "docker-compose", "docker_compose_file": compose,
        "kms_enabled": False, "gateway_enabled": False, "local_key_provider_enabled": True, "key_provider_id": "",
        "public_logs": True, "public_sysinfo": True, "allowed_envs": [], "no_instance_id": True, "secure_time": False,
    }, indent=4, ensure_ascii=False)
    return text, hashlib.sha256(text.encode()).hexdigest()


def configuration(image, **more):
    """What `vmm-cli.py deploy` sends."""
    text, _ = app_compose(TEMPLATE, image.id)
    return {"name": "node-1", "image": "dstack-0.5.8", "compose_file": text, "vcpu": 1, "memory": 1024, "disk_size": 20,
            "app_id": None, "ports": [], "user_config": toml(f"mpc/{image.name}"), "hugepages": False,
            "pin_numa": False, "kms_urls": [], "gateway_urls": [], "stopped": False, **more}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def approved_file(vmm, identity):
    return vmm.vm(identity) / "disk/docker/volumes/shared-volume/_data/image-digest.bin"
