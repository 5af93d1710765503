"""A simulated confidential VM: namespaces of its own, with a private Docker Engine and the paths of a real CVM.

Two sets of namespaces, one in the other:

* the site: a network (with loopback, where a registry can listen) and processes. Ends everything when it ends.
* the boot: mounts, in which /run, /tapp and /mnt/shared are the CVM's own, and processes: the engine, the agent, the
  launcher. A reset kills the first process of it, and the kernel kills the rest at once: as a machine that loses its
  power.

Nothing of the machine's own is touched: no engine, no bridge, no firewall rule, no directory but `directory`. The
kernel ends it all when the process that made it dies, however it dies.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from .engine import Engine

_BOOT_SCRIPT = Path(__file__).with_name("boot.sh")
_PR_SET_PDEATHSIG = 1
_PREFIX = "mpc-cvm-"


def die_with_parent(number=signal.SIGKILL):
    """Has the kernel send this process a signal when its parent dies."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


def sweep():
    """Removes the files of CVMs whose makers were killed. Their processes the kernel has ended already."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = directory.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _remove_cgroups("/" + directory.name)
            shutil.rmtree(directory, ignore_errors=True)


def _remove_cgroups(name):
    """Deepest first: a control group must be empty to go, and its processes may take a moment."""
    def groups():
        return [path for root in Path("/sys/fs/cgroup").glob("**" + name) for path in (*root.glob("**/"), root)]
    for _ in range(50):
        found = sorted(groups(), key=lambda path: len(path.parts), reverse=True)
        if not found:
            return
        for group in found:
            try:
                group.rmdir()
            except OSError:
                pass
        time.sleep(0.05)


def children(pid):
    """The pids of a process's children."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_until(what, condition, seconds=20.0, pause=0.02):
    """Returns the first true value of condition(); fails with the name of what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(pause)


class Program:
    """A program running inside the CVM, its two outputs in one file."""

    def __init__(self, nsenter, output):
        self._nsenter = nsenter
        self._output = output

    @property
    def pid(self):
        """Its pid as the machine sees it; None when it has ended."""
        def look():
            found = children(self._nsenter.pid)
            return found or ([None] if self._nsenter.poll() is not None else [])
        return wait_until("the program's process", look)[0]

    def output(self):
        return Path(self._output).read_text(encoding="utf-8", errors="replace")

    def running(self):
        return self._nsenter.poll() is None

    def send(self, number):
        """Sends a signal; one that has ended already is no error."""
        pid = self.pid
        if pid is not None and self.running():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def wait(self, seconds=60.0):
        """The exit code, or minus the signal that ended it."""
        try:
            return self._nsenter.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._nsenter.wait(10)
            raise TimeoutError(f"still running after {seconds:g} s:\n{self.output()}") from None

    def stop(self):
        self.send(signal.SIGKILL)
        self._nsenter.wait(10)


class Cvm:
    """Use as a context manager, or call start() and stop()."""

    def __init__(self, before_engine=lambda: None, engine_options=()):
        """`before_engine` is called in each boot when everything but the engine is there."""
        self.directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.tapp = self.directory / "tapp"
        self.run = self.directory / "run"
        self.data = self.directory / "data"
        self.shared = self.data / "volumes/shared-volume/_data"
        self.engine = Engine(self.run / "harness.sock")
        self._before_engine = before_engine
        self._engine_options = list(engine_options)
        self._cgroup = "/" + self.directory.name
        self._site = None
        self._boot = None
        self._outputs = 0

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self):
        """Makes the site and boots."""
        self._site = subprocess.Popen(
            ["unshare", "--net", "--pid", "--fork", "--kill-child",
             "sh", "-c", "ip link set lo up; exec sleep infinity"],
            stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        wait_until("the site's namespaces", lambda: children(self._site.pid))
        self.boot()
        return self

    def boot(self):
        for place in (self.tapp, self.run, self.shared, self.directory / "root"):
            place.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "dockerd.log", "ab") as log:
            self._boot = subprocess.Popen(
                ["nsenter", "-t", str(self.site_pid), "-n", "-p",
                 "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
                 "sh", str(_BOOT_SCRIPT), str(self.directory), self._cgroup, *self._engine_options],
                stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            pipe = self.run / "engine-start"
            wait_until("the CVM's file systems", lambda: self._still_booting() and pipe.is_fifo())
            self._before_engine()
            pipe.write_text("now\n")
            wait_until("the Docker Engine", lambda: self._still_booting() and self.engine.answers(), seconds=30)
        except (TimeoutError, RuntimeError) as error:
            raise RuntimeError(f"{error}:\n{self.engine_log()[-3000:]}") from None

    def reset(self):
        """Kills the whole CVM at once, then boots: dockerd restores the containers that it thinks it should."""
        self.power_off()
        self.boot()

    def stop(self):
        """Ends every process and removes every file. May be called at any time, also twice."""
        self.power_off()
        if self._site is not None:
            self._site.kill()
            self._site.wait()
            self._site = None
        _remove_cgroups(self._cgroup)
        # A mount namespace's last mounts go a moment after its last process.
        for _ in range(50):
            shutil.rmtree(self.directory, ignore_errors=True)
            if not self.directory.exists():
                return
            time.sleep(0.1)
        raise RuntimeError(f"could not remove {self.directory}")

    @property
    def site_pid(self):
        return children(self._site.pid)[0]

    @property
    def boot_pid(self):
        """The first process of the CVM."""
        unshare = children(self._boot.pid)
        inside = children(unshare[0]) if unshare else []
        if not inside:
            raise RuntimeError("the CVM is not running")
        return inside[0]

    def engine_log(self):
        log = self.directory / "dockerd.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def _still_booting(self):
        if self._boot.poll() is not None:
            raise RuntimeError("the CVM did not boot")
        return True

    def power_off(self):
        """Kills the whole CVM at once, as a power cut; boot() is the next one."""
        if self._boot is None:
            return
        try:
            os.kill(self.boot_pid, signal.SIGKILL)
        except (RuntimeError, ProcessLookupError):
            pass
        self._boot.wait()
        self._boot = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def at_site(self, *command):
        """Starts a program on the CVM's network with the machine's files: a registry, or what talks to one."""
        return self._enter(self.site_pid, ["-n", "-p"], command, {})

    def spawn(self, *command, env=None):
        """Starts a program inside the CVM."""
        return self._enter(self.boot_pid, ["-m", "-n", "-p"], command, env or {})

    def _enter(self, pid, namespaces, command, environment):
        """The program inherits nothing from our environment but PATH."""
        self._outputs += 1
        output = self.directory / f"output-{self._outputs}"
        with open(output, "wb") as file:
            process = subprocess.Popen(
                ["nsenter", "-t", str(pid), *namespaces, *map(str, command)],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], **environment})
        return Program(process, output)
