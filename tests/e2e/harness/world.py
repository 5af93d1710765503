"""One CVM with everything around it: what a test is given."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from .agent import Agent
from .config import CANARIES, FORMS
from .cvm import Cvm, Program
from .images import Images
from .proxy import Proxy
from .registry import PASSWORD, Registry

REPOSITORY = Path(__file__).parents[3]
NODE = "mpc-node"
SUCCESS = "MPC launched successfully."


@dataclass
class Outcome:
    """How a launcher ended."""

    code: int
    log: str
    seconds: float

    def _expect(self, holds, complaint):
        # A quote is thousands of characters; a reader needs the beginning of its line.
        lines = (line if len(line) <= 300 else line[:300] + " ..." for line in self.log.splitlines())
        assert holds, "\n".join([complaint, *lines])

    def succeeded(self):
        self._expect(self.code == 0, f"exit code {self.code}, not 0")
        return self

    def refused(self, code, name, *mentions):
        """Asserts exit code, its stable name, a cause and a remedy; and that the log mentions each text."""
        self._expect(self.code == code, f"exit code {self.code}, not {code} ({name})")
        self._expect("error" in self.log and name in self.log, f"no error line with \"{name}\"")
        self._expect("remedy" in self.log, "no remedy")
        return self.mentions(*mentions)

    def refused_as_one_of(self, codes):
        """`codes` maps the exit codes that will do to their names."""
        self._expect(self.code in codes, f"exit code {self.code}, none of {list(codes)}")
        return self.refused(self.code, codes[self.code])

    def mentions(self, *texts):
        for text in texts:
            self._expect(text in self.log, f"the log does not mention \"{text}\"")
        return self


class World:
    """`binaries` is the directory with mpc-launcher and mpcctl."""

    def __init__(self, binaries: Path):
        self.binaries = binaries
        self.cvm = Cvm(before_engine=lambda: self.agent.start())
        self.engine = self.cvm.engine
        # The CVM does not see every directory of the machine, but it sees its own.
        self.launcher = self.cvm.directory / "mpc-launcher"
        self.mpcctl = self.cvm.directory / "mpcctl"
        for program in (self.launcher, self.mpcctl):
            shutil.copy2(binaries / program.name, program)
        self.agent = Agent(self.cvm, self.mpcctl)
        self.images = Images(self.cvm.directory / "images", self.mpcctl)
        self.registry = Registry(self.cvm)
        self.private_registry = Registry(self.cvm, port=5001, private=True)
        self.repository = f"{self.registry.address}/mpc/node"
        self._programs = []

    def __enter__(self):
        try:
            self.cvm.start()
            self.registry.start()
        except BaseException:
            self.cvm.stop()
            raise
        return self

    def __exit__(self, *_):
        self.cvm.stop()

    def fresh(self):
        """As after the first boot of a new CVM: nothing configured, nothing stored, nothing measured."""
        for program in self._programs:
            program.stop()
        self._programs.clear()
        self.engine.remove_containers()
        self.engine.remove_images()
        self.engine.remove_volumes(keep=["shared-volume"])
        for directory in (self.cvm.shared, self.cvm.tapp):
            for entry in directory.iterdir():
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        self.private_registry.stop()
        self.registry.forget()
        if not self.registry.running:
            self.registry.start()
        self.agent.start()

    def reset(self):
        """A boot after a power cut. The agent's register is zero again; the registry is another machine and stays."""
        self.cvm.reset()

    # --- what an operator does ----------------------------------------------------------------------------------------

    def publish(self, image, tag="latest", registry=None):
        return (registry or self.registry).push(image, tag=tag)

    def configure(self, form="toml", repository=None, **settings):
        """Writes user_config; see config.py."""
        self.write_user_config(FORMS[form](repository or self.repository, **settings))

    def write_user_config(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        (self.cvm.tapp / "user_config").write_bytes(data)

    def approve(self, *digests):
        """Writes the approved-digests file as the node does, newest first."""
        self.write_approved(json.dumps({"approved_hashes": list(digests)}, indent=2))

    def write_approved(self, text, name="image-digest.bin"):
        (self.cvm.shared / name).write_text(text)

    def ready(self, image=None, form="toml", digest=None, **settings):
        """The usual start of a test: the image is published, approved and configured. Returns the approved digest."""
        image = image or self.images.node
        digest = digest or image.digest
        self.publish(image)
        self.configure(form, **settings)
        self.approve(digest)
        return digest

    # --- launching ----------------------------------------------------------------------------------------------------

    def start_launcher(self, *options, platform="TEE", default=None, env=None, under=()) -> Program:
        """Starts the launcher inside the CVM; `under` is a command to run it with, such as strace."""
        environment = {"PLATFORM": platform, "DOCKER_CONTENT_TRUST": "1",
                       "DEFAULT_IMAGE_DIGEST": default or "sha256:" + "d" * 64, **(env or {})}
        environment = {name: value for name, value in environment.items() if value is not None}
        program = self.cvm.spawn(*under, self.launcher, *options, env=environment)
        self._programs.append(program)
        return program

    def finish(self, program: Program, seconds=60.0) -> Outcome:
        """Waits for a launcher, and searches what it said for secrets."""
        started = time.monotonic()
        code = program.wait(seconds)
        log = program.output()
        for secret in (*CANARIES, PASSWORD):
            assert secret not in log, f"the log shows a secret, {secret}:\n{log}"
        return Outcome(code, log, time.monotonic() - started)

    def launch(self, *options, seconds=60.0, **how) -> Outcome:
        return self.finish(self.start_launcher(*options, **how), seconds)

    def proxy(self, agent=True) -> Proxy:
        """A recorder in front of the engine and the agent."""
        sockets = {"engine": self.cvm.run / "docker.sock"}
        if agent:
            sockets["agent"] = self.agent.socket
        return Proxy(sockets)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def node(self):
        """The node's container as inspected; None when there is none."""
        return self.engine.inspect(NODE)

    def node_runs(self):
        return NODE in self.engine.running()

    def assert_launched(self, image, digest=None, platform="TEE"):
        """The node runs this image; under TEE it does not restart by itself and is measured exactly once."""
        node = self.node()
        assert node is not None and node["State"]["Running"], "the node does not run"
        assert node["Image"] == image.id, f"the node runs {node['Image']}, not {image.id}"
        if platform == "TEE":
            policy = node["HostConfig"]["RestartPolicy"]["Name"]
            assert policy in ("", "no"), f"the node's restart policy is {policy}"
            events = self.agent.image_events()
            assert events == [digest or image.digest], f"measured: {events}"

    def assert_nothing_done(self):
        """Nothing was measured and no container made."""
        events = self.agent.image_events()
        assert events == [], f"measured: {events}"
        assert self.engine.names() == [], f"containers: {self.engine.names()}"

    def assert_not_unmeasured(self):
        """What must hold at every moment: a node runs only while exactly one digest is measured."""
        if self.node_runs():
            events = self.agent.image_events()
            assert len(events) == 1, f"the node runs, but measured is {events}"
