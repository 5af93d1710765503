"""HTTP over unix sockets."""

import http.client
import json
import socket
from pathlib import Path

# A recording proxy takes a socket's place, and moves the socket itself to this name beside it.
BEHIND = ".behind"


def direct(path):
    """The socket itself, also while a proxy stands in its place."""
    behind = Path(str(path) + BEHIND)
    return behind if behind.exists() else Path(path)


class Refused(Exception):
    """An answer that is not a success."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status} {text.strip()[:500]}")
        self.status = status
        self.text = text


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def call(socket_path, method, path, body=None, content_type="application/json", timeout=60.0):
    """One request; the answer's body. A dict or list is sent as JSON, bytes as they are. Raises Refused unless 2xx."""
    connection = _Connection(direct(socket_path), timeout)
    data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
    try:
        connection.request(method, path, body=data, headers={"Content-Type": content_type} if data is not None else {})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status // 100 != 2 and answer.status != 304:
        raise Refused(method, path, answer.status, text.decode(errors="replace"))
    return text
