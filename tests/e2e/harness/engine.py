"""The Docker Engine as the tests see it: its API, never the docker command."""

import json
import time
from urllib.parse import quote

from .unix_http import Refused, call


class Engine:
    def __init__(self, socket):
        self.socket = socket

    def answers(self):
        try:
            return bool(call(self.socket, "GET", "/version", timeout=2))
        except (OSError, Refused):
            return False

    def version(self):
        return self._json("GET", "/version")["Version"]

    def _json(self, method, path, body=None):
        text = call(self.socket, method, path, body)
        return json.loads(text) if text.strip() else None

    # --- images -------------------------------------------------------------------------------------------------------

    def images(self):
        return self._json("GET", "/images/json?all=1")

    def image_ids(self):
        return {image["Id"] for image in self.images()}

    def load(self, archive):
        """POST /images/load of a docker-archive."""
        text = call(self.socket, "POST", "/images/load?quiet=1", archive, content_type="application/x-tar").decode()
        self._fail_on_error_in(text)

    def pull(self, repository, digest_or_tag):
        query = f"fromImage={quote(repository, safe='')}&tag={quote(digest_or_tag)}"
        self._fail_on_error_in(call(self.socket, "POST", f"/images/create?{query}").decode())

    @staticmethod
    def _fail_on_error_in(stream):
        for line in stream.splitlines():
            if line.strip() and "error" in json.loads(line):
                raise RuntimeError(json.loads(line)["error"])

    # --- containers ---------------------------------------------------------------------------------------------------

    def containers(self):
        """Every container, running or not, as the list call tells them."""
        return self._json("GET", "/containers/json?all=1")

    def names(self):
        return sorted(name.lstrip("/") for container in self.containers() for name in container["Names"])

    def running(self):
        """The names of the containers that run."""
        return sorted(container["Names"][0].lstrip("/") for container in self.containers()
                      if container["State"] == "running")

    def inspect(self, name):
        """None when there is no such container."""
        try:
            return self._json("GET", f"/containers/{quote(name)}/json")
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def create(self, name, image, **body):
        """Returns the id. Further keyword arguments go into the body: HostConfig=..., Labels=..., Cmd=..."""
        return self._json("POST", f"/containers/create?name={quote(name)}", {"Image": image, **body})["Id"]

    def start(self, name):
        call(self.socket, "POST", f"/containers/{quote(name)}/start")

    def run(self, name, image, **body):
        identity = self.create(name, image, **body)
        self.start(name)
        return identity

    def stop(self, name, seconds=5):
        call(self.socket, "POST", f"/containers/{quote(name)}/stop?t={seconds}")

    def pause(self, name):
        call(self.socket, "POST", f"/containers/{quote(name)}/pause")

    def kill(self, name, signal="KILL"):
        call(self.socket, "POST", f"/containers/{quote(name)}/kill?signal={signal}")

    def remove(self, name):
        """Also a running one, with its anonymous volumes."""
        call(self.socket, "DELETE", f"/containers/{quote(name)}?force=1&v=1")

    def logs(self, name):
        """What the container printed."""
        frames = call(self.socket, "GET", f"/containers/{quote(name)}/logs?stdout=1&stderr=1")
        text = b""
        while frames:
            size = int.from_bytes(frames[4:8], "big")
            text, frames = text + frames[8:8 + size], frames[8 + size:]
        return text.decode(errors="replace")

    # --- clean-up -----------------------------------------------------------------------------------------------------

    def remove_containers(self):
        for container in self.containers():
            self._patiently(f"/containers/{container['Id']}?force=1&v=1")

    def remove_images(self, keep=()):
        for image in self.images():
            if image["Id"] not in keep:
                self._patiently(f"/images/{image['Id']}?force=1")

    def volumes(self):
        return [volume["Name"] for volume in self._json("GET", "/volumes")["Volumes"] or []]

    def remove_volumes(self, keep=()):
        for name in self.volumes():
            if name not in keep:
                self._patiently(f"/volumes/{quote(name)}?force=1")

    def _patiently(self, path):
        """DELETE, again for as long as the engine is busy with the same thing (409, 500)."""
        for attempt in range(50):
            try:
                call(self.socket, "DELETE", path)
                return
            except Refused as refused:
                if refused.status == 404:
                    return
                if attempt == 49:
                    raise
            time.sleep(0.1)
