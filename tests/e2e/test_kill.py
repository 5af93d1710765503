"""The launcher is killed at every one of its calls; the next launch must end well or ask for a reboot."""

import signal
import time

from harness.cvm import wait_until
from harness.proxy import DROP
from harness.runner import each, test

# An event that was begun is waited for so long.
OPTIONS = ("--agent-deadline", "2")
SHARES = 4  # the calls are dealt out to so many tests, which run at the same time


def killed_at(world, proxy, number, moment):
    """One launch, killed at its call of that number. False when it ended before it got there."""
    launcher = None
    reached = []

    def kill(call):
        if call.number == number and not reached:
            reached.append(call)
            launcher.send(signal.SIGKILL)
            launcher.wait()
            return DROP
        return None

    proxy.forget()
    proxy.harms.clear()
    proxy.harm(".*", **{moment: kill})
    launcher = world.start_launcher(*OPTIONS)
    code = launcher.wait()
    proxy.harms.clear()
    assert code == (-signal.SIGKILL if reached else 0), f"exit code {code}\n{launcher.output()}"
    return reached[0] if reached else None


def recovers(world, call, moment):
    """After the kill nothing runs unmeasured, and another launch mends it, if need be after a reboot."""
    what = f"killed {moment} call {call.number}, {call}"
    world.assert_not_unmeasured()
    again = world.launch(*OPTIONS)
    assert again.code in (0, 9), f"{what}: then exit code {again.code}\n{again.log}"
    if again.code == 9:
        assert not world.node_runs(), f"{what}: refused, but a node runs"
        return False
    world.assert_launched(world.images.node)
    assert world.engine.names() == ["mpc-node"], f"{what}: containers {world.engine.names()}"
    return True


@each(moment=("before", "after"), share=range(1, SHARES + 1))
def a_launcher_killed_at_any_call_does_no_harm(world, moment, share):
    number, needed_a_reboot = share, 0
    while True:
        world.fresh()
        world.ready()
        with world.proxy() as proxy:
            call = killed_at(world, proxy, number, moment)
            if call is None:
                break
            recovered = recovers(world, call, moment)
        if not recovered:
            needed_a_reboot += 1
            world.reset()
            world.launch().succeeded()
            world.assert_launched(world.images.node)
        number += SHARES
    assert number > 3 * SHARES, "a launch makes more calls than that"
    # Only between asking for the event and its answer the outcome can be unknown.
    assert needed_a_reboot <= 1


@test
def an_event_still_on_its_way_when_the_launcher_dies_is_not_emitted_twice(world):
    world.ready()
    with world.proxy() as proxy:
        launcher = None
        begun, carried_out = [], []

        def die_and_be_late(call):
            begun.append(call)
            if len(begun) == 1:
                launcher.send(signal.SIGKILL)
                time.sleep(2)

        proxy.harm("agent POST /EmitEvent", before=die_and_be_late, after=carried_out.append)
        launcher = world.start_launcher(*OPTIONS)
        assert launcher.wait() == -signal.SIGKILL
        world.launch("--agent-deadline", "10").succeeded()
        wait_until("the late event", lambda: len(carried_out) == len(begun))
    world.assert_launched(world.images.node)
