"""`mpcctl verify` and `mpcctl predict`: genuine evidence, simulated evidence, every kind of input, every exit code.

usage: verify.py BUILD_DIR
"""

import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

import suite

MPCCTL = os.path.join(sys.argv[1], "bin", "mpcctl")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENUINE_TIME = "1786622400"
TIME = "2026-08-15T00:00:00Z"
TRUSTED, USAGE, INPUT, OTHER_SIDE, NOT_TRUSTED = 0, 2, 3, 4, 10
SCRATCH = tempfile.TemporaryDirectory()


def run(*words):
    """A finished mpcctl, with nothing in its environment that could decide anything."""
    return subprocess.run([MPCCTL, *words], capture_output=True, text=True, check=False, timeout=60,
                          env={"HOME": SCRATCH.name, "PATH": os.environ["PATH"]})


def verify(*words, code, verdict=None):
    """The report of `mpcctl verify`, as an object where there is one."""
    done = run("verify", "--json", *words)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr or done.stdout[:2000]}"
    report = json.loads(done.stdout) if done.stdout else None
    if verdict:
        assert report["verdict"] == verdict, report["verdict"]
    return report


def refused(*words, code, says):
    done = run("verify", *words)
    assert done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    assert says in done.stderr, done.stderr
    assert "remedy: " in done.stderr, done.stderr
    assert done.stdout == "", done.stdout


def result(report, name):
    return next(check for check in report["checks"] if check["name"] == name)


def genuine(name):
    if "REFERENCE_VECTORS" not in os.environ:
        raise suite.Skip("no reference vectors")
    return os.path.join(os.environ["REFERENCE_VECTORS"], "near-mpc", name)


def allowed():
    """What near/mpc's own test allows of its genuine node."""
    with open(genuine("mpc_image_digest.txt"), encoding="utf-8") as file:
        digest = file.read().strip()
    return ("--image-digest", digest, "--launcher-compose", genuine("launcher_image_compose.yaml"),
            "--measurements", genuine("expected_measurements_dev.json"))


def simulated(*options):
    """A directory with a node's evidence as `mpcctl sim evidence` writes it."""
    directory = tempfile.mkdtemp(dir=SCRATCH.name)
    done = run("sim", "evidence", "--output", directory, "--at", TIME, *options)
    assert done.returncode == 0, done.stderr
    return directory


def files_of(directory):
    return ("--quote", f"{directory}/quote.bin", "--tcb-info", f"{directory}/tcb_info.json", "--node-keys",
            f"{directory}/node_keys.json", "--collateral", f"{directory}/collateral.json", "--policy",
            f"{directory}/policy.toml", "--at", TIME)


class AgentOverTcp:
    """Hands requests of the loopback interface on to a guest agent's unix socket, as a VMM's port mapping would."""

    def __init__(self, socket):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                done = subprocess.run(["curl", "--silent", "--max-time", "10", "--unix-socket", socket,
                                       "http://dstack" + self.path], capture_output=True, check=True)
                self.send_response(200)
                self.send_header("Content-Length", str(len(done.stdout)))
                self.end_headers()
                self.wfile.write(done.stdout)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Node:
    """Serves one directory over HTTP on the loopback interface."""

    def __init__(self, directory):
        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=directory)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def a_genuine_node_is_trusted():
    report = verify("--public-data", genuine("public_data.json"), "--at", GENUINE_TIME, *allowed(), code=TRUSTED,
                    verdict="trusted")
    assert report["tcb_status"] == "UpToDate" and report["scope"] == "node", report["tcb_status"]
    assert report["valid_from"] == "2026-08-13T10:45:38Z" and report["valid_until"] == "2026-09-11T23:57:10Z"


def a_genuine_node_is_trusted_under_the_example_policy():
    verify("--public-data", genuine("public_data.json"), "--at", GENUINE_TIME, "--policy",
           os.path.join(ROOT, "deployment", "policy.toml"), code=TRUSTED, verdict="trusted")


def a_genuine_node_of_another_system_is_not():
    words = [word.replace("_dev.json", "_prod.json") for word in allowed()]
    report = verify("--public-data", genuine("public_data.json"), "--at", GENUINE_TIME, *words, code=NOT_TRUSTED,
                    verdict="not_trusted")
    failed = [check["name"] for check in report["checks"] if check["result"] == "fail"]
    assert failed == ["rtmr2_expected"], failed


def genuine_evidence_is_not_trusted_later():
    report = verify("--public-data", genuine("public_data.json"), "--at", "1789171033", *allowed(), code=NOT_TRUSTED)
    assert report["first_failure"] == "pck_crl_current", report["first_failure"]


def the_prediction_for_a_genuine_node_is_what_it_measured():
    with open(genuine("tcb_info.json"), encoding="utf-8") as file:
        rtmr3 = json.load(file)["rtmr3"]
    provider = "6b5ed02e549a1c30aaa8e3171a045f1f449b0017353ef595e78e39c348c98d01"
    done = run("predict", "--app-compose", genuine("app_compose.json"), "--compose", genuine("launcher_image_compose.yaml"),
               *allowed()[:2], "--dstack-version", "0.5.8", "--key-provider", provider, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rtmr3"] == rtmr3
    path = os.path.join(SCRATCH.name, "predicted.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(done.stdout)
    report = verify("--public-data", genuine("public_data.json"), "--at", GENUINE_TIME, "--predicted", path, *allowed(),
                    code=TRUSTED)
    assert result(report, "rtmr3_predicted")["result"] == "pass"


def another_compose_file_than_the_app_composes_is_refused():
    done = run("predict", "--app-compose", genuine("app_compose.json"), "--compose", genuine("default.env"),
               *allowed()[:2], "--dstack-version", "0.5.8", "--key-provider", "ab")
    assert done.returncode == INPUT and "holds another compose file" in done.stderr, done.stderr


def a_simulated_node_is_trusted_under_its_own_root_only():
    directory = simulated()
    report = verify(*files_of(directory), code=TRUSTED, verdict="trusted")
    assert report["loosenings"] == ["simulated_root"], report["loosenings"]
    with open(f"{directory}/policy.toml", encoding="utf-8") as file:
        strict = re.sub(r"\[loosen\].*", "", file.read(), flags=re.DOTALL)
    with open(f"{directory}/strict.toml", "w", encoding="utf-8") as file:
        file.write(strict)
    words = [word.replace("policy.toml", "strict.toml") for word in files_of(directory)]
    report = verify(*words, code=NOT_TRUSTED, verdict="not_trusted")
    assert report["first_failure"] == "root_pinned", report["first_failure"]


def every_form_of_a_quote_says_the_same():
    directory = simulated()
    expected = verify(*files_of(directory), code=TRUSTED)
    with open(f"{directory}/quote.bin", "rb") as file:
        quote = file.read()
    forms = {"hex": quote.hex(), "json": json.dumps(list(quote)),
             "answer.json": json.dumps({"quote": quote.hex(), "event_log": "[]"})}
    for name, content in forms.items():
        path = f"{directory}/quote.{name}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        report = verify(*(word.replace(f"{directory}/quote.bin", path) for word in files_of(directory)), code=TRUSTED)
        assert report["checks"] == expected["checks"], name


def a_quote_alone_is_judged_as_far_as_it_goes():
    directory = simulated()
    words = ("--quote", f"{directory}/quote.bin", "--collateral", f"{directory}/collateral.json", "--allow-simulated",
             f"{directory}/root.pem", "--at", TIME)
    report = verify(*words, code=TRUSTED)
    assert report["scope"] == "platform", report["scope"]
    assert result(report, "image_digest_allowed")["result"] == "not_applicable"
    done = run("verify", *words)
    assert "what runs on it was not judged" in done.stdout.splitlines()[-1], done.stdout[-300:]
    report = verify(*words, "--policy", f"{directory}/policy.toml", code=NOT_TRUSTED)
    assert report["scope"] == "node", "a policy asks for a node"


def nothing_is_allowed_without_a_policy():
    directory = simulated()
    report = verify("--public-data", f"{directory}/public_data.json", "--allow-simulated", f"{directory}/root.pem",
                    "--at", TIME, code=NOT_TRUSTED)
    failed = {check["name"] for check in report["checks"] if check["result"] == "fail"}
    assert failed >= {"image_digest_allowed", "launcher_compose_allowed", "mrtd_expected"}, failed


def public_data_is_fetched_from_a_node():
    directory = simulated()
    with Node(directory) as node:
        words = ("--policy", f"{directory}/policy.toml", "--at", TIME)
        report = verify("--public-data", f"{node.url}/public_data.json", *words, code=TRUSTED)
        assert report["evidence_source"] == f"{node.url}/public_data.json", report["evidence_source"]
        refused("--public-data", f"{node.url}/nothing", *words, code=OTHER_SIDE, says="404")
    refused("--public-data", f"{node.url}/public_data.json", *words, code=OTHER_SIDE, says="127.0.0.1")


def a_node_without_an_attestation_is_named_as_such():
    directory = simulated()
    with open(f"{directory}/public_data.json", encoding="utf-8") as file:
        data = json.load(file)
    for participant, says in ((None, "has no attestation"), ({"Mock": "Valid"}, "runs without a TEE")):
        data["tee_participant_info"] = participant
        path = f"{directory}/without.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file)
        refused("--public-data", path, "--policy", f"{directory}/policy.toml", code=INPUT, says=says)


def a_live_agent_is_asked_for_a_fresh_quote():
    directory = tempfile.mkdtemp(dir=SCRATCH.name)
    socket = f"{directory}/dstack.sock"
    agent = subprocess.Popen([MPCCTL, "sim", "agent", "--socket", socket, "--trust", directory, "--at", TIME],
                             stderr=subprocess.PIPE, text=True)
    try:
        while "ready" not in agent.stderr.readline():
            pass
        digest = "ab" * 32
        emit = json.dumps({"event": "mpc-image-digest", "payload": digest})
        subprocess.run(["curl", "--silent", "--fail", "--unix-socket", socket, "-H", "Content-Type: application/json",
                        "--data", emit, "http://dstack/EmitEvent"], check=True, stdout=subprocess.DEVNULL)
        words = ("--agent", socket, "--collateral", f"{directory}/collateral.json", "--policy", f"{directory}/policy.toml",
                 "--at", TIME)
        first = verify(*words, "--image-digest", digest, code=TRUSTED)
        second = verify(*words, "--image-digest", digest, code=TRUSTED)
        assert result(first, "nonce_bound")["result"] == "pass"
        assert first["measurements"]["report_data"] != second["measurements"]["report_data"], "the same nonce twice"
        with AgentOverTcp(socket) as remote:
            over_tcp = verify("--agent", remote.url, *words[2:], "--image-digest", digest, code=TRUSTED)
        assert result(over_tcp, "nonce_bound")["result"] == "pass"
        report = verify(*words, "--image-digest", "cd" * 32, code=NOT_TRUSTED)
        assert report["first_failure"] == "image_digest_allowed", report["first_failure"]
    finally:
        agent.kill()
        agent.wait()
        agent.stderr.close()
    refused(*words, code=OTHER_SIDE, says="dstack.sock")


def many_nodes_are_judged_at_once():
    batch = tempfile.mkdtemp(dir=SCRATCH.name)
    good = simulated()
    for name, defect in (("a-good", None), ("b-good", None), ("c-bad", "image-digest-other")):
        shutil.copytree(simulated("--defect", defect) if defect else good, f"{batch}/{name}")
    shutil.copy(f"{good}/public_data.json", f"{batch}/d-data.json")
    words = ("--batch", batch, "--policy", f"{good}/policy.toml", "--at", TIME)
    report = verify(*words, code=NOT_TRUSTED)
    assert [(node["name"], node["verdict"]) for node in report["nodes"]] == [
        ("a-good", "trusted"), ("b-good", "trusted"), ("c-bad", "not_trusted"), ("d-data.json", "trusted")], report
    assert report["nodes"][2]["first_failure"] == "image_digest_allowed", report["nodes"][2]
    one_by_one = report["signature_checks"]
    shared = verify(*words, "--collateral", f"{good}/collateral.json", "--jobs", "3", code=NOT_TRUSTED)
    assert (shared["trusted"], shared["not_trusted"], shared["unreadable"]) == (3, 1, 0), shared
    assert shared["signature_checks"] < one_by_one, "a shared collateral is judged once"

    shutil.rmtree(f"{batch}/c-bad")
    with open(f"{batch}/a-good/quote.bin", "wb") as file:
        file.write(b"\4\0")
    report = verify(*words, code=INPUT)
    assert report["nodes"][0]["verdict"] == "unreadable", report["nodes"][0]
    done = run("verify", *words)
    assert "3 nodes at 2026-08-15T00:00:00Z: 2 trusted, 0 not trusted, 1 unreadable" in done.stdout, done.stdout


def the_verdict_is_the_first_and_the_last_line():
    directory = simulated("--defect", "image-digest-other")
    lines = run("verify", *files_of(directory)).stdout.splitlines()
    assert lines[0] == lines[-1] and lines[0].startswith("NOT TRUSTED: image_digest_allowed"), (lines[0], lines[-1])
    assert any("found" in line and "sha256:" in line for line in lines), "what was found is not shown"


def bad_input_is_refused_with_its_place():
    directory = simulated()
    good = files_of(directory)

    def with_content(name, content):
        path = f"{directory}/bad"
        with open(path, "wb") as file:
            file.write(content)
        return [word.replace(f"{directory}/{name}", path) for word in good]

    for name, content, says in (
            ("quote.bin", b"", "the quote is empty"), ("quote.bin", b"hello", "bad"), ("quote.bin", b"\4\0\2\0", "quote"),
            ("collateral.json", b"{", "collateral"), ("collateral.json", b"{}", "pck_crl_issuer_chain"),
            ("tcb_info.json", b"{\"mrtd\":1}", "mrtd"), ("node_keys.json", b"{}", "near_p2p_public_key"),
            ("policy.toml", b"image_digest = []", "image_digest"), ("policy.toml", b"=", "line 1")):
        done = run("verify", *with_content(name, content))
        assert done.returncode == INPUT, f"{name}: exit {done.returncode}"
        assert says in done.stderr, done.stderr
    done = run("verify", *(word.replace("quote.bin", "nowhere") for word in good))
    assert done.returncode == INPUT and "nowhere" in done.stderr, done.stderr


def bad_options_are_refused():
    for words in ((), ("--quote", "a", "--agent", "b"), ("--quote", "a", "--at", "yesterday"), ("--jobs", "0"),
                  ("--quote", "a", "--image-digest", "latest"), ("--quote", "a", "--no-such-option")):
        done = run("verify", *words)
        assert done.returncode == USAGE, f"{words}: exit {done.returncode}: {done.stderr}"
        assert "remedy: " in done.stderr, done.stderr
    for words in ((), ("--app-compose", "/nowhere")):
        assert run("predict", *words).returncode == USAGE, words


def a_prediction_takes_no_text_for_another():
    done = run("predict", "--app-compose", genuine("app_compose.json"), "--image-digest", "sha256:" + "a" * 64, "--dstack-version",
               "0.5.8", "--key-provider", b"\xff")
    assert done.returncode == INPUT and "--key-provider is not UTF-8" in done.stderr, done


def the_example_of_the_readme_works():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        example = re.search(r"```sh\n(build/bin/mpcctl sim evidence.*?)```", file.read(), re.DOTALL).group(1)
    commands = [shlex.split(line, comments=True) for line in example.replace("\\\n", " ").splitlines()]
    assert len(commands) == 2, commands
    for _, *words in commands:
        done = run(*(word.replace("/tmp/node", f"{SCRATCH.name}/node") for word in words))
        assert done.returncode == TRUSTED, done.stderr or done.stdout
    assert done.stdout.startswith("TRUSTED"), done.stdout[:200]


def the_forecast_has_the_facts_that_were_given():
    directory = simulated()
    report = verify(*files_of(directory), "--submitted-at", TIME, "--image-deadline", "2026-08-20T00:00:00Z", code=TRUSTED)
    causes = {prospect["cause"]: prospect["when"] for prospect in report["forecast"]}
    assert causes["attestation_age"] == "2026-08-22T00:00:00Z", causes
    assert causes["image_digest"] == "2026-08-20T00:00:00Z", causes
    times = [prospect["when"] for prospect in report["forecast"]]
    assert times == sorted(times), times


suite.run([
    a_genuine_node_is_trusted,
    a_genuine_node_is_trusted_under_the_example_policy,
    a_genuine_node_of_another_system_is_not,
    genuine_evidence_is_not_trusted_later,
    the_prediction_for_a_genuine_node_is_what_it_measured,
    another_compose_file_than_the_app_composes_is_refused,
    a_simulated_node_is_trusted_under_its_own_root_only,
    every_form_of_a_quote_says_the_same,
    a_quote_alone_is_judged_as_far_as_it_goes,
    nothing_is_allowed_without_a_policy,
    public_data_is_fetched_from_a_node,
    a_node_without_an_attestation_is_named_as_such,
    a_live_agent_is_asked_for_a_fresh_quote,
    many_nodes_are_judged_at_once,
    the_verdict_is_the_first_and_the_last_line,
    bad_input_is_refused_with_its_place,
    bad_options_are_refused,
    a_prediction_takes_no_text_for_another,
    the_example_of_the_readme_works,
    the_forecast_has_the_facts_that_were_given,
])
