"""The simulated guest agent, and what it measured, judged without any code of the programs under test."""

import hashlib
import json

from .cvm import wait_until
from .unix_http import call

IMAGE_EVENT = "mpc-image-digest"
_RUNTIME_EVENT = 0x08000001
# TDX quote, version 4: a header of 48 bytes, then the report. (Intel TDX DCAP quoting library API.)
_RTMR3 = slice(520, 568)
_REPORT_DATA = slice(568, 632)


def event_digest(name, payload):
    """What dstack extends RTMR3 by: SHA384(LE32(type) ":" name ":" payload)."""
    return hashlib.sha384(_RUNTIME_EVENT.to_bytes(4, "little") + b":" + name.encode() + b":" + payload).digest()


def replay(events):
    """RTMR3 after the runtime events among `events`."""
    register = bytes(48)
    for event in events:
        if event["imr"] == 3:
            digest = event_digest(event["event"], bytes.fromhex(event["event_payload"]))
            register = hashlib.sha384(register + digest).digest()
    return register


def parse_quote(quote):
    """(RTMR3, report data)."""
    return quote[_RTMR3], quote[_REPORT_DATA]


class Agent:
    """`mpcctl sim agent` at the CVM's /run/dstack.sock. Each start is a new boot: its register begins at zero."""

    def __init__(self, cvm, mpcctl):
        self.socket = cvm.run / "dstack.sock"
        self.trust = cvm.directory / "trust"  # what a verifier of this simulated machine is given
        self._cvm = cvm
        self._mpcctl = mpcctl
        self._program = None

    def start(self, *misbehaviour):
        self.stop()
        self._program = self._cvm.spawn(self._mpcctl, "sim", "agent", "--socket", "/run/dstack.sock", "--trust", self.trust,
                                        *misbehaviour)
        wait_until("the guest agent", lambda: self.socket.exists() or not self._program.running())
        if not self._program.running():
            raise RuntimeError(f"the guest agent did not start:\n{self._program.output()}")
        return self

    def stop(self):
        if self._program is not None:
            self._program.stop()
            self._program = None
        if self.socket.is_dir():
            self.socket.rmdir()
        else:
            self.socket.unlink(missing_ok=True)

    def output(self):
        return self._program.output()

    # --- what it measured ---------------------------------------------------------------------------------------------

    def _ask(self):
        """(RTMR3, events), as the quote and the log that comes with it have them."""
        answer = json.loads(call(self.socket, "POST", "/GetQuote", {"report_data": ""}, timeout=10))
        return parse_quote(bytes.fromhex(answer["quote"]))[0], json.loads(answer["event_log"])

    def image_events(self):
        """The payloads of our events in this boot, as digests; checks that the log replays to the quoted RTMR3."""
        rtmr3, events = self._ask()
        assert replay(events) == rtmr3, "the agent's log does not replay to its quoted RTMR3"
        return ["sha256:" + event["event_payload"] for event in events
                if event["imr"] == 3 and event["event"] == IMAGE_EVENT]
