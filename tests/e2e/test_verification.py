"""A launched node, as others see it: predicted before it is launched, verified afterwards through its guest agent."""

import json

from harness.runner import test

OTHER_DIGEST = "sha256:" + "cd" * 32


def mpcctl(world, *words):
    """A finished mpcctl inside the CVM: (exit code, what it said)."""
    program = world.cvm.spawn(world.mpcctl, *words)
    return program.wait(), program.output()


def predict(world, digest):
    """Writes the prediction for an image where the CVM sees it; returns its path."""
    trust = world.agent.trust
    code, output = mpcctl(world, "predict", "--app-compose", trust / "app_compose.json", "--key-provider",
                          (trust / "key_provider.json").read_text(), "--dstack-version", "0.5.8", "--image-digest", digest,
                          "--json")
    assert code == 0, output
    path = world.cvm.directory / "predicted.json"
    path.write_text(output)
    return path


def verify(world, digest, *words):
    """(exit code, report) of a verification through the agent, with that image allowed."""
    trust = world.agent.trust
    code, output = mpcctl(world, "verify", "--agent", "/run/dstack.sock", "--collateral", trust / "collateral.json", "--policy",
                          trust / "policy.toml", "--image-digest", digest, "--json", *words)
    return code, json.loads(output)


@test
def a_launched_node_is_trusted_and_measured_what_was_predicted(world):
    digest = world.ready()
    predicted = predict(world, digest)
    world.launch().succeeded()
    code, report = verify(world, digest, "--predicted", predicted)
    assert code == 0 and report["verdict"] == "trusted", report["first_failure"]
    assert json.loads(predicted.read_text())["rtmr3"] == report["measurements"]["rtmr3"]
    assert report["loosenings"] == ["simulated_root"], report["loosenings"]


@test
def an_image_that_is_not_allowed_is_named(world):
    world.ready()
    predicted = predict(world, OTHER_DIGEST)
    world.launch().succeeded()
    code, report = verify(world, OTHER_DIGEST, "--predicted", predicted)
    failed = [check["name"] for check in report["checks"] if check["result"] == "fail"]
    assert code == 10 and failed == ["image_digest_allowed", "rtmr3_predicted"], failed


@test
def a_guest_without_a_launched_node_is_not_trusted(world):
    digest = world.ready()
    code, report = verify(world, digest)
    assert code == 10 and report["first_failure"] == "image_digest_event", report["first_failure"]
