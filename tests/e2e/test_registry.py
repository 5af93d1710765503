"""Registries that want credentials, answer wrongly, slowly or not at all."""

import signal

from harness.cvm import wait_until
from harness.registry import PASSWORD, docker_config
from harness.runner import each, test

PULL = "engine POST /images/create"


def have_a_private_registry(world, **settings):
    registry = world.private_registry.start()
    repository = world.publish(world.images.node, registry=registry)
    world.configure(repository=repository, **settings)
    world.approve(world.images.node.digest)
    return registry


@each(form=("toml", "env"), digest=("manifest digest", "image ID"))
def a_private_registry_is_given_its_credentials(world, form, digest):
    registry = have_a_private_registry(world, form=form)
    wanted = world.images.node.digest if digest == "manifest digest" else world.images.node.id
    world.approve(wanted)
    config = docker_config(world.cvm.tapp, registry.address)
    world.launch("--docker-config", config).succeeded()
    world.assert_launched(world.images.node, wanted)
    for file in world.cvm.shared.iterdir():
        assert PASSWORD not in file.read_text(), f"the password is in {file.name}"


@each(case=("a wrong password", "no credentials", "credentials of another registry"))
def a_private_registry_without_its_credentials_is_refused(world, case):
    registry = have_a_private_registry(world, retries=0)
    if case == "a wrong password":
        docker_config(world.cvm.tapp, registry.address, password=PASSWORD + "-not")
    elif case == "credentials of another registry":
        docker_config(world.cvm.tapp, "example." + registry.address)
    world.launch("--docker-config", "/tapp").refused(6, "pull")
    world.assert_nothing_done()


@test
def a_registry_that_is_down_is_tried_again_and_then_given_up(world):
    world.ready(retries=1)
    world.registry.stop()
    with world.proxy() as proxy:
        world.launch().refused(6, "pull").mentions("retries_left")
    assert proxy.journal().count(PULL) > 1
    world.assert_nothing_done()


@test
def a_registry_that_comes_back_is_used(world):
    world.ready(retries=5)
    world.registry.stop()
    with world.proxy() as proxy:
        launcher = world.start_launcher()
        wait_until("a first pull", lambda: PULL in proxy.journal())
        world.registry.start()
        world.finish(launcher).succeeded()
    world.assert_launched(world.images.node)


@test
def a_digest_that_the_registry_does_not_have_is_refused(world):
    world.ready(digest="sha256:" + "a" * 64, retries=0)
    world.registry.forget()
    world.launch().refused(6, "pull")
    world.assert_nothing_done()


@test
def an_error_inside_an_answer_that_began_with_200_is_an_error(world):
    # A blob that the registry lost: the engine says 200, then fails while it pulls.
    world.ready(retries=0)
    world.registry.lose_blob(world.images.node.layer_digests[1])
    world.launch().refused(6, "pull")
    assert world.engine.images() == []
    world.assert_nothing_done()


LIES = {
    "an error in the stream": lambda _, body: body + b'{"errorDetail":{"message":"boom"},"error":"boom"}\r\n',
    "nothing": lambda _, body: b"",
    "a stream without an end": lambda _, body: b"".join(body.splitlines(keepends=True)[:-1]),
    "a web page": lambda _, body: b"<html>not found</html>",
    "half a line": lambda _, body: body[:len(body) // 2],
    "another status": lambda _, body: b'{"status":"Pulling"}\r\n' * 3,
}


@each(answer=LIES)
def a_pull_that_does_not_say_that_it_ended_well_did_not(world, answer):
    world.ready(retries=0)
    with world.proxy() as proxy:
        # The engine itself is not to have the image either.
        proxy.harm(PULL, tamper=LIES[answer], after=lambda _: world.engine.remove_images())
        world.launch().refused(6, "pull")
    world.assert_nothing_done()


@test
def a_pull_that_says_it_ended_well_without_an_image_is_not_believed(world):
    world.ready(retries=0)
    with world.proxy() as proxy:
        proxy.harm(PULL, after=lambda _: world.engine.remove_images())
        world.launch().refused(7, "image")
    world.assert_nothing_done()


@test
def a_stalled_pull_is_given_up(world):
    world.ready(retries=0)
    with world.proxy() as proxy:
        proxy.harm(PULL, hang=True)
        outcome = world.launch("--pull-silence", "2").refused(6, "pull")
    assert outcome.seconds < 15
    world.assert_nothing_done()


@test
def the_deadline_of_all_pulling_ends_it(world):
    world.ready(retries=50)
    with world.proxy() as proxy:
        proxy.harm(PULL, hang=True)
        outcome = world.launch("--pull-silence", "1", "--pull-deadline", "4").refused(6, "pull")
    assert outcome.seconds < 15


@each(number=(signal.SIGTERM, signal.SIGINT))
def a_launcher_asked_to_end_during_a_pull_ends_at_once_and_leaves_nothing(world, number):
    world.ready()
    with world.proxy() as proxy:
        proxy.harm(PULL, hang=True)
        launcher = world.start_launcher()
        wait_until("the pull", lambda: PULL in proxy.journal())
        launcher.send(number)
        outcome = world.finish(launcher).refused(6, "pull")
    assert outcome.seconds < 5
    world.assert_nothing_done()
