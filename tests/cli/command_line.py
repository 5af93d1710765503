"""mpc-launcher as a command: its examples, its refusals, what it leaves untouched. Needs neither engine nor agent.

usage: command_line.py BUILD_DIR
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import suite

BUILD = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAUNCHER = os.path.join(BUILD, "bin", "mpc-launcher")
DEFAULT = "sha256:" + "a" * 64
MEASURED = {"PLATFORM": "TEE", "DOCKER_CONTENT_TRUST": "1", "DEFAULT_IMAGE_DIGEST": DEFAULT}


def run(*options, environment=None, shared=None):
    """The finished process; it sees only the variables that are given."""
    with tempfile.TemporaryDirectory() as empty:
        measured = {**MEASURED, "SHARED_DIR": shared or empty, **(environment or {})}
        return subprocess.run([LAUNCHER, *options], env={k: v for k, v in measured.items() if v is not None},
                              capture_output=True, text=True, check=False, timeout=30)


def check(user_config, **how):
    return run("--check", "--user-config", os.path.join(ROOT, user_config), **how)


def assert_refused(done, code, name, *mentions):
    assert done.returncode == code, f"exit code {done.returncode}: {done.stderr}"
    lines = done.stderr.splitlines()
    assert len(lines) == 2, done.stderr
    assert f"error: {name}: " in lines[0] and f"exit={code}" in lines[0], done.stderr
    assert "error: remedy: " in lines[1], done.stderr
    for text in mentions:
        assert text in done.stderr, f"{text} is not mentioned: {done.stderr}"
    assert not done.stdout, done.stdout


def the_example_of_the_readme_works():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        example = re.search(r"```sh\n\s+(build/bin/mpc-launcher --check.*?)```", file.read(), re.DOTALL).group(1)
    words = shlex.split(example.replace("\\\n", " ").replace("$PWD", ROOT))
    done = subprocess.run([LAUNCHER, *words[1:]], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["choice"] in ("default", "newest approved")


def the_examples_under_deployment_are_good():
    for name, form in (("deployment/user-config.toml", "file"), ("deployment/user-config.conf", "environment")):
        done = check(name)
        assert done.returncode == 0, done.stderr
        plan = json.loads(done.stdout)
        assert plan["node_configuration"]["form"] == form and plan["warnings"] == [], plan
        assert plan["image_digest"] == DEFAULT and plan["choice"] == "default"


def real_operators_configurations_are_good():
    vectors = os.environ.get("REFERENCE_VECTORS")
    if not vectors:
        raise suite.Skip("no reference vectors")
    for name in ("user-config.toml", "user-config.conf"):
        done = check(os.path.join(os.path.abspath(vectors), "near-mpc", name))
        assert done.returncode == 0, done.stderr


def a_plan_takes_the_newest_approved_digest():
    with tempfile.TemporaryDirectory() as shared:
        with open(os.path.join(shared, "image-digest.bin"), "w", encoding="utf-8") as file:
            json.dump({"approved_hashes": ["sha256:" + "b" * 64, "sha256:" + "c" * 64]}, file)
        plan = json.loads(check("deployment/user-config.toml", shared=shared).stdout)
        assert plan["image_digest"] == "sha256:" + "b" * 64 and plan["choice"] == "newest approved"
        assert os.listdir(shared) == ["image-digest.bin"], "a check wrote something"


def a_plan_shows_no_value_of_the_node():
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write("MPC_SECRET_STORE_KEY=canary-value\nMPC_ACCOUNT_ID=canary-account\nNOT A LINE canary\n")
        file.flush()
        done = check(file.name)
    assert done.returncode == 0 and "canary" not in done.stdout + done.stderr, done
    assert json.loads(done.stdout)["node_configuration"]["variables"] == ["MPC_ACCOUNT_ID", "MPC_SECRET_STORE_KEY"]


def refusals_have_two_lines_and_their_code():
    assert_refused(run("--no-such-option"), 2, "usage", "--help")
    assert_refused(run(environment={"PLATFORM": None}), 3, "environment", "PLATFORM")
    assert_refused(run(environment={"PLATFORM": "tee"}), 3, "environment", "PLATFORM")
    assert_refused(run(environment={"DOCKER_CONTENT_TRUST": "0"}), 3, "environment", "DOCKER_CONTENT_TRUST")
    assert_refused(run(environment={"DEFAULT_IMAGE_DIGEST": "sha256:12"}), 3, "environment", "DEFAULT_IMAGE_DIGEST")
    assert_refused(run("--user-config", "/nowhere/user_config"), 4, "config", "/nowhere/user_config")
    assert_refused(check("deployment/user-config.toml", environment={"SHARED_DIR": "/nowhere"}), 3, "environment", "/nowhere")


def a_missing_agent_or_engine_is_named():
    config = ("--user-config", os.path.join(ROOT, "deployment/user-config.toml"))
    done = run(*config, "--dstack-socket", "/nowhere/dstack.sock", "--docker-socket", "/nowhere/docker.sock")
    assert done.returncode == 8 and "/nowhere/dstack.sock" in done.stderr, done.stderr
    done = run(*config, "--docker-socket", "/nowhere/docker.sock", environment={"PLATFORM": "NONTEE"})
    assert done.returncode == 10 and "/nowhere/docker.sock" in done.stderr, done.stderr


def a_corrupt_approved_file_is_refused_by_path():
    with tempfile.TemporaryDirectory() as shared:
        path = os.path.join(shared, "image-digest.bin")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"approved_hashes":[]}')
        assert_refused(check("deployment/user-config.toml", shared=shared), 5, "digest", path)


def help_and_version_are_answered_on_standard_output():
    for option, text in (("--help", "--platform"), ("--version", "mpc-launcher ")):
        done = run(option)
        assert done.returncode == 0 and text in done.stdout and not done.stderr, done


suite.run([
    the_example_of_the_readme_works,
    the_examples_under_deployment_are_good,
    real_operators_configurations_are_good,
    a_plan_takes_the_newest_approved_digest,
    a_plan_shows_no_value_of_the_node,
    refusals_have_two_lines_and_their_code,
    a_missing_agent_or_engine_is_named,
    a_corrupt_approved_file_is_refused_by_path,
    help_and_version_are_answered_on_standard_output,
])
