"""Other people's client of dstack's guest agent, the npm package @phala/dstack-sdk, against `mpcctl sim agent`.

npm fetches the packages by exact version; each archive must have the SHA-512 that is written here. The SDK says what it
thinks of an answer, and harness.agent, which shares no code with either, judges the same answer.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from harness.agent import parse_quote, replay
from harness.cvm import die_with_parent, wait_until
from harness.runner import Skip, each, test

# The SDK itself, and what it cannot be loaded without.
PACKAGES = {
    "@phala/dstack-sdk@0.5.8": "VANlyo0Jj6pxmJl3zksHJ4/5y3VflApVmgsfcfmokk3KYKRBkW5oMkexBTR6lZaGVPOqJ48QGOLP/7CF3IEvFg==",
    "@noble/hashes@1.8.0": "jCs9ldd7NwzpgXDIf6P3+NrHh9/sD6CQdxHyjQI+h/6rDNo88ypBxxz45UDuZHz9r3tNz7N/VInSVoVdtXEI4A==",
    "@noble/curves@1.9.7": "gbKGcRUYIjA3/zCCNaWDciTMFI0dCkvou3TL8Zmy5Nc7sJ47a0jtOeZoTaMxkuqRo9cRhjOdZJXegxYE5FN/xw==",
}
# Makes the calls that its second argument lists, in order; prints for each what it returned or threw.
CLIENT = """
const { DstackClient } = require("@phala/dstack-sdk");
async function main(endpoint, calls) {
  const client = new DstackClient(endpoint);
  const outcomes = [];
  for (const [method, ...given] of calls) {
    try {
      const result = await client[method](...given);
      const rtmrs = result && result.replayRtmrs ? result.replayRtmrs() : undefined;
      outcomes.push({ result: result === undefined ? null : result, rtmrs });
    } catch (error) {
      outcomes.push({ error: error.message });
    }
  }
  console.log(JSON.stringify(outcomes));
}
main(process.argv[2], JSON.parse(process.argv[3]));
"""
_NEVER = "0" * 96  # RTMR3 before anything has extended it


def fetch(package, directory):
    """The archive of a package, checked."""
    try:
        done = subprocess.run(
            ["npm", "pack", package, "--loglevel=error", "--ignore-scripts", "--fetch-retries=1",
             "--fetch-retry-mintimeout=500", "--pack-destination", directory],
            capture_output=True, text=True, check=False, timeout=60)
    except subprocess.TimeoutExpired:
        raise Skip(f"npm does not fetch {package} within a minute") from None
    if done.returncode != 0:
        raise Skip(f"npm cannot fetch {package}: {(done.stderr.strip().splitlines() or ['no reason given'])[0]}")
    archive = directory / done.stdout.split()[-1]
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    assert found == PACKAGES[package], f"{package} is not what it was: sha512-{found}"
    return archive


class Sdk:
    """The SDK in a directory of its own, and an agent for it; use as a context manager."""

    def __init__(self, world, version):
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                raise Skip(f"{program} is not installed")
        self.directory = Path(tempfile.mkdtemp(prefix="sdk", dir=world.cvm.directory))
        self.trust = self.directory / "trust"
        self.mpcctl = world.mpcctl
        self._version = version
        self._socket = self.directory / "dstack.sock"

    def __enter__(self):
        for package in PACKAGES:
            place = self.directory / "node_modules" / package.rpartition("@")[0]
            place.mkdir(parents=True)
            with tarfile.open(fetch(package, self.directory)) as archive:
                for member in archive.getmembers():
                    member.name = member.name.partition("/")[2]  # "package/..."
                    archive.extract(member, place)
        (self.directory / "client.js").write_text(CLIENT)
        with open(self.directory / "output", "wb") as output:
            self._agent = subprocess.Popen(
                [self.mpcctl, "sim", "agent", "--socket", self._socket, "--trust", self.trust, "--version", self._version],
                stderr=output, preexec_fn=die_with_parent)
        wait_until("the agent", self._socket.exists)
        return self

    def __exit__(self, *_):
        self._agent.kill()
        self._agent.wait()
        shutil.rmtree(self.directory)

    def call(self, *calls):
        """Makes the calls, each a list of the method and its arguments; the outcomes."""
        done = subprocess.run(["node", "client.js", self._socket, json.dumps(calls)], capture_output=True, text=True,
                              check=False, timeout=60, cwd=self.directory)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def results(self, *calls):
        """As call(), when all must succeed."""
        outcomes = self.call(*calls)
        assert not any("error" in outcome for outcome in outcomes), outcomes
        return [outcome["result"] for outcome in outcomes]

    def write(self, name, text):
        (self.directory / name).write_text(text, encoding="utf-8")
        return self.directory / name


@test
def the_npm_sdk_learns_what_the_machine_is(world):
    with Sdk(world, "0.5.8") as sdk:
        reachable, version, info = sdk.results(["isReachable"], ["version"], ["info"])
    assert reachable is True and version["version"] == "0.5.8", version
    tcb = info["tcb_info"]
    assert hashlib.sha256(tcb["app_compose"].encode()).hexdigest() == tcb["compose_hash"] == info["compose_hash"]
    assert info["app_id"] == tcb["compose_hash"][:40]
    assert replay(tcb["event_log"]).hex() == tcb["rtmr3"] != _NEVER


@test
def the_npm_sdks_quote_is_trusted_by_mpcctl_verify(world):
    text = "sent by the SDK"
    with Sdk(world, "0.5.8") as sdk:
        quote, info = sdk.results(["getQuote", text], ["info"])
        assert parse_quote(bytes.fromhex(quote["quote"]))[1] == text.encode().ljust(64, b"\0")
        done = subprocess.run(
            [sdk.mpcctl, "verify", "--quote", sdk.write("quote", quote["quote"]), "--event-log",
             sdk.write("event_log.json", quote["event_log"]), "--app-compose",
             sdk.write("app_compose.json", info["tcb_info"]["app_compose"]), "--collateral", sdk.trust / "collateral.json",
             "--policy", sdk.trust / "policy.toml", "--platform-only", "--json"],
            capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


# The SDK replays the log by its digests, which GetQuote leaves empty for RTMR3 from 0.5.6 on.
@each(version=("0.5.5", "0.5.8"))
def an_event_of_the_npm_sdk_extends_rtmr3(world, version):
    with Sdk(world, version) as sdk:
        before, emitted, after, info = sdk.call(
            ["getQuote", "1"], ["emitEvent", "an-event", "its payload"], ["getQuote", "2"], ["info"])
    assert emitted == {"result": None}, emitted
    log = json.loads(after["result"]["event_log"])
    assert log[:-1] == json.loads(before["result"]["event_log"])
    assert (log[-1]["event"], bytes.fromhex(log[-1]["event_payload"])) == ("an-event", b"its payload")
    rtmr3 = parse_quote(bytes.fromhex(after["result"]["quote"]))[0]
    assert replay(log) == rtmr3 == bytes.fromhex(info["result"]["tcb_info"]["rtmr3"])
    assert parse_quote(bytes.fromhex(before["result"]["quote"]))[0] == replay(log[:-1]) != rtmr3
    if version == "0.5.5":
        assert after["rtmrs"][3] == rtmr3.hex(), after["rtmrs"]


@test
def what_is_not_served_is_refused_to_the_npm_sdk_as_dstack_refuses_it(world):
    with Sdk(world, "0.6.0") as sdk:
        before, attested, key, event, tls, after = sdk.call(
            ["info"], ["attest", "data"], ["getKey", "path", "purpose"], ["emitEvent", "gone", "since 0.6"], ["getTlsKey"],
            ["info"])
    # The SDK looks for an error in some answers only, and stumbles over what is missing in others.
    assert attested["error"] == "Method not found: Attest", attested
    assert "error" in key, key
    assert tls["result"]["error"] == "Method not found: GetTlsKey", tls
    assert event == {"result": None}, event
    assert after == before, "an event that was refused has changed something"
