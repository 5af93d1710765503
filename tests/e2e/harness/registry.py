"""A real image registry on the CVM's loopback interface."""

import base64
import json
import shutil
from pathlib import Path

from .cvm import wait_until

USER = "operator"
PASSWORD = "canary-registry-password"
# The password's bcrypt hash: docker-registry accepts no other kind.
_HTPASSWD = USER + ":$2y$05$abcdefghijklmnopqrstuuFqj9r0gzLJx5.wQXjqr5awOiZGCazOq\n"

_CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage: {{filesystem: {{rootdirectory: {root}/blobs}}}}
http: {{addr: "{address}"}}
{auth}"""
_AUTH = "auth: {{htpasswd: {{realm: test, path: {root}/htpasswd}}}}\n"


class Registry:
    """docker-registry at 127.0.0.1:PORT of a CVM's site. With `private`, it wants USER and PASSWORD."""

    def __init__(self, cvm, port=5000, private=False):
        self.address = f"127.0.0.1:{port}"
        self._cvm = cvm
        self._private = private
        self._directory = cvm.directory / f"registry-{port}"
        self._programs = []  # one for each start

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self):
        self._directory.mkdir(exist_ok=True)
        (self._directory / "htpasswd").write_text(_HTPASSWD)
        configuration = self._directory / "config.yml"
        configuration.write_text(_CONFIGURATION.format(
            root=self._directory, address=self.address,
            auth=_AUTH.format(root=self._directory) if self._private else ""))
        program = self._cvm.at_site("docker-registry", "serve", configuration)
        self._programs.append(program)
        wait_until("the registry", lambda: "listening on" in program.output() or not program.running())
        if not program.running():
            raise RuntimeError(f"the registry did not start:\n{program.output()[-2000:]}")
        return self

    def stop(self):
        if self.running:
            self._programs[-1].stop()

    @property
    def running(self):
        return bool(self._programs) and self._programs[-1].running()

    # --- content ------------------------------------------------------------------------------------------------------

    def push(self, image, repository="mpc/node", tag="latest"):
        """Makes repository:tag the image. Returns the repository as a reference: 127.0.0.1:5000/mpc/node."""
        name = f"{self.address}/{repository}"
        credentials = ["--dest-creds", f"{USER}:{PASSWORD}"] if self._private else []
        copy = self._cvm.at_site(
            "skopeo", "--insecure-policy", "copy", "--quiet", "--all", "--preserve-digests", "--dest-tls-verify=false",
            *credentials, image.source, f"docker://{name}:{tag}")
        if copy.wait() != 0:
            raise RuntimeError(f"skopeo: {copy.output()}")
        return name

    def forget(self):
        """Loses everything it holds."""
        shutil.rmtree(self._directory / "blobs", ignore_errors=True)

    def lose_blob(self, digest):
        """Loses one blob, so that a pull fails half-way, inside an answer that began with 200."""
        path = self._directory / "blobs/docker/registry/v2/blobs/sha256" / digest[7:9] / digest[7:]
        shutil.rmtree(path)

    def requests(self):
        """The requests that it saw since it was made: "GET /v2/mpc/node/manifests/latest"."""
        lines = [line for program in self._programs for line in program.output().splitlines()]
        return [line.split('"')[1].rsplit(" ", 1)[0] for line in lines if '] "' in line and " /v2/" in line]


def docker_config(directory: Path, address, user=USER, password=PASSWORD):
    """Writes a docker config.json with static credentials; returns its path."""
    path = directory / "config.json"
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    path.write_text(json.dumps({"auths": {address: {"auth": auth}}}))
    return path
