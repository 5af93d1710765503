"""`mpcctl sim agent` as foreign clients see it, and `mpcctl agent log` against it.

usage: sim_agent.py BUILD_DIR
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile

import suite

MPCCTL = os.path.join(sys.argv[1], "bin", "mpcctl")
JSON = ("-H", "Content-Type: application/json")


class Agent:
    """A running simulator, gone at the end of the `with`."""

    def __init__(self, *options):
        self.directory = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.directory.name, "dstack.sock")
        command = [MPCCTL, "sim", "agent", "--socket", self.socket, *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.greeting = self.process.stderr.readline()
        self.ready = self.process.stderr.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.directory.cleanup()

    def curl(self, path, *options):
        """(status, body)."""
        command = ["curl", "--silent", "--max-time", "10", "--write-out", "\n%{http_code}",
                   "--unix-socket", self.socket, *options, "http://dstack" + path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def post(self, method, **arguments):
        return self.curl("/" + method, *JSON, "--data", json.dumps(arguments))

    def log(self, *options):
        return mpcctl("agent", "log", "--socket", self.socket, *options)


def mpcctl(*arguments):
    return subprocess.run([MPCCTL, *arguments], capture_output=True, text=True, timeout=30, check=False)


def refusal(code, *arguments):
    """Standard error of a command that ends with that code: one line of cause, one of remedy."""
    done = mpcctl(*arguments)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == "", done.stdout
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and lines[0].startswith("mpcctl: ") and lines[1].startswith("remedy: "), done.stderr
    return lines[0]


def says_that_it_is_simulated_and_when_it_is_ready():
    with Agent() as agent:
        assert agent.greeting.startswith("SIMULATED dstack 0.5.8 guest agent"), agent.greeting
        assert agent.ready == f"ready: {agent.socket}\n", agent.ready
        assert agent.curl("/Version") == (200, '{"version":"0.5.8","rev":"simulated"}')


def ends_with_0_and_without_its_socket_when_asked_to():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Agent() as agent:
            agent.process.send_signal(number)
            assert agent.process.wait(timeout=10) == 0
            assert not os.path.exists(agent.socket)


def answers_post_and_get_alike():
    with Agent() as agent:
        for status, body in (agent.post("GetQuote", report_data="1234"), agent.curl("/GetQuote?report_data=0x1234")):
            assert status == 200, body
            answer = json.loads(body)
            assert answer["report_data"] == "1234" + 124 * "0"
            quote = bytes.fromhex(answer["quote"])
            assert len(quote) == 5006 and quote[568:632] == b"\x12\x34" + bytes(62)
            assert isinstance(json.loads(answer["event_log"]), list)


def answers_an_event_with_null():
    with Agent() as agent:
        assert agent.post("EmitEvent", event="mpc-image-digest", payload="00ff") == (200, "null")


def answers_errors_as_dstack_does():
    with Agent() as agent:
        assert agent.post("Frobnicate") == (400, '{\n  "error": "Method not found: Frobnicate"\n}')
        assert agent.post("GetQuote", report_data=65 * "00") == (400, '{\n  "error": "Report data is too long"\n}')
        # Without the content type dstack reads protobuf.
        assert agent.curl("/Version", "--data", "{}")[0] == 400
        assert agent.curl("/Version?json", "--data", "{}")[0] == 200
        assert agent.curl("/prpc/Version")[0] == 404


def satisfies_a_client_that_ends_its_side_first():
    """As the JavaScript SDK does: it needs Content-Length, and waits for our end."""
    with Agent() as agent, socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(agent.socket)
        client.sendall(b"POST /Version HTTP/1.1\r\nHost: dstack\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 2\r\n\r\n{}")
        client.shutdown(socket.SHUT_WR)
        received = b""
        while piece := client.recv(65536):
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        assert b"Content-Length: %d" % len(body) in head, head
        assert json.loads(body)["version"] == "0.5.8"


def takes_a_target_in_absolute_form():
    """As the Rust SDK of dstack sends it."""
    with Agent() as agent:
        for target in ("http://unix.socket/GetQuote", "http://unix.socket/GetQuote?json=1"):
            assert agent.curl("/", "--request-target", target, *JSON, "--data", "{}")[0] == 200, target
        assert agent.curl("/", "--request-target", "http://unix.socket", *JSON, "--data", "{}")[0] == 404


def takes_the_app_compose_of_a_file():
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write('{"name":"given"}')
        file.flush()
        with Agent("--app-compose", file.name) as agent:
            assert json.loads(agent.curl("/Info")[1])["app_name"] == "given"


def takes_misbehaviours_more_than_once():
    with Agent("--fail", "Version:1", "--fail", "GetQuote:1", "--lie", "echo", "--lie", "log") as agent:
        assert [agent.curl("/Version")[0] for _ in range(2)] == [400, 200]
        assert [agent.curl("/GetQuote")[0] for _ in range(2)] == [400, 200]
        assert json.loads(agent.curl("/GetQuote")[1])["report_data"].startswith("ff")


def writes_what_a_verifier_needs_to_believe_it():
    with tempfile.TemporaryDirectory() as parent:
        trust = os.path.join(parent, "trust")
        with Agent("--trust", trust, "--seed", "7") as agent:
            assert sorted(os.listdir(trust)) == ["app_compose.json", "collateral.json", "key_provider.json",
                                                 "policy.toml", "root.pem"]
            agent.post("EmitEvent", event="mpc-image-digest", payload=32 * "ab")
            command = ["verify", "--agent", agent.socket, "--collateral", os.path.join(trust, "collateral.json"),
                       "--policy", os.path.join(trust, "policy.toml"), "--offline", "--json"]
            allowed = mpcctl(*command, "--image-digest", "sha256:" + 32 * "ab")
            assert allowed.returncode == 0, (allowed.stdout, allowed.stderr)
            refused = mpcctl(*command)
            assert refused.returncode == 10, (refused.stdout, refused.stderr)
            failed = [check["name"] for check in json.loads(refused.stdout)["checks"] if check["result"] == "fail"]
            assert failed == ["image_digest_allowed"], failed


def its_collateral_is_of_the_time_that_is_given():
    with tempfile.TemporaryDirectory() as trust, Agent("--trust", trust, "--at", "2026-08-13T12:00:00Z"):
        with open(os.path.join(trust, "collateral.json"), encoding="utf-8") as file:
            info = json.loads(json.load(file)["tcb_info"])
        assert info["issueDate"] == "2026-08-13T11:00:00Z" and info["nextUpdate"] == "2026-09-12T11:00:00Z", info


def log_shows_a_log_that_explains_the_register():
    with Agent() as agent:
        agent.post("EmitEvent", event="mpc-image-digest", payload=32 * "ab")
        done = agent.log()
        assert done.returncode == 0, done.stderr
        assert f"3     mpc-image-digest  {32 * 'ab'}\n" in done.stdout, done.stdout
        assert "equal: the log explains the register" in done.stdout


def log_ends_with_10_where_it_does_not():
    for lie in ("log", "register"):
        with Agent("--lie", lie) as agent:
            agent.post("EmitEvent", event="e", payload="01")
            done = agent.log()
            assert done.returncode == 10, (lie, done.stdout)
            assert "NOT EQUAL" in done.stdout


def log_speaks_json():
    with Agent("--version", "0.5.5") as agent:
        report = json.loads(agent.log("--json").stdout)
        assert report["rtmr3"]["equal"] is True and report["rtmr3"]["replayed"] == report["rtmr3"]["quoted"]
        assert report["events"][-1]["event"] == "system-ready" and len(report["events"][-1]["digest"]) == 96


def log_ends_with_4_when_the_agent_is_no_help():
    assert "nothing is there" in refusal(4, "agent", "log", "--socket", "/nonexistent/dstack.sock")
    for options in (("--fail", "GetQuote"), ("--html", "GetQuote"), ("--cut", "GetQuote"), ("--lie", "echo")):
        with Agent(*options) as agent:
            refusal(4, "agent", "log", "--socket", agent.socket)
    with Agent("--hang", "GetQuote") as agent:
        refusal(4, "agent", "log", "--socket", agent.socket, "--timeout", "1")


def wrong_options_end_with_2_and_wrong_files_with_3():
    refusal(2)
    refusal(2, "frobnicate")
    refusal(2, "sim", "agent")
    for option in (("--fail", "Frobnicate"), ("--lie", "truth"), ("--version", "0.4.0"), ("--seed", "x"),
                   ("--delay", "Info"), ("--at", "yesterday")):
        refusal(2, "sim", "agent", "--socket", "/nonexistent/s", *option)
    refusal(2, "agent", "log", "--timeout", "0")
    refusal(3, "sim", "agent", "--socket", "/nonexistent/s")
    refusal(3, "sim", "agent", "--socket", "/nonexistent/s", "--app-compose", "/nonexistent/compose")
    refusal(3, "sim", "agent", "--socket", "/nonexistent/s", "--trust", "/dev/null/x")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("not JSON")
        file.flush()
        refusal(3, "sim", "agent", "--socket", "/nonexistent/s", "--app-compose", file.name)


def help_and_version_end_with_0():
    assert mpcctl("--version").stdout.startswith("mpcctl ")
    for command in ((), ("agent",), ("agent", "log"), ("sim",), ("sim", "agent"), ("sim", "evidence")):
        done = mpcctl(*command, "--help")
        assert done.returncode == 0 and "Usage" in done.stdout, command


suite.run([
    says_that_it_is_simulated_and_when_it_is_ready,
    ends_with_0_and_without_its_socket_when_asked_to,
    answers_post_and_get_alike,
    answers_an_event_with_null,
    answers_errors_as_dstack_does,
    satisfies_a_client_that_ends_its_side_first,
    takes_a_target_in_absolute_form,
    takes_the_app_compose_of_a_file,
    takes_misbehaviours_more_than_once,
    writes_what_a_verifier_needs_to_believe_it,
    its_collateral_is_of_the_time_that_is_given,
    log_shows_a_log_that_explains_the_register,
    log_ends_with_10_where_it_does_not,
    log_speaks_json,
    log_ends_with_4_when_the_agent_is_no_help,
    wrong_options_end_with_2_and_wrong_files_with_3,
    help_and_version_end_with_0,
])
