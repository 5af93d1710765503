"""The harness itself: what the other tests rely on."""

import signal
import time
from pathlib import Path

from harness.agent import event_digest, replay
from harness.cvm import Cvm, wait_until
from harness.proxy import DROP
from harness.runner import each, test
from harness.unix_http import Refused, call


@test
def a_reset_restores_what_dockerd_restores(world):
    world.publish(world.images.node)
    world.engine.pull(world.repository, world.images.node.digest)
    policies = ("no", "on-failure", "unless-stopped", "always")
    for policy in policies:
        world.engine.run(policy, world.images.node.id, HostConfig={"RestartPolicy": {"Name": policy}})
    first = world.cvm.boot_pid
    world.reset()
    assert world.cvm.boot_pid != first and not Path(f"/proc/{first}").exists()
    assert world.engine.running() == ["always", "on-failure", "unless-stopped"]
    assert world.engine.inspect("no")["State"]["ExitCode"] != 0


@test
def nothing_of_a_cvm_is_left(_):
    with Cvm() as cvm:
        program = cvm.spawn("sleep", "1000")
        pids = [program.pid, cvm.boot_pid, cvm.site_pid]
        directory, name = cvm.directory, cvm.directory.name
    assert not directory.exists()
    wait_until("every process's end", lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), seconds=5)
    assert name not in Path("/proc/self/mounts").read_text()
    assert not list(Path("/sys/fs/cgroup").glob(f"**/{name}"))


@test
def a_cvm_has_production_paths_of_its_own(world):
    world.write_approved("approved")
    world.write_user_config("configured")
    program = world.cvm.spawn(
        "sh", "-c", "cat /mnt/shared/image-digest.bin /tapp/user_config; ls /var/run /dstack; ip -o link")
    program.wait()
    output = program.output()
    assert "approvedconfigured" in output and "docker.sock" in output and "dstack.sock" in output
    assert "/dstack" in output.split("ls:")[1] and "eth0" not in output


@test
def the_digest_of_an_event_is_dstacks(_):
    # From launcher-cases G8 and dstack's cc-eventlog: SHA384(LE32(0x08000001) ":" name ":" payload).
    digest = event_digest("system-ready", b"").hex()
    assert digest.startswith("1a76b2a80a0be71eae59f80945d876351a7a3fb8e9fd1ff1cede5734aa84ea11")
    assert replay([]) == bytes(48)
    assert replay([{"imr": 2, "event": "x", "event_payload": ""}]) == bytes(48)


@test
def the_proxy_records_both_sides_in_one_order(world):
    with world.proxy() as proxy:
        for socket, method, path in ((world.cvm.run / "docker.sock", "GET", "/v1.41/version?x=1"),
                                     (world.agent.socket, "POST", "/GetQuote")):
            program = ask(world, socket, method, path)
            assert program.wait() == 0, program.output()
    assert proxy.journal() == ["engine GET /version", "agent POST /GetQuote"]
    assert proxy.calls[0].query == "x=1" and proxy.calls[1].number == 2
    assert world.engine.answers() and world.agent.image_events() == []


def ask(world, socket, method, path):
    """A request from inside the CVM, as the launcher makes it."""
    source = (f"import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect('/run/{socket.name}'); "
              f"s.sendall(b'{method} {path} HTTP/1.1\\r\\nHost: x\\r\\nContent-Type: application/json\\r\\n"
              f"Content-Length: 2\\r\\n\\r\\n{{}}'); a = s.recv(65536); print(a.decode()); sys.exit(b' 200 ' not in a)")
    return world.cvm.spawn("/usr/bin/python3", "-c", source)


@test
def the_proxy_tampers_refuses_and_hangs(world):
    with world.proxy() as proxy:
        proxy.harm("engine GET /version", tamper=lambda _, body: body.replace(b"Version", b"Nonsense"))
        proxy.harm("engine GET /info", refuse="not today")
        proxy.harm("agent", hang=True)
        docker = world.cvm.run / "docker.sock"
        version = ask(world, docker, "GET", "/version")
        assert version.wait() == 0 and "Nonsense" in version.output()
        info = ask(world, docker, "GET", "/info")
        assert info.wait() != 0 and "not today" in info.output()
        hanging = ask(world, world.agent.socket, "POST", "/GetQuote")
        time.sleep(0.5)
        assert hanging.running()
        hanging.stop()


@each(moment=("before", "after"))
def the_proxy_kills_before_or_after_the_call_is_carried_out(world, moment):
    victim = None
    volumes = len(world.engine.volumes())
    with world.proxy() as proxy:
        proxy.harm("engine POST /volumes/create", **{moment: lambda _: victim.send(signal.SIGKILL) or DROP})
        victim = ask(world, world.cvm.run / "docker.sock", "POST", "/volumes/create")
        assert victim.wait() == -signal.SIGKILL
    assert len(world.engine.volumes()) - volumes == (1 if moment == "after" else 0)


@test
def the_registry_counts_requests_and_can_be_stopped(world):
    seen = len(world.registry.requests())
    world.publish(world.images.node)
    pushed = world.registry.requests()[seen:]
    assert any(request.startswith("PUT /v2/mpc/node/manifests/") for request in pushed)
    world.registry.stop()
    try:
        world.engine.pull(world.repository, world.images.node.digest)
        raise AssertionError("a stopped registry answered")
    except Refused:
        pass
    world.registry.start()
    world.engine.pull(world.repository, world.images.node.digest)
    assert len(world.registry.requests()) > seen + len(pushed)


@test
def an_agent_that_starts_anew_has_measured_nothing(world):
    call(world.agent.socket, "POST", "/EmitEvent", {"event": "mpc-image-digest", "payload": "ab" * 32})
    assert world.agent.image_events() == ["sha256:" + "ab" * 32]
    world.agent.start()
    assert world.agent.image_events() == []


@test
def a_signal_reaches_the_program_and_its_end_is_told(world):
    program = world.cvm.spawn("sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done")
    wait_until("the program", lambda: "ready" in program.output())
    program.send(signal.SIGTERM)
    assert program.wait() == 7 and program.pid is None
