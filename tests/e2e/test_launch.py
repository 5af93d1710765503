"""Launches that succeed, and what they leave behind."""

import tomllib

from harness.cvm import wait_until
from harness.runner import each, test
from harness.world import NODE, SUCCESS

KINDS = ("manifest digest", "image ID")


def digest_of(image, kind):
    return image.digest if kind == "manifest digest" else image.id


def node_log(world, text):
    """What the node printed, once it has printed that."""
    return wait_until(f"\"{text}\" in the node's log", lambda: (log := world.engine.logs(NODE)) and text in log and log)


@each(platform=("TEE", "NONTEE"), form=("toml", "env"), kind=KINDS)
def the_approved_image_is_launched(world, platform, form, kind):
    digest = world.ready(form=form, digest=digest_of(world.images.node, kind))
    world.launch(platform=platform).succeeded().mentions(SUCCESS, kind, digest)
    world.assert_launched(world.images.node, digest, platform)
    assert world.agent.image_events() == ([digest] if platform == "TEE" else [])


@each(kind=KINDS)
def an_image_with_dockers_own_media_types_is_launched(world, kind):
    image = world.images.docker_format
    digest = world.ready(image, digest=digest_of(image, kind))
    world.launch().succeeded().mentions(kind)
    world.assert_launched(image, digest)


@each(platform=("TEE", "NONTEE"))
def a_2026_node_is_given_its_configuration_in_a_file(world, platform):
    digest = world.ready(form="toml")
    world.launch(platform=platform).succeeded()
    log = node_log(world, "config /mnt/shared/mpc-config.toml is here")
    assert "start-with-config-file /mnt/shared/mpc-config.toml" in log
    path = world.cvm.shared / "mpc-config.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    config = tomllib.loads(path.read_text())
    authority = {"TEE": {"type": "dstack", "dstack_endpoint": "/var/run/dstack.sock"}, "NONTEE": {"type": "local"}}
    assert config.pop("tee") == {"image_hash": digest, "latest_allowed_hash_file_path": "/mnt/shared/image-digest.bin",
                                 "authority": authority[platform]}
    assert config == tomllib.loads((world.cvm.tapp / "user_config").read_text())["mpc_node_config"]


@each(platform=("TEE", "NONTEE"))
def a_2025_node_is_given_its_configuration_in_variables(world, platform):
    digest = world.ready(form="env", more="BAD_KEY=ignored\nMPC_P2P_PRIVATE_KEY=ignored\nNOT_A_LINE")
    world.launch(platform=platform).succeeded()
    variables = dict(entry.split("=", 1) for entry in world.node()["Config"]["Env"])
    bare = digest.removeprefix("sha256:")
    assert variables["MPC_IMAGE_HASH"] == variables["IMAGE_HASH"] == bare
    assert variables["MPC_LATEST_ALLOWED_HASH_FILE"] == "/mnt/shared/image-digest.bin"
    assert variables["MPC_ACCOUNT_ID"] == "node.testnet" and variables["RUST_LOG"] == "info"
    assert ("DSTACK_ENDPOINT" in variables) == (platform == "TEE")
    assert not {"BAD_KEY", "MPC_P2P_PRIVATE_KEY", "MPC_IMAGE_TAGS", "PORTS"} & set(variables)
    assert "variable MPC_SECRET_STORE_KEY" in node_log(world, "variable MPC_SECRET_STORE_KEY")


@test
def the_founding_documents_names_still_work(world):
    world.publish(world.images.node, tag="stable")
    registry, _, name = world.repository.partition("/")
    world.write_user_config(f"LAUNCHER_IMAGE_NAME={name}\nLAUNCHER_IMAGE_TAGS=stable\nLAUNCHER_REGISTRY={registry}\n"
                            f"ENV_VAR_MPC_HASH_OVERRIDE={world.images.node.id}\n")
    world.approve(world.images.next.id, world.images.node.id)
    world.launch().succeeded()
    world.assert_launched(world.images.node, world.images.node.id)


@each(kind=KINDS, registry=("stopped", "running"))
def an_image_in_the_engines_store_needs_no_registry(world, kind, registry):
    image = world.images.node
    digest = world.ready(digest=digest_of(image, kind))
    world.engine.pull(world.repository, image.digest)
    if registry == "stopped":
        world.registry.stop()
    seen = len(world.registry.requests())
    world.launch().succeeded()
    world.assert_launched(image, digest)
    assert world.registry.requests()[seen:] == []


@test
def an_image_that_was_loaded_needs_no_registry(world):
    world.configure()
    world.approve(world.images.node.id)
    world.registry.stop()
    world.engine.load(world.images.node.docker_archive("loaded:by-hand"))
    world.launch().succeeded()
    world.assert_launched(world.images.node, world.images.node.id)


@test
def an_index_of_several_platforms_runs_its_amd64_image_and_the_log_says_so(world):
    index = world.images.multi_platform
    world.ready(index)
    world.launch().succeeded().mentions("index")
    world.assert_launched(index)


@test
def the_image_id_is_found_behind_the_second_tag(world):
    world.ready(form="env", digest=world.images.node.id, tag="absent,other,right")
    world.publish(world.images.next, tag="other")
    world.publish(world.images.node, tag="right")
    world.launch().succeeded()
    world.assert_launched(world.images.node, world.images.node.id)
    assert world.images.next.id not in world.engine.image_ids(), "what was pulled in vain is still there"


@test
def an_image_that_vanishes_before_its_container_is_made_is_pulled_again(world):
    # dstack prunes unused images just after it has started the launcher.
    world.ready()
    pruned = []

    def prune(_):
        if not pruned:
            pruned.append(True)
            world.engine.remove_images()

    with world.proxy() as proxy:
        proxy.harm("engine POST /containers/create", before=prune)
        world.launch().succeeded()
    assert pruned and len([call for call in proxy.journal() if call == "engine POST /images/create"]) == 2
    world.assert_launched(world.images.node)


# --- again ------------------------------------------------------------------------------------------------------------


@each(form=("toml", "env"))
def a_second_launch_in_the_same_boot_changes_nothing(world, form):
    world.ready(form=form)
    world.launch().succeeded()
    before = world.node()
    with world.proxy() as proxy:
        world.launch().succeeded()
    after = world.node()
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert "agent POST /EmitEvent" not in proxy.journal()
    world.assert_launched(world.images.node)


@test
def another_digest_in_the_same_boot_is_refused_and_the_node_stays_as_it_was(world):
    first = world.ready()
    world.launch().succeeded()
    before = world.node()
    world.publish(world.images.next)
    world.approve(world.images.next.digest, first)
    world.launch().refused(9, "reboot")
    after = world.node()
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    world.assert_launched(world.images.node)


@test
def an_upgrade_takes_a_reboot_and_nothing_else(world):
    first = world.ready()
    world.launch().succeeded()
    world.publish(world.images.next)
    world.approve(world.images.next.digest, first)
    world.reset()
    world.launch().succeeded()
    world.assert_launched(world.images.next)


@test
def a_stopped_node_is_started_again_in_the_same_boot_without_a_second_event(world):
    world.ready()
    world.launch().succeeded()
    world.engine.stop(NODE)
    world.launch().succeeded()
    world.assert_launched(world.images.node)


@test
def a_changed_configuration_is_taken_up_in_the_same_boot(world):
    digest = world.ready()
    world.launch().succeeded()
    world.configure(ports=((11781, 11780),))
    world.launch().succeeded()
    world.assert_launched(world.images.node, digest)
    assert list(world.node()["HostConfig"]["PortBindings"].values()) == [[{"HostIp": "", "HostPort": "11781"}]]


@test
def two_launchers_at_once_measure_once_and_start_one_node(world):
    world.ready()
    both = [world.start_launcher(), world.start_launcher()]
    for one in both:
        world.finish(one).succeeded()
    world.assert_launched(world.images.node)
    assert world.engine.names() == [NODE]


@test
def a_container_of_an_earlier_launcher_is_kept_for_its_logs_but_only_one(world):
    world.ready()
    world.engine.pull(world.repository, world.images.node.digest)
    oldest = world.engine.run("mpc-node-previous", world.images.node.id)
    legacy = world.engine.run(NODE, world.images.node.id, HostConfig={"RestartPolicy": {"Name": "always"}})
    for container in (oldest, legacy):
        world.engine.stop(container)
    world.launch().succeeded()
    world.assert_launched(world.images.node)
    assert world.engine.names() == [NODE, "mpc-node-previous"]
    kept = world.engine.inspect("mpc-node-previous")
    assert kept["Id"] == legacy and not kept["State"]["Running"]
    assert kept["HostConfig"]["RestartPolicy"]["Name"] in ("", "no"), "it would come back at the next boot"
