"""`mpcctl app-compose` against a model of what dstack's own tool writes, which is Python's json.

usage: app_compose.py BUILD_DIR
"""

import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

import suite

MPCCTL = os.path.join(os.path.abspath(sys.argv[1]), "bin", "mpcctl")
FLAGS = {"kms_enabled": "--kms", "gateway_enabled": "--gateway", "local_key_provider_enabled": "--local-key-provider",
         "public_logs": "--public-logs", "public_sysinfo": "--public-sysinfo", "no_instance_id": "--no-instance-id",
         "secure_time": "--secure-time"}
NODE = ("--local-key-provider", "--public-logs", "--public-sysinfo", "--no-instance-id")
HOSTILE = ['"', "\\", "/", "\n", "\r", "\r\n", "\t", "\b", "\f", "\x01", "\x1f", "\x7f", "\x80", "\u00e9", "\u2028", "\u2029", "\ufeff",
           "\uffff", "\U0001f600", "\U0010ffff", "</script>", "\\u0041", "{{X}}", "'", "${A}", " ", "a", "0", "é"]


def make(directory, *options):
    return subprocess.run([MPCCTL, "app-compose", *options], capture_output=True, check=False, timeout=30, cwd=directory)


def write(directory, name, content):
    with open(os.path.join(directory, name), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return name


def read(directory, name):
    with open(os.path.join(directory, name), "rb") as file:
        return file.read()


def model(name, compose, flags=(), key_provider_id="", envs=(), key_provider=None, script=None, swap=0, event_log_version=1):
    """The bytes that the tool's facts give: order, optional members, Python's way to write JSON."""
    flag = {member: member in flags for member in FLAGS}
    document = {"manifest_version": 2, "name": name, "runner": "docker-compose", "docker_compose_file": compose,
                "kms_enabled": flag["kms_enabled"], "gateway_enabled": flag["gateway_enabled"],
                "local_key_provider_enabled": flag["local_key_provider_enabled"], "key_provider_id": key_provider_id,
                "public_logs": flag["public_logs"], "public_sysinfo": flag["public_sysinfo"], "allowed_envs": list(envs),
                "no_instance_id": flag["no_instance_id"], "secure_time": flag["secure_time"]}
    if key_provider:
        document["key_provider"] = key_provider
    if script is not None:
        document["pre_launch_script"] = script
    if swap:
        document["swap_size"] = swap * 1024 * 1024
    if event_log_version == 2:
        document["event_log_version"] = 2
    return json.dumps(document, indent=4, ensure_ascii=False).encode()


def hostile_text(dice, with_nul=False):
    return "".join(dice.choices(HOSTILE + (["\0"] if with_nul else []), k=dice.randrange(40)))


def random_choices(dice):
    flags = {member for member in FLAGS if dice.random() < 0.5}
    envs = dice.sample(["A", "_b", "LONG_NAME_1", "z9", "Path"], k=dice.randrange(6)) if "kms_enabled" in flags else []
    return {"name": "n" + hostile_text(dice), "compose": hostile_text(dice, with_nul=True), "flags": flags, "envs": envs,
            "key_provider_id": dice.choice(["", "00ff", "AB" * 32]), "key_provider": dice.choice([None, "none", "kms", "local", "tpm"]),
            "script": dice.choice([None, "", hostile_text(dice, with_nul=True)]), "swap": dice.choice([0, 1, 4096, 2 * 1024 * 1024]),
            "event_log_version": dice.choice([1, 2])}


def options_of(directory, chosen):
    options = ["--name", chosen["name"], "--docker-compose", write(directory, "compose.yaml", chosen["compose"]),
               *(FLAGS[member] for member in chosen["flags"]), "--event-log-version", str(chosen["event_log_version"]),
               "--swap", f"{chosen['swap']}M"]
    if chosen["envs"]:
        lines = "".join(f" {name} = secret={name}\r\n" for name in chosen["envs"])
        options += ["--env-file", write(directory, "env", "# comment\n\n" + lines + chosen["envs"][0] + "=again")]
    if chosen["script"] is not None:
        options += ["--prelaunch-script", write(directory, "script", chosen["script"])]
    for option in ("key_provider", "key_provider_id"):
        if chosen[option]:
            options += ["--" + option.replace("_", "-"), chosen[option]]
    return options


def random_choices_give_the_bytes_of_the_model():
    dice = random.Random(20261122)
    for _ in range(150):
        chosen = random_choices(dice)
        with tempfile.TemporaryDirectory() as directory:
            done = make(directory, *options_of(directory, chosen), "--output", "out.json")
            assert done.returncode == 0, (chosen, done)
            assert read(directory, "out.json") == model(**chosen), chosen
            assert b"secret" not in done.stdout + done.stderr


def every_single_character_is_written_as_python_writes_it():
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x11000), 0x1F600, 0x10FFFF]))
    with tempfile.TemporaryDirectory() as directory:
        done = make(directory, "--name", "node", "--docker-compose", write(directory, "compose.yaml", text))
        assert done.returncode == 0 and done.stdout == model("node", text)


def the_genuine_deployment_has_its_bytes_and_hashes():
    vectors = os.environ.get("REFERENCE_VECTORS")
    if not vectors:
        raise suite.Skip("no reference vectors")
    genuine = os.path.join(os.path.abspath(vectors), "near-mpc")
    with tempfile.TemporaryDirectory() as directory:
        done = make(directory, "--name", "mpc-localnet-one-node-1786619449", "--docker-compose",
                    os.path.join(genuine, "launcher_image_compose.yaml"), *NODE, "--output", "out.json", "--json", "--strict")
        assert done.returncode == 0 and not done.stderr, done
        assert read(directory, "out.json") == read(genuine, "app_compose.json")
        assert json.loads(done.stdout) == {
            "compose_hash": "2911e1f733466216dedb862d6d669e11256ee7a34ce4dbc66c4b807ba7a9c895",
            "app_id": "2911e1f733466216dedb862d6d669e11256ee7a3",
            "launcher_compose_hash": "615b9ee0e77ea5c3f914f7539490feae04f7a679055435f440e95699f3fb4d28",
            "broken_rule": None, "objections": [], "output": "out.json"}


def without_an_output_the_hashes_go_to_standard_error():
    with tempfile.TemporaryDirectory() as directory:
        done = make(directory, "--name", "node", "--docker-compose", write(directory, "compose.yaml", "x\n"), *NODE)
        assert done.returncode == 0 and done.stdout == model("node", "x\n", flags={
            "local_key_provider_enabled", "public_logs", "public_sysinfo", "no_instance_id"}), done
        digest = hashlib.sha256(done.stdout).hexdigest()
        assert f"Compose hash:          {digest}\nApp ID:                {digest[:40]}\n" in done.stderr.decode(), done


def every_rule_of_the_network_is_a_warning_and_strictly_a_refusal():
    for options, rule in ((NODE[1:], "local_key_provider_enabled"), (NODE[:1] + NODE[2:], "public_logs"),
                          (NODE[:2] + NODE[3:], "public_sysinfo"), (NODE[:3], "no_instance_id"), (NODE + ("--kms",), "kms_enabled"),
                          (NODE + ("--gateway",), "gateway_enabled"), (NODE + ("--event-log-version", "2"), "event_log_version"),
                          (NODE + ("--prelaunch-script", "compose.yaml"), "pre_launch_script")):
        with tempfile.TemporaryDirectory() as directory:
            base = ("--name", "node", "--docker-compose", write(directory, "compose.yaml", "x\n"), *options, "--output", "out.json")
            done = make(directory, *base, "--strict")
            assert done.returncode == 3 and rule in done.stderr.decode() and "remedy: " in done.stderr.decode(), done
            assert os.listdir(directory) == ["compose.yaml"], "a refusal wrote something"
            done = make(directory, *base, "--json")
            assert done.returncode == 0 and f"WARNING: the network will not accept" in done.stderr.decode(), done
            assert rule in json.loads(done.stdout)["broken_rule"], done


def what_dstack_stumbles_over_is_a_warning():
    with tempfile.TemporaryDirectory() as directory:
        done = make(directory, "--name", "node", "--docker-compose", write(directory, "compose.yaml", "x" * 300_000), *NODE,
                    "--output", "out.json")
        assert done.returncode == 0 and "256 KiB" in done.stderr.decode(), done


def bad_input_is_refused_with_its_name():
    with tempfile.TemporaryDirectory() as directory:
        base = ("--name", "node", "--docker-compose", write(directory, "compose.yaml", "x\n"), "--output", "out.json")
        write(directory, "env", "A=canary\n")
        write(directory, "bad-env", "A=1\nexport canary=1\n")
        write(directory, "not-utf8", b"\xff\xfe")
        for options, code, mention in (
                (base + ("--env-file", "env"), 3, "--kms"), (base + ("--kms", "--env-file", "bad-env"), 3, "bad-env: line 2"),
                (base + ("--swap", "0.1G"), 2, "--swap"), (base + ("--swap", "4K"), 2, "--swap"),
                (base + ("--key-provider", "sgx"), 2, "--key-provider"), (base + ("--event-log-version", "3"), 2, "--event-log-version"),
                (base + ("--prelaunch-script", "none"), 3, "none"), (base + ("--env-file", "none"), 3, "none"),
                (base + ("--prelaunch-script", "not-utf8"), 3, "pre_launch_script is not UTF-8"),
                (("--name", "node", "--docker-compose", "not-utf8"), 3, "docker_compose_file is not UTF-8"),
                (("--name", b"\xff", "--docker-compose", "compose.yaml"), 3, "name is not UTF-8"),
                (("--name", "node"), 2, "--docker-compose"), (("--docker-compose", "compose.yaml"), 2, "--name"),
                (base[:4] + ("--json",), 2, "--output")):
            done = make(directory, *options)
            error = done.stderr.decode(errors="replace")
            assert done.returncode == code and mention in error and "\nremedy: " in error, (options, done)
            assert "canary" not in error and not done.stdout, done
        assert "out.json" not in os.listdir(directory)


def a_result_that_cannot_be_written_is_an_error():
    """One that fits into a buffer, and one that does not."""
    with tempfile.TemporaryDirectory() as directory, open("/dev/full", "w", encoding="utf-8") as full:
        app_compose = ("app-compose", "--name", "n", "--docker-compose", write(directory, "compose.yaml", "services: {}"))
        for command in (app_compose, ("sim", "evidence", "--list-defects"), ("--help",)):
            done = subprocess.run([MPCCTL, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30, cwd=directory)
            assert done.returncode == 3 and "cannot write to standard output" in done.stderr, done


def what_cannot_be_said_ends_nothing():
    with tempfile.TemporaryDirectory() as directory, open("/dev/full", "w", encoding="utf-8") as full:
        write(directory, "compose.yaml", "services: {}")
        done = subprocess.run([MPCCTL, "app-compose", "--name", "n", "--docker-compose", "compose.yaml"], stdout=subprocess.PIPE, stderr=full,
                              check=False, timeout=30, cwd=directory)
        assert done.returncode == 0 and done.stdout == model("n", "services: {}"), done


suite.run([
    a_result_that_cannot_be_written_is_an_error,
    what_cannot_be_said_ends_nothing,
    random_choices_give_the_bytes_of_the_model,
    every_single_character_is_written_as_python_writes_it,
    the_genuine_deployment_has_its_bytes_and_hashes,
    without_an_output_the_hashes_go_to_standard_error,
    every_rule_of_the_network_is_a_warning_and_strictly_a_refusal,
    what_dstack_stumbles_over_is_a_warning,
    bad_input_is_refused_with_its_name,
])
