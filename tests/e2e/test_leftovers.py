"""What dockerd restores by itself after a reset must not run while RTMR3 does not hold the digest."""

import fcntl

from harness.cvm import wait_until
from harness.runner import each, test
from harness.world import NODE

STRAY = "stray"


def assert_quiet_before_measuring(journal, identity):
    """The container was stopped, then its absence seen, and only then the event emitted."""
    stopped = journal.index(f"engine POST /containers/{identity}/stop")
    emitted = journal.index("agent POST /EmitEvent")
    seen = [number for number, call in enumerate(journal) if call == "engine GET /containers/json"]
    started = next(number for number, call in enumerate(journal) if call.endswith("/start"))
    assert any(stopped < number < emitted for number in seen), f"absence not proven before the event:\n{journal}"
    assert stopped < emitted < started, f"wrong order:\n{journal}"


def have_an_image(world):
    """An image in the engine's store that a stray container can run."""
    world.publish(world.images.next)
    world.engine.pull(world.repository, world.images.next.digest)
    return world.images.next.id


@each(policy=("no", "on-failure", "unless-stopped", "always"))
def a_node_of_an_earlier_boot_is_stopped_before_anything_is_measured(world, policy):
    image = have_an_image(world)
    identity = world.engine.run(NODE, image, HostConfig={"RestartPolicy": {"Name": policy}})
    world.ready()
    world.reset()
    restored = policy != "no"
    assert world.node_runs() == restored, "this engine restores other containers than was thought"
    with world.proxy() as proxy:
        world.launch().succeeded()
    if restored:
        assert_quiet_before_measuring(proxy.journal(), identity)
    world.assert_launched(world.images.node)
    # It is kept for its logs, and must not come back at the next boot.
    kept = world.engine.inspect("mpc-node-previous")
    assert kept["Id"] == identity and kept["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")


@test
def a_node_of_an_earlier_boot_is_stopped_while_somebody_holds_the_lock(world):
    # The lock lies on the node's volume: a node can hold it.
    image = have_an_image(world)
    world.engine.run(NODE, image, HostConfig={"RestartPolicy": {"Name": "always"}})
    world.ready()
    world.reset()
    assert world.node_runs()
    with open(world.cvm.shared / ".mpc-launcher.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        launcher = world.start_launcher()
        wait_until("the node's end", lambda: not world.node_runs())
        wait_until("the wait", lambda: "waiting for it" in launcher.output())
        assert world.agent.image_events() == [] and launcher.running()
    world.finish(launcher).succeeded()
    world.assert_launched(world.images.node)


@test
def a_measured_node_does_not_come_back_by_itself_after_a_reset(world):
    world.ready()
    world.launch().succeeded()
    world.reset()
    assert not world.node_runs() and world.agent.image_events() == []
    world.launch().succeeded()
    world.assert_launched(world.images.node)


DISGUISES = {
    "by the data volume": {"Binds": ["mpc-data:/anywhere"]},
    "by dstack's socket": {"Binds": ["/var/run/dstack.sock:/anywhere.sock"]},
    "by dstack's socket, read-only": {"Binds": ["/run/dstack.sock:/anywhere.sock:ro"]},
    "by the directory of the data volume": {"Binds": ["{data}/volumes/mpc-data/_data:/anywhere"]},
}


@each(disguise=DISGUISES)
def a_node_under_another_name_is_found(world, disguise):
    image = have_an_image(world)
    binds = [bind.replace("{data}", str(world.cvm.data)) for bind in DISGUISES[disguise]["Binds"]]
    identity = world.engine.run(STRAY, image, HostConfig={"Binds": binds, "RestartPolicy": {"Name": "unless-stopped"}})
    world.ready()
    world.reset()
    assert world.engine.running() == [STRAY]
    with world.proxy() as proxy:
        world.launch().succeeded().mentions(STRAY)
    assert_quiet_before_measuring(proxy.journal(), identity)
    assert world.engine.running() == [NODE]
    world.assert_launched(world.images.node)


@test
def a_container_that_has_nothing_to_do_with_the_node_is_left_alone(world):
    image = have_an_image(world)
    world.engine.run(STRAY, image, HostConfig={"Binds": ["other-data:/data"]})
    world.ready()
    world.launch().succeeded()
    assert world.engine.running() == [NODE, STRAY]
    world.assert_launched(world.images.node)


@each(binds=(("/var/run/docker.sock:/d.sock", "/var/run/dstack.sock:/a.sock"), ("/run:/host",)))
def a_container_that_cannot_be_told_from_the_launcher_is_refused_by_name(world, binds):
    image = have_an_image(world)
    world.engine.run(STRAY, image, HostConfig={"Binds": list(binds)})
    world.ready()
    world.launch().refused(10, "engine", STRAY)
    assert world.engine.running() == [STRAY] and world.agent.image_events() == []


@test
def a_node_that_cannot_be_stopped_is_never_measured(world):
    image = have_an_image(world)
    world.engine.run(NODE, image)
    world.ready()
    with world.proxy() as proxy:
        proxy.harm(r"engine POST /containers/.*/(stop|kill)", refuse="no")
        world.launch().refused(10, "engine", NODE)
    assert world.agent.image_events() == [] and world.engine.running() == [NODE]


@test
def an_engine_that_only_says_it_stopped_a_node_is_not_believed(world):
    image = have_an_image(world)
    identity = world.engine.run(NODE, image)
    world.ready()
    with world.proxy() as proxy:
        # It runs again before anybody looks.
        proxy.harm(r"engine POST /containers/.*/stop", after=lambda _: world.engine.start(identity))
        world.launch().refused(10, "engine", NODE)
    assert world.agent.image_events() == []


@test
def a_paused_node_is_a_running_node(world):
    image = have_an_image(world)
    identity = world.engine.run(NODE, image)
    world.engine.pause(NODE)
    world.ready()
    with world.proxy() as proxy:
        world.launch().succeeded()
    assert f"engine POST /containers/{identity}/stop" in proxy.journal()
    world.assert_launched(world.images.node)
