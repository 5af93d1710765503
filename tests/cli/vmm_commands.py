"""What the commands that talk to a VMM ask at a terminal, bound, hide and refuse; deploy.py has what they do.

usage: vmm_commands.py BUILD_DIR
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

import suite
from support.http_server import Handler, serving
from support.terminal import CONTROL_C, at_a_terminal

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
VM = {"id": "00000001-0000-4000-8000-000000000000", "name": "node-1", "status": "running", "uptime": "1m", "app_id": "ab", "boot_progress": "done"}


class Vmm:
    """One VM, and what was asked."""

    def __init__(self):
        self.vms, self.methods = [VM], []

    def call(self, method):
        if method == "RemoveVm":
            self.vms = []
        return {"vms": self.vms, "found": bool(self.vms), "info": VM}

    def post(self, handler, method):
        """Answers a call."""
        handler.answer(200, json.dumps(self.call(method)).encode())


@contextlib.contextmanager
def running(vmm):
    """The URL at which the VMM listens."""

    class Calls(Handler):
        def do_GET(self):
            vmm.get(self)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            method = self.path.removeprefix("/prpc/").removesuffix("?json")
            vmm.methods.append(method)
            vmm.post(self, method)

    with serving(Calls) as address:
        yield address


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DSTACK_VMM")}
    return {**kept, "XDG_CONFIG_HOME": "/nonexistent", **more}


def mpcctl(*words, **variables):
    return subprocess.run([MPCCTL, *words], capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                          env=environment(**variables))


def assert_refused(done, code, *mentions):
    """Two lines on standard error, with that code."""
    assert done.returncode == code, done
    cause, remedy = done.stderr.splitlines()
    assert cause.startswith("mpcctl: ") and remedy.startswith("remedy: ") and not done.stdout, done
    for text in mentions:
        assert text in done.stderr, f"{text} is not mentioned: {done}"


# --- questions ----------------------------------------------------------------------------------------------------------


def removing(typed):
    """(exit code, output, whether the VM was removed) of `remove` at a terminal."""
    vmm = Vmm()
    with running(vmm) as url:
        code, output = at_a_terminal([MPCCTL, "remove", "node-1", "--vmm", url], "Type its name", typed, environment())
    return code, output, "RemoveVm" in vmm.methods


def a_vm_is_removed_when_its_name_is_typed():
    code, output, removed = removing("node-1\n")
    assert (code, removed) == (0, True), output


def another_name_or_none_removes_nothing():
    for typed in ("node-2\n", "\n", "yes\n", "\x04"):
        code, output, removed = removing(typed)
        assert (code, removed) == (2, False) and "nothing was removed" in output, (typed, code, output)


def control_c_ends_a_question():
    for typed in (CONTROL_C, "node-" + CONTROL_C):
        code, output, removed = removing(typed)
        assert (code, removed) == (4, False) and "by a signal" in output, (typed, code, output)


def a_signal_ends_a_wait_without_an_outcome():
    with running(Vmm()) as url:  # whose VM never stops
        program = subprocess.Popen([MPCCTL, "stop", "node-1", "--vmm", url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        time.sleep(1)
        program.terminate()
        output, errors = program.communicate(timeout=20)
    assert program.returncode == 4 and not output, (program.returncode, output)
    assert "was asked" in errors and f"remedy: mpcctl status {VM['id']}" in errors, errors


# --- logs ---------------------------------------------------------------------------------------------------------------


class LoggingVmm(Vmm):
    """`write` gets a function that sends bytes of a log whose length nobody says."""

    def __init__(self, write, length=None):
        super().__init__()
        self.write, self.length, self.ending = write, length, threading.Event()

    def get(self, handler):
        handler.send_response(200)
        if self.length:
            handler.send_header("Content-Length", str(self.length))
        handler.end_headers()
        with contextlib.suppress(OSError):
            self.write(self, handler.wfile.write)
        handler.close_connection = True


def logs(vmm, *words):
    """What `mpcctl logs` said, and for how long it ran."""
    with running(vmm) as url:
        begin = time.monotonic()
        done = mpcctl("logs", "node-1", "--vmm", url, *words)
        vmm.ending.set()
    return done, time.monotonic() - begin


def a_log_that_does_not_come_is_given_up():
    for begin in (b"", b"one line\n"):
        done, seconds = logs(LoggingVmm(lambda vmm, send, begin=begin: (send(begin), vmm.ending.wait(30))), "--timeout", "1")
        assert done.returncode == 4 and done.stdout == begin.decode(), done
        assert "within 1000 ms" in done.stderr and "remedy: " in done.stderr and seconds < 10, (done, seconds)


def a_log_without_an_end_is_cut():
    def write(vmm, send):
        while not vmm.ending.is_set():
            send(b"a line of a log\n" * 4096)

    done, _ = logs(LoggingVmm(write), "-n", "5")
    assert done.returncode == 4 and len(done.stdout) <= 1 << 20, (done.returncode, len(done.stdout))
    assert "more than the 1 MiB" in done.stderr and "remedy: " in done.stderr, done.stderr


def a_log_that_was_cut_is_not_taken_for_the_whole():
    done, _ = logs(LoggingVmm(lambda vmm, send: send(b"one line\n"), length=100))
    assert done.returncode == 4 and done.stdout == "one line\n", done
    assert "remedy: this is not the whole log" in done.stderr, done


def a_page_is_no_log():
    for page in (b"<html><body>login</body></html>", b"\n<!doctype html>\n<p>login"):
        done, _ = logs(LoggingVmm(lambda vmm, send, page=page: send(page)))
        assert_refused(done, 4, "a web page")


# --- credentials --------------------------------------------------------------------------------------------------------


class EchoingVmm(Vmm):
    """Repeats what it was shown."""

    def post(self, handler, method):
        handler.answer(400, json.dumps({"error": f"bad token {handler.headers['Authorization']}"}).encode())


def no_error_holds_a_credential():
    for variables, secrets in (({"DSTACK_VMM_AUTH_USER": "admin", "DSTACK_VMM_AUTH_PASSWORD": "hunter2secret"}, ("YWRt", "hunter2")),
                               ({"DSTACK_VMM_TOKEN": "a-longer-token"}, ("longer",)), ({"DSTACK_VMM_TOKEN": "abcde"}, ("abcde",))):
        with running(EchoingVmm()) as url:
            done = mpcctl("list", "--vmm", url, **variables)
        assert_refused(done, 4, "the VMM refuses")
        for secret in secrets:
            assert secret not in done.stderr, done


def half_a_credential_is_refused():
    for name in ("DSTACK_VMM_AUTH_USER", "DSTACK_VMM_AUTH_PASSWORD"):
        assert_refused(mpcctl("list", "--vmm", "http://127.0.0.1:1", **{name: "canary"}), 2, name)


# --- exit codes ---------------------------------------------------------------------------------------------------------


def options_that_cannot_be_are_refused_as_such():
    for words, *mentions in ((("list", "--vmm", "127.0.0.1:25000"), "--vmm", "http://HOST:PORT"), (("list", "--vmm", "unix:"), "--vmm"),
                             (("list",), "no VMM"), (("plan",), "no deployment"),
                             (("upgrade", "node-1", "--to", "sha256:" + "a" * 64, "--rpc", "http://127.0.0.1:1"), "--contract"),
                             (("deploy", "--file", "x", "--policy", "y"), "--policy", "--agent"),
                             (("upgrade", "node-1", "--to", "z", "--collateral", "y"), "--collateral", "--agent"),
                             (("doctor", "--rpc", "http://127.0.0.1:1"), "--contract"),
                             (("sim", "vmm", "--listen", "unix:/nowhere/s", "--directory", "/nowhere", "--auth-user", "a"), "--auth-password")):
        assert_refused(mpcctl(*words), 2, *mentions)
    assert_refused(mpcctl("list", DSTACK_VMM_URL="127.0.0.1:25000"), 2, "DSTACK_VMM_URL")


def files_of_this_machine_are_not_the_other_sides_fault():
    with tempfile.NamedTemporaryFile("w") as empty:
        for file in ("/nofile", empty.name):
            assert_refused(mpcctl("list", "--vmm", "https://127.0.0.1:1", "--tls-ca", file), 3, file, "--tls-ca")
    assert_refused(mpcctl("list", "--config", "/nofile"), 3, "/nofile")
    assert_refused(mpcctl("plan", "--file", "/nofile"), 3, "/nofile")


def an_unknown_command_is_named_with_the_nearest():
    assert_refused(mpcctl("lst"), 2, "mpcctl lst", "mpcctl list")
    assert_refused(mpcctl("sim", "evidance", "--output", "x"), 2, "mpcctl sim evidance", "mpcctl sim evidence")
    assert_refused(mpcctl("bogus"), 2, "bogus")
    assert_refused(mpcctl(), 2, "mpcctl --help")


def a_dash_is_no_file_to_write():
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([MPCCTL, "approve", "--output", "-", "sha256:" + "a" * 64], capture_output=True, text=True, check=False, cwd=directory)
        assert_refused(done, 2, "./-")
        assert not os.listdir(directory)


suite.run([
    a_vm_is_removed_when_its_name_is_typed,
    another_name_or_none_removes_nothing,
    control_c_ends_a_question,
    a_signal_ends_a_wait_without_an_outcome,
    a_log_that_does_not_come_is_given_up,
    a_log_without_an_end_is_cut,
    a_log_that_was_cut_is_not_taken_for_the_whole,
    a_page_is_no_log,
    no_error_holds_a_credential,
    half_a_credential_is_refused,
    options_that_cannot_be_are_refused_as_such,
    files_of_this_machine_are_not_the_other_sides_fault,
    an_unknown_command_is_named_with_the_nearest,
    a_dash_is_no_file_to_write,
])
