"""The node's container: how it is hardened, and engines that make another than was asked for."""

import json

from harness.runner import each, test


def tampered(change):
    """Changes an inspect document of the engine on its way to the launcher."""
    def tamper(_, body):
        document = json.loads(body)
        if "HostConfig" in document:
            change(document)
        return json.dumps(document).encode()
    return tamper


def host(**fields):
    return lambda document: document["HostConfig"].update(fields)


def config(**fields):
    return lambda document: document["Config"].update(fields)


OTHERWISE = {
    "privileged": host(Privileged=True),
    "restart policy": host(RestartPolicy={"Name": "always"}),
    "capabilities added": host(CapAdd=["SYS_ADMIN"]),
    "capabilities kept": host(CapDrop=None),
    "a writable root": host(ReadonlyRootfs=False),
    "the host's network": host(NetworkMode="host"),
    "the host's processes": host(PidMode="host"),
    "unconfined": host(SecurityOpt=["seccomp=unconfined", "no-new-privileges:true"]),
    "a device": host(Devices=[{"PathOnHost": "/dev/mem", "PathInContainer": "/dev/mem", "CgroupPermissions": "rwm"}]),
    "other names": host(ExtraHosts=["rpc.testnet:10.0.0.1"]),
    "another port": host(PortBindings={"11780/tcp": [{"HostIp": "0.0.0.0", "HostPort": "80"}]}),
    "nothing masked": host(MaskedPaths=[]),
    "another command": config(Cmd=["/bin/sh"]),
    "another user": config(User="1000"),
    "another image": lambda document: document.update(Image="sha256:" + "b" * 64),
    "another mount": lambda document: document["Mounts"].append(
        {"Type": "bind", "Source": "/", "Destination": "/host", "RW": True}),
    "a mount less": lambda document: document["Mounts"].pop(),
    "another variable": lambda document: document["Config"]["Env"].append("LD_PRELOAD=/tmp/x.so"),
}


@each(answer=OTHERWISE)
def a_container_that_is_not_what_was_asked_for_is_refused_and_removed(world, answer):
    world.ready()
    with world.proxy() as proxy:
        proxy.harm(r"engine GET /containers/[0-9a-f]{12,}/json", tamper=tampered(OTHERWISE[answer]))
        world.launch().refused(11, "container")
    world.assert_nothing_done()


@test
def an_engine_that_refuses_to_make_the_container_is_reported(world):
    world.ready()
    with world.proxy() as proxy:
        proxy.harm("engine POST /containers/create", refuse="no space left")
        world.launch().refused(10, "engine", "no space left")
    world.assert_nothing_done()


@test
def what_the_engine_says_does_not_show_secrets(world):
    world.ready(form="env")
    with world.proxy() as proxy:
        proxy.harm("engine POST /containers/create", refuse="bad variable MPC_SECRET_STORE_KEY=canary-secret-store-key")
        world.launch().refused(10, "engine", "MPC_SECRET_STORE_KEY")


@test
def the_node_is_hardened_strictly_by_default(world):
    world.ready()
    world.launch().succeeded()
    node = world.node()["HostConfig"]
    assert node["CapDrop"] == ["ALL"] and not node["CapAdd"] and not node["Privileged"]
    assert node["ReadonlyRootfs"] and "/tmp" in node["Tmpfs"]
    assert "no-new-privileges:true" in node["SecurityOpt"]
    assert node["PidsLimit"] > 0
    mounts = {mount["Destination"]: (mount["Type"], mount.get("Name") or mount["Source"], mount["RW"])
              for mount in world.node()["Mounts"]}
    assert mounts == {"/tapp": ("bind", "/tapp", False), "/mnt/shared": ("volume", "shared-volume", True),
                      "/data": ("volume", "mpc-data", True),
                      "/var/run/dstack.sock": ("bind", "/var/run/dstack.sock", True)}


@test
def standard_hardening_is_what_earlier_launchers_set(world):
    world.ready()
    world.launch("--hardening", "standard").succeeded()
    node = world.node()["HostConfig"]
    assert not node["CapDrop"] and not node["ReadonlyRootfs"] and not node["Privileged"]
    assert node["SecurityOpt"] == ["no-new-privileges:true"]
    world.assert_launched(world.images.node)


@test
def outside_of_tee_the_node_does_not_get_dstacks_socket(world):
    world.ready()
    world.launch(platform="NONTEE").succeeded()
    assert "dstack.sock" not in json.dumps([world.node()["Mounts"], world.node()["Config"]["Env"]])


@test
def the_node_may_have_another_name(world):
    world.ready()
    world.launch("--container-name", "other-node").succeeded()
    assert world.engine.running() == ["other-node"]


@test
def secrets_are_in_no_label_and_no_argument_of_the_container(world):
    world.ready(form="env")
    world.launch().succeeded()
    node = world.node()
    del node["Config"]["Env"]  # where a 2025 node expects them
    assert "canary" not in json.dumps(node)
