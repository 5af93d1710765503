"""Refusals before anything irrevocable: exit code, cause, remedy, and nothing done."""

import signal

from harness.config import NODE_SECTION
from harness.cvm import wait_until
from harness.runner import each, test

_OTHER = "sha256:" + "e" * 64

# --- 3: measured inputs -----------------------------------------------------------------------------------------------

BAD_ENVIRONMENTS = {
    "PLATFORM unset": {"PLATFORM": None},
    "PLATFORM empty": {"PLATFORM": ""},
    "PLATFORM in lower case": {"PLATFORM": "tee"},
    "PLATFORM with a space": {"PLATFORM": " TEE"},
    "PLATFORM misspelt": {"PLATFORM": "NON_TEE"},
    "DOCKER_CONTENT_TRUST unset": {"DOCKER_CONTENT_TRUST": None},
    "DOCKER_CONTENT_TRUST 0": {"DOCKER_CONTENT_TRUST": "0"},
    "DOCKER_CONTENT_TRUST true": {"DOCKER_CONTENT_TRUST": "true"},
    "DEFAULT_IMAGE_DIGEST unset": {"DEFAULT_IMAGE_DIGEST": None},
    "DEFAULT_IMAGE_DIGEST too short": {"DEFAULT_IMAGE_DIGEST": "sha256:abcd"},
    "DEFAULT_IMAGE_DIGEST in upper case": {"DEFAULT_IMAGE_DIGEST": "sha256:" + "A" * 64},
    "DEFAULT_IMAGE_DIGEST of another kind": {"DEFAULT_IMAGE_DIGEST": "sha512:" + "a" * 64},
    "HARDENING unknown": {"HARDENING": "none"},
    "MEASUREMENT unknown": {"MEASUREMENT": "skip"},
    "LOG_FORMAT unknown": {"LOG_FORMAT": "xml"},
    "PULL_SILENCE not a number": {"PULL_SILENCE": "soon"},
    "SHARED_DIR relative": {"SHARED_DIR": "shared"},
    "SHARED_DIR absent": {"SHARED_DIR": "/mnt/nowhere"},
    "CONTAINER_NAME with a slash": {"CONTAINER_NAME": "a/b"},
}


@each(case=BAD_ENVIRONMENTS)
def a_measured_input_that_is_wrong_is_refused(world, case):
    world.ready()
    changes = BAD_ENVIRONMENTS[case]
    world.launch(env=changes).refused(3, "environment", *changes)
    world.assert_nothing_done()


@test
def an_unknown_option_is_refused(world):
    world.ready()
    world.launch("--no-such-option").refused(2, "usage")
    world.assert_nothing_done()


@test
def an_option_wins_over_its_variable(world):
    world.ready()
    world.launch("--platform", "NONTEE", platform="TEE").succeeded()
    assert world.agent.image_events() == []


@test
def measured_settings_are_not_read_from_user_config(world):
    world.ready(form="env", more="PLATFORM=NONTEE\nDOCKER_CONTENT_TRUST=0\nHARDENING=standard\n"
                                 "DEFAULT_IMAGE_DIGEST=" + _OTHER)
    world.launch().succeeded()
    world.assert_launched(world.images.node)
    assert world.node()["HostConfig"]["ReadonlyRootfs"]


# --- 4: user_config ---------------------------------------------------------------------------------------------------

BAD_TOML = {
    "[tee] is reserved": {"node": NODE_SECTION + '\n[mpc_node_config.tee]\ntype = "Local"\n'},
    "tee as a text is reserved": {"node": '[mpc_node_config]\ntee = "sneaky"\n'},
    "[gcp] is forbidden under TEE": {"node": NODE_SECTION + '\n[mpc_node_config.gcp]\nproject_id = "p"\n'},
    "no [mpc_node_config]": {"node": ""},
    "an unknown key": {"more": 'mpc_hash_overide = "typo"'},
    "an override that is no digest": {"override": "sha256:xyz"},
    "host port 0": {"ports": ((0, 80),)},
    "host port 65536": {"ports": ((65536, 80),)},
    "a host port twice": {"ports": ((80, 80), (80, 81))},
    "a digest in the image reference": {"repository": "127.0.0.1:5000/mpc/node@" + _OTHER},
    "an option as the image reference": {"repository": "--privileged"},
    "a shell in the image reference": {"repository": "node; rm -rf /"},
}
BAD_ENV = {
    "MPC_IMAGE_HASH is reserved": "MPC_IMAGE_HASH=" + "a" * 64,
    "MPC_LATEST_ALLOWED_HASH_FILE is reserved": "MPC_LATEST_ALLOWED_HASH_FILE=/tmp/mine",
    "too many variables": "\n".join(f"MPC_MANY_{number}=1" for number in range(65)),
    "too much in variables": "\n".join(f"MPC_MUCH_{number}={'x' * 1024}" for number in range(40)),
}
BAD_BYTES = {
    "empty": b"",
    "only comments": b"# nothing\n\n",
    "not UTF-8": b"MPC_ACCOUNT_ID=\xff\xfe\n",
    "with a zero byte": b"MPC_ACCOUNT_ID=a\0b\n",
    "broken TOML": b"[launcher_config]\nimage_reference = canary-secret-store-key\n",
    "a million lines": b"[launcher_config]\n" + b"# x\n" * 1_000_000,
}


@each(case=BAD_TOML)
def a_toml_configuration_with_a_fault_is_refused(world, case):
    world.ready(**BAD_TOML[case])
    world.launch().refused(4, "config")
    world.assert_nothing_done()


@each(case=BAD_ENV)
def a_configuration_of_variables_with_a_fault_is_refused(world, case):
    world.ready(form="env", more=BAD_ENV[case])
    world.launch().refused(4, "config")
    world.assert_nothing_done()


@each(case=BAD_BYTES)
def a_user_config_that_cannot_be_read_is_refused(world, case):
    world.ready()
    world.write_user_config(BAD_BYTES[case])
    world.launch().refused(4, "config")
    world.assert_nothing_done()


@test
def a_missing_user_config_is_refused(world):
    world.ready()
    (world.cvm.tapp / "user_config").unlink()
    world.launch().refused(4, "config", "user_config")
    world.assert_nothing_done()


@test
def a_misspelt_key_is_answered_with_the_right_one(world):
    world.ready(more='mpc_hash_overide = "typo"')
    world.launch().refused(4, "config", "mpc_hash_override")


@test
def gcp_is_accepted_outside_of_tee(world):
    world.ready(node=NODE_SECTION + '\n[mpc_node_config.gcp]\nproject_id = "p"\n')
    world.launch(platform="NONTEE").succeeded()


@each(entry=("--env LD_PRELOAD=/tmp/x.so", "--volume /:/mnt", "-p 80:80", "65536:80"))
def a_bad_port_of_a_2025_configuration_is_dropped(world, entry):
    world.ready(form="env", more="PORTS=11780:11780," + entry)
    world.launch().succeeded()
    assert list(world.node()["HostConfig"]["PortBindings"]) == ["11780/tcp"]
    assert "LD_PRELOAD" not in str(world.node()) and "/:/mnt" not in str(world.node())


# --- 5: the digest ----------------------------------------------------------------------------------------------------


@test
def an_override_that_is_approved_is_followed(world):
    world.ready(override=world.images.node.digest)
    world.approve(world.images.next.digest, world.images.node.digest)
    world.launch().succeeded().mentions("override")
    world.assert_launched(world.images.node)


@each(form=("toml", "env"))
def an_override_that_is_not_approved_is_refused(world, form):
    world.ready(form=form, override=world.images.node.digest)
    world.approve(world.images.next.digest)
    world.launch(default=world.images.node.digest).refused(5, "digest", "approved")
    world.assert_nothing_done()


@test
def an_override_without_an_approved_digests_file_must_be_the_default(world):
    world.publish(world.images.node)
    world.configure(override=world.images.node.digest)
    world.launch(default=_OTHER).refused(5, "digest")
    world.assert_nothing_done()
    world.launch(default=world.images.node.digest).succeeded()
    world.assert_launched(world.images.node)


@each(prefix=("sha256:", ""))
def without_an_approved_digests_file_the_default_is_launched(world, prefix):
    image = world.images.node
    world.publish(image)
    world.configure()
    world.launch(default=prefix + image.digest.removeprefix("sha256:")).succeeded().mentions("default")
    world.assert_launched(image)


@test
def the_newest_approved_digest_is_launched(world):
    world.ready()
    world.publish(world.images.next)
    world.approve(world.images.next.digest, world.images.node.digest)
    world.launch().succeeded()
    world.assert_launched(world.images.next)


BAD_APPROVED = {
    "empty": "",
    "only spaces": "  \n",
    "cut short": '{"approved_hashes": ["sha256:' + "a" * 20,
    "an empty list": '{"approved_hashes": []}',
    "no list": "{}",
    "not a list": '{"approved_hashes": "sha256:' + "a" * 64 + '"}',
    "the list twice": '{"approved_hashes": ["sha256:%s"], "approved_hashes": ["sha256:%s"]}' % ("a" * 64, "b" * 64),
    "one bad entry": '{"approved_hashes": ["sha256:%s", "sha256:xyz"]}' % ("a" * 64),
    "a number": "42",
    "something after it": '{"approved_hashes": ["sha256:%s"]} x' % ("a" * 64),
}


@each(case=BAD_APPROVED)
def a_broken_approved_digests_file_never_falls_back_to_the_default(world, case):
    default = world.ready()
    world.write_approved(BAD_APPROVED[case])
    world.launch(default=default).refused(5, "digest", "image-digest.bin")
    world.assert_nothing_done()


@each(case=("a directory", "a link to nowhere", "a link to itself"))
def an_approved_digests_file_that_cannot_be_read_never_falls_back_to_the_default(world, case):
    default = world.ready()
    path = world.cvm.shared / "image-digest.bin"
    path.unlink()
    if case == "a directory":
        path.mkdir()
    else:
        path.symlink_to("nowhere" if case == "a link to nowhere" else path.name)
    world.launch(default=default).refused(5, "digest", "image-digest.bin")
    world.assert_nothing_done()


@each(name=("image-digest.bin", "image-digest"), form=("with a prefix", "bare"))
def an_approved_digest_of_an_older_node_is_accepted(world, name, form):
    digest = world.ready()
    (world.cvm.shared / "image-digest.bin").unlink()
    world.write_approved((digest if form == "with a prefix" else digest.removeprefix("sha256:")) + "\n", name)
    world.launch().succeeded().mentions("old form")
    world.assert_launched(world.images.node)


@test
def the_newer_of_two_approved_digests_files_wins(world):
    world.ready()
    world.write_approved(_OTHER, name="image-digest")
    world.launch().succeeded()
    world.assert_launched(world.images.node)


# --- 7: the image -----------------------------------------------------------------------------------------------------


@each(form=("toml", "env"), right_one=("gone", "still in the registry"))
def a_wrong_image_behind_the_right_tag_is_refused_and_removed(world, form, right_one):
    world.ready(form=form, digest=world.images.node.id)
    if right_one == "gone":
        world.registry.forget()
    world.publish(world.images.next)  # takes over the tag
    world.launch().refused(7, "image")
    assert world.engine.images() == [], "the wrong image is still there"
    world.assert_nothing_done()


@test
def a_wrong_image_that_was_there_before_is_not_removed(world):
    world.ready(digest=world.images.node.id)
    world.publish(world.images.next)
    world.engine.pull(world.repository, world.images.next.digest)
    world.launch().refused(7, "image")
    assert world.engine.image_ids() == {world.images.next.id}


@each(place=("registry", "engine's store"))
def an_image_for_another_platform_is_refused(world, place):
    image = world.images.arm
    world.ready(image)
    if place == "engine's store":
        world.approve(image.id)
        world.engine.load(image.docker_archive("arm:1"))
    world.launch().refused_as_one_of({6: "pull", 7: "image"})
    world.assert_nothing_done()


# --- 10: the engine and the container ---------------------------------------------------------------------------------


@each(state=("running", "restarting"))
def a_port_that_another_container_has_is_refused_before_anything_is_measured(world, state):
    world.ready()
    world.engine.pull(world.repository, world.images.node.digest)
    command = ["/app/mpc-node"] if state == "running" else ["/bin/busybox", "false"]
    world.engine.run("web", world.images.node.id, Cmd=command, ExposedPorts={"80/tcp": {}}, HostConfig={
        "PortBindings": {"80/tcp": [{"HostPort": "11780"}]}, "RestartPolicy": {"Name": "always"}})
    world.launch().refused(10, "engine", "web")
    assert world.agent.image_events() == [] and world.engine.names() == ["web"]


@test
def a_port_that_the_host_has_taken_is_told_without_its_number(world):
    world.ready()
    listener = world.cvm.at_site("python3", "-u", "-m", "http.server", "11780")
    try:
        wait_until("the listener", lambda: "Serving" in listener.output() or not listener.running())
        outcome = world.launch().refused(10, "engine", "the host port of port mapping 1 is taken on the host")
    finally:
        listener.stop()
    assert "11780" not in outcome.log, outcome.log
    world.launch().succeeded()
    world.assert_launched(world.images.node)


@each(form=("toml", "env"))
def a_node_that_ends_at_once_is_reported_and_stays_measured_once(world, form):
    digest = world.ready(world.images.crashes, form=form)
    for _ in range(2):
        world.launch().refused(10, "engine", "exit code 3")
        assert world.agent.image_events() == [digest]
        assert not world.node_runs()


@test
def an_engine_that_is_not_there_is_named(world):
    world.ready()
    world.launch("--docker-socket", "/run/nobody.sock").refused(10, "engine", "/run/nobody.sock")
    world.assert_nothing_done()


@test
def an_engine_that_does_not_answer_is_given_up(world):
    world.ready()
    with world.proxy() as proxy:
        proxy.harm("engine .*", hang=True)
        launcher = world.start_launcher()
        world.finish(launcher, seconds=90).refused(10, "engine")


@test
def a_launcher_asked_to_end_before_it_began_measures_nothing(world):
    world.ready()
    with world.proxy() as proxy:
        launcher = None
        proxy.harm("agent POST /GetQuote", before=lambda _: launcher.send(signal.SIGTERM), hang=True)
        launcher = world.start_launcher()
        world.finish(launcher, seconds=10).refused_as_one_of({8: "measurement", 10: "engine"})
    world.assert_nothing_done()
