"""`mpcctl sim evidence`: what it writes is judged by `mpcctl verify` as its table says.

usage: sim_evidence.py BUILD_DIR
"""

import json
import os
import subprocess
import sys
import tempfile

import suite

MPCCTL = os.path.join(sys.argv[1], "bin", "mpcctl")
AT = "2026-08-13T12:00:00Z"
SHAPES = ("v4", "v5-td10", "v5-td15")


def mpcctl(*arguments):
    return subprocess.run([MPCCTL, *arguments], capture_output=True, text=True, timeout=60, check=False)


def evidence(directory, *options):
    """Writes a set of evidence; returns what a verifier is said to find."""
    done = mpcctl("sim", "evidence", "--output", directory, "--at", AT, "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def verify(directory):
    """`mpcctl verify` on the files."""
    def path(name):
        return os.path.join(directory, name)

    subject = ("--receipt", path("receipt.json")) if os.path.exists(path("receipt.json")) \
        else ("--node-keys", path("node_keys.json"))
    return mpcctl("verify", "--quote", path("quote.bin"), "--tcb-info", path("tcb_info.json"),
                  "--collateral", path("collateral.json"), "--policy", path("policy.toml"), "--at", AT, "--offline",
                  "--json", *subject)


def verify_public_data(directory):
    return mpcctl("verify", "--public-data", os.path.join(directory, "public_data.json"),
                  "--policy", os.path.join(directory, "policy.toml"), "--at", AT, "--offline", "--json")


def failed_first(report):
    return next((check["name"] for check in report["checks"] if check["result"] == "fail"), None)


def contents(directory):
    found = {}
    for name in os.listdir(directory):
        with open(os.path.join(directory, name), "rb") as file:
            found[name] = file.read()
    return found


def defects():
    done = mpcctl("sim", "evidence", "--list-defects", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["defects"]


def usage_error(*options):
    done = mpcctl("sim", "evidence", *options)
    lines = done.stderr.splitlines()
    assert done.returncode == 2, (options, done.returncode, done.stderr)
    assert len(lines) == 2 and lines[0].startswith("mpcctl: ") and lines[1].startswith("remedy: "), done.stderr


def is_trusted_without_a_defect_in_every_shape():
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as directory:
            assert evidence(directory, "--shape", shape)["verdict"] == "trusted"
            for done in (verify(directory), verify_public_data(directory)):
                assert done.returncode == 0, (shape, done.stdout, done.stderr)
                assert json.loads(done.stdout)["verdict"] == "trusted"


def every_defect_is_refused_for_the_reason_that_it_names():
    for defect in defects():
        name = defect["defect"]
        with tempfile.TemporaryDirectory() as directory:
            said = evidence(directory, "--defect", name)
            assert {key: said[key] for key in defect} == defect, said
            done = verify(directory)
            if defect["verdict"] == "unreadable":
                assert done.returncode == 3 and done.stdout == "", (name, done.returncode, done.stdout)
                assert defect["file"] in done.stderr, (name, done.stderr)
            else:
                assert done.returncode == 10, (name, done.returncode, done.stderr)
                report = json.loads(done.stdout)
                assert report["verdict"] == "not_trusted" and failed_first(report) == defect["check"], (name, report)


def without_its_root_nothing_is_trusted():
    with tempfile.TemporaryDirectory() as directory:
        evidence(directory)
        policy = os.path.join(directory, "policy.toml")
        with open(policy, encoding="utf-8") as file:
            text = file.read()
        with open(policy, "w", encoding="utf-8") as file:
            file.write(text.partition("[loosen]")[0])
        done = verify(directory)
        assert done.returncode == 10 and failed_first(json.loads(done.stdout)) == "root_pinned", done.stdout


def the_same_seed_and_time_give_the_same_files():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, \
            tempfile.TemporaryDirectory() as other:
        evidence(one, "--seed", "7")
        evidence(two, "--seed", "7")
        evidence(other, "--seed", "8")
        assert contents(one) == contents(two)
        assert contents(one)["root.pem"] != contents(other)["root.pem"]


def the_root_of_a_seed_is_the_same_at_any_time():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        evidence(one)
        done = mpcctl("sim", "evidence", "--output", two)
        assert done.returncode == 0, done.stderr
        assert contents(one)["root.pem"] == contents(two)["root.pem"]
        assert contents(one)["collateral.json"] != contents(two)["collateral.json"]


def makes_the_directory():
    with tempfile.TemporaryDirectory() as directory:
        evidence(os.path.join(directory, "a", "b"))
        assert "quote.bin" in os.listdir(os.path.join(directory, "a", "b"))


def lists_defects_for_people_and_machines_alike():
    done = mpcctl("sim", "evidence", "--list-defects")
    rows = done.stdout.splitlines()
    assert done.returncode == 0 and rows[0].startswith("DEFECT"), done
    listed = defects()
    assert len(rows) - 1 == len(listed) > 100, (len(rows), len(listed))
    for row, defect in zip(rows[1:], listed):
        assert row.split()[0] == defect["defect"] and row.endswith(defect["what"]), row
        assert defect.get("check", defect.get("file")) in row, row


def wrong_options_end_with_2_and_wrong_directories_with_3():
    with tempfile.TemporaryDirectory() as directory:
        usage_error()
        usage_error("--output", directory, "--defect", "none-such")
        usage_error("--output", directory, "--shape", "v3")
        usage_error("--output", directory, "--at", "yesterday")
        usage_error("--output", directory, "--seed", "x")
        assert os.listdir(directory) == []
    done = mpcctl("sim", "evidence", "--output", "/dev/null/x")
    assert done.returncode == 3 and "remedy: " in done.stderr, done


suite.run([
    is_trusted_without_a_defect_in_every_shape,
    every_defect_is_refused_for_the_reason_that_it_names,
    without_its_root_nothing_is_trusted,
    the_same_seed_and_time_give_the_same_files,
    the_root_of_a_seed_is_the_same_at_any_time,
    makes_the_directory,
    lists_defects_for_people_and_machines_alike,
    wrong_options_end_with_2_and_wrong_directories_with_3,
])
