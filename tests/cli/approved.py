"""`mpcctl approved` against JSON-RPC endpoints that answer well and badly, and `mpcctl approve`.

usage: approved.py BUILD_DIR
"""

import base64
import contextlib
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import suite
from support.http_server import serving

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
CONTRACT = "v1.signer-test.near"
OLD, NEW, NEWEST = "1" * 64, "2" * 64, "3" * 64
IMAGES = "allowed_docker_image_hashes"
LAUNCHERS = "allowed_launcher_image_hashes"
COMPOSES = "allowed_launcher_compose_hashes"
MEASUREMENTS = "allowed_os_measurements"
REGISTERS = {"mrtd": "a1" * 48, "rtmr0": "b2" * 48, "rtmr1": "c3" * 48, "rtmr2": "d4" * 48, "key_provider_event_digest": "e5" * 48}


def image(digest, deadline):
    return {"image_hash": digest, "expiry_timestamp_seconds": deadline}


# As the contract has them: the newest image first, the newest launcher last.
VIEWS = {IMAGES: [image(NEWEST, None), image(NEW, 1786622400), image(OLD, 1786000000)], LAUNCHERS: [OLD, NEW, NEWEST],
         COMPOSES: ["4" * 64, "5" * 64], MEASUREMENTS: [REGISTERS]}


def result(value, identity="mpcctl", height=42):
    return {"jsonrpc": "2.0", "id": identity,
            "result": {"result": list(value), "logs": [], "block_height": height, "block_hash": "x"}}


def rpc_error(cause, data="the reason"):
    return {"jsonrpc": "2.0", "id": "mpcctl", "error": {"name": "HANDLER_ERROR", "cause": {"info": {}, "name": cause},
                                                        "code": -32000, "message": "Server error", "data": data}}


MISSING = rpc_error("CONTRACT_EXECUTION_ERROR", "FunctionCallError(MethodResolveError(MethodNotFound))")
MISSING_IN_RESULT = {"jsonrpc": "2.0", "id": "mpcctl", "result": {
    "error": "wasm execution failed with error: MethodResolveError(MethodNotFound)", "logs": [], "block_height": 1}}


@contextlib.contextmanager
def endpoint(views=None, raw=None, status=200, answers=None, silent=False):
    """The URL of a server and the requests it gets. views: what methods return; answers: whole answers by method; raw: one
    body for everything."""
    requests = []
    ending = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.headers["Content-Type"], request))
            if silent:
                ending.wait(60)
                return
            method = request["params"]["method_name"]
            if raw is not None:
                body = raw
            elif answers and method in answers:
                body = json.dumps(answers[method]).encode()
            else:
                body = json.dumps(result(json.dumps({**VIEWS, **(views or {})}[method]).encode())).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    with serving(Handler) as address:
        try:
            yield address + "/rpc", requests
        finally:
            ending.set()


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def approved(*urls, options=("--at", "2026-08-13T11:59:59Z"), contract=CONTRACT, environment=None):
    return subprocess.run([MPCCTL, "approved", "--contract", contract, "--timeout", "3", *(word for url in urls for word in ("--rpc", url)),
                           *options], capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, **(environment or {})})


def assert_refused(done, code, *mentions):
    assert done.returncode == code and not done.stdout, done
    assert done.stderr.startswith("mpcctl: ") and "\nremedy: " in done.stderr, done.stderr
    for text in mentions:
        assert text in done.stderr, f"{text} is not mentioned: {done.stderr}"


def lists_of(*urls, **how):
    done = approved(*urls, **{"options": ("--json", "--at", "1786622399"), **how})
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def every_list_comes_newest_first():
    with endpoint() as (url, _):
        lists = lists_of(url)
    assert lists == {
        "contract": CONTRACT, "endpoint": url, "block_height": 42, "at": "2026-08-13T11:59:59Z", "chosen": "sha256:" + NEWEST,
        "image_digests": [
            {"digest": "sha256:" + NEWEST, "deadline": None, "allowed": True},
            {"digest": "sha256:" + NEW, "deadline": "2026-08-13T12:00:00Z", "allowed": True},
            {"digest": "sha256:" + OLD, "deadline": "2026-08-06T07:06:40Z", "allowed": False}],
        "launcher_digests": ["sha256:" + NEWEST, "sha256:" + NEW, "sha256:" + OLD],
        "launcher_compose_hashes": ["4" * 64, "5" * 64], "os_measurements": [REGISTERS], "notes": []}, lists


def people_get_a_table_with_deadlines_and_the_choice():
    with endpoint() as (url, _):
        done = approved(url)
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert f"sha256:{NEWEST}  no deadline  <- a launcher takes this one" in lines, done.stdout
    assert f"sha256:{NEW}  until 2026-08-13T12:00:00Z (0 h 0 min left)" in lines, done.stdout
    assert f"sha256:{OLD}  NO LONGER ALLOWED since 2026-08-06T07:06:40Z" in lines, done.stdout
    after = lines[lines.index("launcher digests, newest first") + 1:]
    assert after[:3] == [f"sha256:{NEWEST}", f"sha256:{NEW}", f"sha256:{OLD}"], after
    assert "mrtd  " + REGISTERS["mrtd"] in lines and not done.stderr, done


def requests_are_view_calls_in_the_final_state():
    with endpoint() as (url, requests):
        lists_of(url)
    assert [request["params"].pop("method_name") for _, request in requests] == [IMAGES, LAUNCHERS, COMPOSES, MEASUREMENTS]
    for content_type, request in requests:
        assert content_type == "application/json" and request["method"] == "query" and request["jsonrpc"] == "2.0"
        assert base64.b64decode(request["params"].pop("args_base64")) == b"{}"
        assert request["params"] == {"request_type": "call_function", "finality": "final", "account_id": CONTRACT}


def older_contracts_have_hashes_without_deadlines():
    with endpoint({IMAGES: [NEWEST, OLD]}) as (url, _):
        lists = lists_of(url)
    assert [entry["digest"] for entry in lists["image_digests"]] == ["sha256:" + NEWEST, "sha256:" + OLD]


def a_list_that_the_contract_lacks_is_said_to_be_missing():
    for answer in (MISSING, MISSING_IN_RESULT):
        with endpoint(answers={LAUNCHERS: answer, MEASUREMENTS: answer}) as (url, _):
            done = approved(url)
            assert done.returncode == 0 and f"not available: {LAUNCHERS}: the contract has no such method" in done.stdout, done
            lists = lists_of(url)
            assert lists["launcher_digests"] is None and lists["os_measurements"] is None and lists["image_digests"]


def an_empty_list_is_none():
    with endpoint({IMAGES: [], LAUNCHERS: []}) as (url, _):
        done = approved(url)
        assert done.returncode == 0 and "image digests, newest first\n  none\n" in done.stdout, done
        assert lists_of(url)["chosen"] is None


def deadlines_that_contradict_the_order_are_noted():
    with endpoint({IMAGES: [image(OLD, 1786000000), image(NEWEST, None)]}) as (url, _):
        done = approved(url)
    assert done.returncode == 0 and "contradict their order" in done.stderr and "no longer allowed: is the endpoint" in done.stderr, done


def the_next_endpoint_is_asked_when_one_fails():
    bad_endpoints = (
        {"raw": b"<html><body>hello</body></html>"}, {"raw": b"<html>502</html>", "status": 502}, {"raw": b"", "status": 429},
        {"raw": b"", "status": 302}, {"silent": True}, {"raw": b"x" * (2 << 20)}, {"answers": {IMAGES: rpc_error("NO_SYNCED_BLOCKS")}},
        {"answers": {IMAGES: rpc_error("INTERNAL_ERROR")}, "status": 500}, {"answers": {MEASUREMENTS: result(b"[]", identity="other")}},
        {"views": {IMAGES: {"not": "a list"}}}, {"views": {IMAGES: ["A" * 64]}}, {"views": {IMAGES: [image(NEW, "soon")]}},
        {"views": {LAUNCHERS: [1]}}, {"views": {COMPOSES: [None]}}, {"views": {MEASUREMENTS: [{"mrtd": "00"}]}},
        {"answers": {COMPOSES: result(b"\xff\xfe")}}, {"answers": {COMPOSES: result([256])}}, {"answers": {COMPOSES: result(b"[" * 1000)}})
    with endpoint() as (good, _):
        assert lists_of(closed_port(), good)["endpoint"] == good
        for bad_endpoint in bad_endpoints:
            with endpoint(**bad_endpoint) as (bad, _):
                lists = lists_of(bad, good)
                assert lists["endpoint"] == good and len(lists["notes"]) == 1 and lists["notes"][0].startswith(bad), (bad_endpoint, lists)
                assert_refused(approved(bad), 4, bad)


def a_web_page_is_called_one():
    with endpoint(raw=b"<!DOCTYPE html>") as (url, _):
        assert_refused(approved(url), 4, "web page", "JSON-RPC")


def an_unknown_account_is_what_the_network_says():
    for cause in ("UNKNOWN_ACCOUNT", "NO_CONTRACT_CODE"):
        with endpoint(answers={IMAGES: rpc_error(cause)}) as (url, _), endpoint() as (other, requests):
            assert_refused(approved(url, other), 4, cause, "the reason", "network")
            assert not requests, "another endpoint was asked"


def an_account_without_any_list_is_not_the_contract():
    with endpoint(answers=dict.fromkeys(VIEWS, MISSING)) as (url, _):
        assert_refused(approved(url), 4, "none of the lists", "--contract")


def silence_ends_at_the_deadline():
    with endpoint(silent=True) as (url, _):
        start = time.monotonic()
        assert_refused(approved(url), 4, "3000 ms")
        assert time.monotonic() - start < 20


def a_query_of_an_address_is_not_shown():
    done = approved(closed_port() + "/rpc?key=canary")
    assert_refused(done, 4, "/rpc")
    assert "canary" not in done.stderr


def an_endpoint_without_tls_is_noted_unless_it_is_here():
    with endpoint() as (proxy, _):
        done = approved("http://rpc.test/", environment={"http_proxy": proxy, "no_proxy": ""})
        assert done.returncode == 0 and "asked without TLS" in done.stderr, done
        assert not approved(proxy).stderr


def foreign_words_are_printable():
    with endpoint(answers={IMAGES: rpc_error("UNKNOWN_ACCOUNT", "\x1b[31mred\nline " + "x" * 5000)}) as (url, _):
        done = approved(url)
    assert "\x1b" not in done.stderr and len(done.stderr) < 1000 and done.stderr.count("\n") == 2, done.stderr


def bad_options_are_refused():
    assert_refused(approved("http://127.0.0.1:1", contract="Not An Account"), 2, "--contract")
    assert_refused(approved("ftp://example.org"), 2, "--rpc")
    assert_refused(approved("http://127.0.0.1:1", options=("--at", "tomorrow")), 2, "--at")
    assert_refused(approved(), 2, "--rpc")
    assert_refused(approved("https://127.0.0.1:1", options=("--tls-ca", "/nowhere/ca.pem")), 3, "/nowhere/ca.pem")


def approve(*options):
    return subprocess.run([MPCCTL, "approve", *options], capture_output=True, text=True, check=False, timeout=30)


def an_approved_file_is_as_nodes_write_it():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "image-digest.bin")
        done = approve("--output", path, "sha256:" + NEW, OLD)
        assert done.returncode == 0 and f"a launcher takes sha256:{NEW}" in done.stdout, done
        with open(path, "rb") as file:
            assert file.read() == f'{{\n  "approved_hashes": [\n    "sha256:{NEW}",\n    "sha256:{OLD}"\n  ]\n}}'.encode()
        done = approve("--output", path, OLD, "--json")
        assert json.loads(done.stdout) == {"approved_hashes": ["sha256:" + OLD], "output": path}, done
        assert os.listdir(directory) == ["image-digest.bin"]


def a_refused_approval_leaves_the_old_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "image-digest.bin")
        assert approve("--output", path, OLD).returncode == 0
        with open(path, "rb") as file:
            old = file.read()
        many = [f"{number:064x}" for number in range(1000)]
        for digests in ([NEW, NEW], ["sha256:" + NEW, NEW], [NEW.upper().replace("2", "A")], ["sha256:12"], [NEW, ""], many, []):
            done = approve("--output", path, *digests)
            assert done.returncode == 2 and not done.stdout and "\nremedy: " in done.stderr, done
            with open(path, "rb") as file:
                assert file.read() == old
        done = approve("--output", os.path.join(directory, "no", "file"), NEW)
        assert done.returncode == 3 and "\nremedy: " in done.stderr, done
        assert os.listdir(directory) == ["image-digest.bin"]


suite.run([
    every_list_comes_newest_first,
    people_get_a_table_with_deadlines_and_the_choice,
    requests_are_view_calls_in_the_final_state,
    older_contracts_have_hashes_without_deadlines,
    a_list_that_the_contract_lacks_is_said_to_be_missing,
    an_empty_list_is_none,
    deadlines_that_contradict_the_order_are_noted,
    the_next_endpoint_is_asked_when_one_fails,
    a_web_page_is_called_one,
    an_unknown_account_is_what_the_network_says,
    an_account_without_any_list_is_not_the_contract,
    silence_ends_at_the_deadline,
    a_query_of_an_address_is_not_shown,
    an_endpoint_without_tls_is_noted_unless_it_is_here,
    foreign_words_are_printable,
    bad_options_are_refused,
    an_approved_file_is_as_nodes_write_it,
    a_refused_approval_leaves_the_old_file,
])
