"""The proof that is in the log, and agents that fail, hang or lie."""

import hashlib
import json

from harness.agent import parse_quote, replay
from harness.runner import each, test


@test
def the_log_holds_a_proof_that_anybody_can_replay(world):
    digest = world.ready()
    outcome = world.launch("--log-format", "json").succeeded()
    entries = [json.loads(line) for line in outcome.log.splitlines()]
    proof = next(entry for entry in reversed(entries) if "event_log" in entry)
    rtmr3, report_data = parse_quote(bytes.fromhex(proof["quote"]))
    events = json.loads(proof["event_log"])
    assert replay(events) == rtmr3 == bytes.fromhex(proof["rtmr3"])
    assert [event["event_payload"] for event in events if event["event"] == "mpc-image-digest"] == [digest[7:]]
    receipt = (world.cvm.shared / "mpc-launch-receipt.json").read_bytes()
    assert receipt.decode() == proof["receipt"]
    assert report_data == hashlib.sha384(receipt).digest() + bytes(16)
    assert json.loads(receipt)["image_digest"] == digest


@test
def everything_that_can_fail_is_done_before_the_event_and_only_the_start_after_it(world):
    world.ready()
    with world.proxy() as proxy:
        world.launch().succeeded()
    journal = proxy.journal()
    event = journal.index("agent POST /EmitEvent")
    assert journal.count("agent POST /EmitEvent") == 1
    before, after = journal[:event], journal[event + 1:]
    assert before.index("engine POST /images/create") < before.index("engine POST /containers/create")
    created = before.index("engine POST /containers/create")
    assert any(call.startswith("engine GET /containers/") and call.endswith("/json") for call in before[created:]), \
        "the created container was not inspected"
    assert after[0] == "agent POST /GetQuote", after
    changes = [call for call in after if call.startswith("engine POST") and not call.endswith("/wait")]
    assert len(changes) == 1 and changes[0].endswith("/start"), changes
    event_body = next(call.body for call in proxy.calls if call.path == "/EmitEvent")
    assert json.loads(event_body) == {"event": "mpc-image-digest", "payload": world.images.node.digest[7:]}


@test
def outside_of_tee_the_agent_is_asked_nothing(world):
    world.ready()
    with world.proxy() as proxy:
        world.launch(platform="NONTEE").succeeded().mentions("NONTEE")
    assert [call for call in proxy.journal() if call.startswith("agent")] == []


@each(what=("nothing", "a file", "a directory"))
def without_an_agent_nothing_is_launched(world, what):
    world.ready()
    world.agent.stop()
    if what == "a file":
        world.agent.socket.write_text("")
    elif what == "a directory":
        world.agent.socket.mkdir()
    world.launch().refused(8, "measurement", "dstack.sock")
    assert world.engine.names() == []


# Options of the simulated agent, and how two launches end. The second one finds out what came of an event whose answer
# the first did not get: it was emitted after all (0), or that will never be known (9).
MISBEHAVIOURS = {
    "refuses to quote": ("--fail GetQuote", 8, 8),
    "hangs when asked to quote": ("--hang GetQuote", 8, 8),
    "cuts its quote short": ("--cut GetQuote", 8, 8),
    "answers with a web page instead of a quote": ("--html GetQuote", 8, 8),
    "quotes other report data": ("--lie report-data", 8, 8),
    "echoes other report data": ("--lie echo", 8, 8),
    "refuses the event": ("--fail EmitEvent", 8, 8),
    "leaves instead of taking the event": ("--drop-before EmitEvent", 8, 9),
    "answers the event with a web page": ("--html EmitEvent", 8, 9),
    "takes the event and hangs": ("--hang EmitEvent", 8, 0),
    "takes the event and leaves": ("--drop EmitEvent", 8, 0),
    "takes the event and cuts its answer short": ("--cut EmitEvent", 8, 0),
    "has a log that lacks the event": ("--lie log", 8, 8),
    "has a register that lacks the event": ("--lie register", 8, 8),
    "logs an event that it refuses": ("--lie phantom", 8, 8),
    "takes the event twice": ("--lie twice", 9, 9),
}
NAMES = {8: "measurement", 9: "reboot"}


@each(agent=MISBEHAVIOURS)
def no_node_runs_unproven_when_the_agent(world, agent):
    options, *codes = MISBEHAVIOURS[agent]
    world.ready()
    world.agent.start(*options.split())
    for code in codes:
        outcome = world.launch("--agent-deadline", "2")
        assert outcome.seconds < 20
        if code == 0:
            outcome.succeeded()
            world.assert_launched(world.images.node)
        else:
            outcome.refused(code, NAMES[code])
            assert world.engine.names() == [], "a container was left behind"


@each(version=("0.5.0", "0.5.5", "0.5.7", "0.5.11"))
def every_dstack_that_emits_events_will_do(world, version):
    world.ready()
    world.agent.start("--version", version)
    world.launch().succeeded()
    world.assert_launched(world.images.node)


@each(measurement=("auto", "emit-event", "native"))
def a_newer_dstack_without_its_register_at_hand_is_refused(world, measurement):
    # 0.6 has no EmitEvent, and this guest not the kernel's file that takes its place.
    world.ready()
    world.agent.start("--version", "0.6.0")
    world.launch("--measurement", measurement).refused(8, "measurement")
    world.assert_nothing_done()


@test
def an_agent_that_refuses_the_event_once_is_forgiven_by_the_next_launch(world):
    world.ready()
    world.agent.start("--fail", "EmitEvent:1")
    world.launch().refused(8, "measurement")
    world.launch().succeeded()
    world.assert_launched(world.images.node)
