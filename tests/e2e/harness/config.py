"""user_config in both forms, with a secret in each place where an operator has one."""

#: Values that must never be seen in any output of ours. The registry's password is one more.
CANARIES = ("canary-secret-store-key", "canary-account-key", "canary-mpc-setting")

NODE_SECTION = f"""
[mpc_node_config]
home_dir = "/data"
my_near_account_id = "node.testnet"

[mpc_node_config.secrets]
secret_store_key_hex = "{CANARIES[0]}"
account_key = "{CANARIES[1]}"
"""


def toml(repository, tag=None, override=None, ports=((11780, 11780),), retries=1, more="", node=NODE_SECTION):
    """The 2026 form. `more` is added to [launcher_config]."""
    mappings = ", ".join(f"{{ host = {host}, container = {container} }}" for host, container in ports)
    lines = ["[launcher_config]",
             f'image_reference = "{repository}{":" + tag if tag else ""}"',
             f"port_mappings = [{mappings}]",
             f"pull_max_retries = {retries}",
             "pull_retry_interval_secs = 1"]
    if override:
        lines.append(f'mpc_hash_override = "{override}"')
    if more:
        lines.append(more)
    return "\n".join(lines) + "\n" + node


def env(repository, tag=None, override=None, ports=((11780, 11780),), retries=1, more="", node=""):
    """The 2025 form. `more` is added as it is."""
    registry, _, name = repository.partition("/")
    lines = ["# MPC node", f"MPC_IMAGE_NAME={name}", f"MPC_REGISTRY={registry}", f"MPC_IMAGE_TAGS={tag or 'latest'}",
             f"RPC_MAX_ATTEMPTS={retries + 1}", "RPC_REQUEST_INTERVAL_SECS=1",
             "PORTS=" + ",".join(f"{host}:{container}" for host, container in ports),
             "MPC_ACCOUNT_ID=node.testnet", f"MPC_SECRET_STORE_KEY={CANARIES[0]}",
             f"MPC_BACKUP_ENCRYPTION_KEY_HEX={CANARIES[1]}", f"MPC_SOME_SETTING={CANARIES[2]}", "RUST_LOG=info"]
    if override:
        lines.append(f"MPC_HASH_OVERRIDE={override}")
    return "\n".join([*lines, more, node])


FORMS = {"toml": toml, "env": env}
