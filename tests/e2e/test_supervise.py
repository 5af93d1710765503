"""--supervise: looks after the node for as long as the CVM runs."""

import signal

from harness.cvm import wait_until
from harness.runner import test
from harness.world import NODE, SUCCESS


def supervised(world):
    launcher = world.start_launcher("--supervise")
    wait_until("the launch", lambda: SUCCESS in launcher.output() or not launcher.running())
    assert launcher.running(), launcher.output()
    # Before it says so, the first process of a container ignores SIGTERM.
    wait_until("the node", lambda: "started as" in world.engine.logs(NODE))
    return launcher


def started_at(world):
    state = world.node()["State"]
    return state["StartedAt"] if state["Running"] else None


@test
def a_node_that_crashes_is_started_again_ever_more_slowly(world):
    digest = world.ready()
    launcher = supervised(world)
    for _ in range(2):
        before = started_at(world)
        world.engine.kill(NODE)
        wait_until("the node's restart", lambda: started_at(world) not in (None, before))
    world.assert_launched(world.images.node, digest)
    assert "exit code 137" in launcher.output()
    assert "1000ms" in launcher.output() and "2000ms" in launcher.output()
    launcher.send(signal.SIGTERM)
    assert world.finish(launcher).code == 0


@test
def a_supervisor_asked_to_end_stops_the_node(world):
    world.ready()
    launcher = supervised(world)
    launcher.send(signal.SIGTERM)
    world.finish(launcher, seconds=15).succeeded()
    node = world.node()
    assert not node["State"]["Running"] and node["State"]["ExitCode"] == 0, node["State"]
    assert "asked to stop" in world.engine.logs(NODE)


@test
def a_newly_approved_image_is_fetched_and_told_but_not_run(world):
    first = world.ready()
    launcher = supervised(world)
    world.publish(world.images.next, tag="next")
    world.approve(world.images.next.digest, first)
    wait_until("the prefetch", lambda: world.images.next.id in world.engine.image_ids())
    wait_until("the log", lambda: world.images.next.digest in launcher.output())
    world.assert_launched(world.images.node, first)
    launcher.send(signal.SIGTERM)
    world.finish(launcher).succeeded()


@test
def a_broken_approved_digests_file_does_not_end_the_supervisor(world):
    world.ready()
    launcher = supervised(world)
    world.write_approved("{")
    wait_until("a complaint", lambda: "image-digest.bin" in launcher.output())
    assert world.node_runs() and launcher.running()
    launcher.send(signal.SIGTERM)
    world.finish(launcher).succeeded()


@test
def a_node_that_ends_without_an_error_is_not_started_again(world):
    world.ready()
    launcher = supervised(world)
    world.engine.kill(NODE, "TERM")
    world.finish(launcher, seconds=15).refused(12, "node")
    assert not world.node_runs()


@test
def a_node_whose_container_is_removed_ends_the_supervisor(world):
    world.ready()
    launcher = supervised(world)
    world.engine.remove(NODE)
    world.finish(launcher, seconds=15).refused(12, "node")


@test
def a_supervisor_killed_by_force_finds_its_node_again(world):
    digest = world.ready()
    supervised(world).stop()
    assert world.node_runs()
    identity = world.node()["Id"]
    launcher = world.start_launcher("--supervise")
    wait_until("the supervision", lambda: "looking after" in launcher.output() or not launcher.running())
    assert launcher.running() and world.node()["Id"] == identity
    world.assert_launched(world.images.node, digest)
    launcher.send(signal.SIGTERM)
    world.finish(launcher).succeeded()
