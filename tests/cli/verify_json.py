"""What `mpcctl verify --json` prints is what docs/verify-json.md says: every member, its type, its words, and no other.

usage: verify_json.py BUILD_DIR
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import suite

MPCCTL = Path(sys.argv[1], "bin", "mpcctl").resolve()
ROOT = Path(__file__).resolve().parents[2]
PAGE, _, BATCH_PAGE = (ROOT / "docs" / "verify-json.md").read_text(encoding="utf-8").partition("\n## A batch")
SECONDS = 60
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HEX = re.compile(r"(?:[0-9a-f]{2})*")


def documented(page=PAGE):
    """Member -> (type, meaning, example), in the order of the page."""
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", page, re.MULTILINE)
    return {name: (kind.strip(), meaning, example.strip()) for name, kind, meaning, example in rows}


def members(value, name=""):
    """(member, value) of an object and of all that is in it, in order; one for each element of a list."""
    for key, inner in value.items():
        path = f"{name}.{key}" if name else key
        yield path, inner
        if isinstance(inner, dict):
            yield from members(inner, path)
        for element in inner if isinstance(inner, list) else []:
            if isinstance(element, dict):
                yield from members(element, f"{path}[]")


def is_of(kind, meaning, value):
    """Whether a value has the type that the page gives it."""
    if value is None:
        return kind.endswith("or null")
    kind = re.sub(r",? or null$", "", kind)
    if kind == "number":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "object":
        return isinstance(value, dict)
    if kind.startswith("list of "):
        element = {"list of objects": "object", "list of words": "word", "list of text": "text"}[kind]
        return isinstance(value, list) and all(is_of(element, meaning, each) for each in value)
    if not isinstance(value, str):
        return False
    if kind == "time":
        return TIME.fullmatch(value) is not None
    if kind == "word":
        return f"`{value}`" in meaning
    if kind.startswith("hex"):
        size = re.search(r"(\d+) bytes", kind)
        return HEX.fullmatch(value) is not None and (not size or len(value) == 2 * int(size.group(1)))
    return kind == "text"


class Node:
    """A simulated node's evidence, and what mpcctl says of it."""

    def __init__(self, directory, shape):
        self.directory = Path(directory, shape)
        subprocess.run([MPCCTL, "sim", "evidence", "--output", self.directory, "--shape", shape],
                       stdout=subprocess.DEVNULL, timeout=SECONDS, check=True)
        info = json.loads(self.file("tcb_info.json").read_text())
        info["event_log"][-1]["event_payload"] = "00" * 32
        self.file("other_image.json").write_text(json.dumps(info))
        self.reports = [self.report(0), self.report(10, "other_image.json"), self.report(0, None, "--platform-only"),
                        self.report(10, "tcb_info.json", "--at", "2001-01-01T00:00:00Z")]

    def file(self, name):
        return self.directory / name

    def text(self, expected, tcb_info="tcb_info.json", *more):
        files = {"--quote": "quote.bin", "--collateral": "collateral.json", "--policy": "policy.toml"}
        if tcb_info:
            files |= {"--tcb-info": tcb_info, "--node-keys": "node_keys.json"}
        options = [word for option, file in files.items() for word in (option, self.file(file))]
        done = subprocess.run([MPCCTL, "verify", "--json", *options, *more], capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        assert done.returncode == expected, f"exit code {done.returncode}: {done.stderr}"
        return done.stdout

    def report(self, *arguments):
        return json.loads(self.text(*arguments))


def every_member_is_documented_and_every_documented_member_exists():
    found = {name for report in node.reports for name, _ in members(report)}
    assert found == set(documented()), f"on one side only: {sorted(found ^ set(documented()))}"


def members_come_in_the_order_of_the_page():
    for report in node.reports:
        order = list(dict.fromkeys(name for name, _ in members(report)))
        page = [name for name in documented() if name in order]
        assert order == page, next((a, b) for a, b in zip(order, page) if a != b)


def every_value_has_its_type():
    for report in node.reports + node_of_td_15.reports:
        for name, value in members(report):
            kind, meaning, _ = documented()[name]
            assert is_of(kind, meaning, value), f"{name} is no {kind}: {json.dumps(value)[:100]}"


def every_example_has_its_type():
    for name, (kind, meaning, example) in documented().items():
        if example:
            assert is_of(kind, meaning, json.loads(example.strip("`"))), f"{name}: {example} is no {kind}"


def a_batch_is_as_the_page_says():
    options = ["--collateral", node.file("collateral.json"), "--policy", node.file("policy.toml")]
    done = subprocess.run([MPCCTL, "verify", "--json", "--batch", node.directory.parent, *options], capture_output=True,
                          text=True, timeout=SECONDS, check=False)
    found = list(members(json.loads(done.stdout)))
    page = documented(BATCH_PAGE)
    assert list(dict.fromkeys(name for name, _ in found)) == list(page), [name for name, _ in found]
    for name, value in found:
        kind, meaning, _ = page[name]
        assert is_of(kind, meaning, value), f"{name} is no {kind}: {value}"


def every_cause_and_every_check_is_the_sources():
    source = (ROOT / "src" / "attestation" / "forecast.cpp").read_text()
    for cause in re.findall(r'case Cause::\w+: return "(\w+)"', source):
        assert f"`{cause}`" in documented()["forecast[].cause"][1], cause
    names = re.findall(r'return \{ "(\w+)"', (ROOT / "src" / "attestation" / "check.cpp").read_text())
    for report in node.reports:
        assert [check["name"] for check in report["checks"]] == [name for name in names if name != "unknown"]


def the_verdict_is_that_of_the_checks():
    for report in node.reports:
        failed = [check["name"] for check in report["checks"] if check["result"] == "fail"]
        assert report["first_failure"] == (failed[0] if failed else None)
        assert (report["verdict"] == "trusted") == (not failed)
    assert [report["verdict"] for report in node.reports] == ["trusted", "not_trusted", "trusted", "not_trusted"]
    assert [report["scope"] for report in node.reports] == ["node", "node", "platform", "node"]


def equal_input_gives_equal_bytes():
    moment = ("tcb_info.json", "--at", node.reports[0]["judged_at"])
    assert node.text(0, *moment) == node.text(0, *moment)


with tempfile.TemporaryDirectory(prefix="verify-json-") as work:
    node = Node(work, "v4")
    node_of_td_15 = Node(work, "v5-td15")
    suite.run([
        every_member_is_documented_and_every_documented_member_exists,
        members_come_in_the_order_of_the_page,
        every_value_has_its_type,
        every_example_has_its_type,
        every_cause_and_every_check_is_the_sources,
        the_verdict_is_that_of_the_checks,
        equal_input_gives_equal_bytes,
    ])
