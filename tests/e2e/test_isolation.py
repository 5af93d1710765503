"""What the launcher does not do: open network sockets, start processes, act when only asked for its plan."""

import json
import os
import re
import signal

from harness.config import CANARIES
from harness.cvm import children, wait_until
from harness.images import program_archive
from harness.runner import each, test
from harness.world import SUCCESS


@each(mode=("once", "supervising"))
def only_unix_sockets_are_opened_and_no_process_is_started(world, mode):
    world.ready()
    trace = world.cvm.directory / "trace"
    trace.unlink(missing_ok=True)
    calls = "socket,socketpair,execve,execveat,fork,vfork,clone,clone3"
    strace = ("strace", "-f", "-qq", "-e", "trace=" + calls, "-o", trace)
    launcher = world.start_launcher(*(["--supervise"] if mode == "supervising" else []), under=strace)
    if mode == "supervising":
        wait_until("the launch", lambda: SUCCESS in launcher.output() or not launcher.running())
        world.publish(world.images.next, tag="next")
        world.approve(world.images.next.digest, world.images.node.digest)
        wait_until("the prefetch", lambda: world.images.next.id in world.engine.image_ids())
        os.kill(children(launcher.pid)[0], signal.SIGTERM)
    world.finish(launcher).succeeded()
    calls = trace.read_text().splitlines()
    sockets = [call for call in calls if re.search(r"\bsocket(pair)?\(", call)]
    assert sockets and all("AF_UNIX" in call or "AF_LOCAL" in call for call in sockets), sockets
    assert len([call for call in calls if "execve" in call]) == 1, "another program was started"
    processes = [call for call in calls if re.search(r"\b(v?fork|clone3?)\(", call) and "CLONE_THREAD" not in call]
    assert processes == []


@each(form=("toml", "env"))
def check_prints_the_plan_and_touches_nothing(world, form):
    world.configure(form, repository="registry.example.com/mpc/node")
    world.approve(world.images.node.digest)
    before = sorted(path.name for path in world.cvm.shared.iterdir())
    outcome = world.launch("--check", "--docker-socket", "/run/no.sock", "--dstack-socket", "/run/no.sock").succeeded()
    plan = json.loads(outcome.log)
    assert world.images.node.digest in json.dumps(plan)
    assert not any(secret in outcome.log for secret in CANARIES)
    assert sorted(path.name for path in world.cvm.shared.iterdir()) == before
    world.assert_nothing_done()


@test
def check_refuses_what_a_launch_would_refuse(world):
    world.configure()
    world.approve()
    world.launch("--check").refused(5, "digest")


@test
def each_line_of_the_json_log_is_an_object(world):
    world.ready()
    outcome = world.launch("--log-format", "json").succeeded()
    entries = [json.loads(line) for line in outcome.log.splitlines()]
    assert all({"time", "level", "step", "message"} <= set(entry) for entry in entries)
    assert any(entry["message"] == SUCCESS for entry in entries)


@test
def a_refusal_in_the_json_log_has_its_remedy(world):
    world.configure()
    world.approve()
    outcome = world.launch("--log-format", "json").refused(5, "digest")
    assert all(json.loads(line)["level"] for line in outcome.log.splitlines())


@test
def the_launcher_runs_in_its_own_container_as_in_production(world):
    world.ready()
    world.engine.load(program_archive(world.mpcctl, world.launcher, "launcher:test"))
    world.engine.create(
        "launcher", "launcher:test",
        Labels={"com.docker.compose.project": "app", "com.docker.compose.service": "launcher"},
        Env=["PLATFORM=TEE", "DOCKER_CONTENT_TRUST=1", "DEFAULT_IMAGE_DIGEST=sha256:" + "d" * 64],
        HostConfig={"Binds": ["/var/run/docker.sock:/var/run/docker.sock", "/var/run/dstack.sock:/var/run/dstack.sock",
                              "/tapp:/tapp:ro", "shared-volume:/mnt/shared:rw"],
                    "SecurityOpt": ["no-new-privileges:true"], "ReadonlyRootfs": True, "Tmpfs": {"/tmp": ""}})
    first = None
    for _ in range(2):  # dstack starts it again at each boot, and an operator may
        world.engine.start("launcher")
        wait_until("the launcher's end", lambda: not world.engine.inspect("launcher")["State"]["Running"], seconds=60)
        log = world.engine.logs("launcher")
        assert world.engine.inspect("launcher")["State"]["ExitCode"] == 0, log
        assert "canary" not in log
        world.assert_launched(world.images.node)
        first = first or world.node()["Id"]
    assert world.node()["Id"] == first
