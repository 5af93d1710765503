"""A recording man in the middle for unix sockets.

It takes the place of the sockets of a running CVM, so that a launcher with its production paths speaks to it, and notes
every request of all of them in one order. It can be told to do harm at a chosen request.
"""

import json
import os
import re
import select
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from .unix_http import BEHIND

DROP = "drop"
_HEAD_LIMIT = 1 << 16


@dataclass
class Call:
    """One request. `number` counts from 1 over all sockets."""

    number: int
    side: str    # "engine" or "agent"
    method: str
    path: str    # without API version and query: "/containers/create"
    query: str
    body: bytes

    def __str__(self):
        return f"{self.side} {self.method} {self.path}"


@dataclass
class Harm:
    """What to do at the calls that match. Each function gets the call; `tamper` also the answer's body, and returns
    another."""

    matches: Callable[[Call], bool]
    before: Optional[Callable[[Call], object]] = None  # before it is forwarded; returns DROP if it is not to be
    after: Optional[Callable[[Call], object]] = None   # when it has been carried out, before the answer is given
    tamper: Optional[Callable[[Call, bytes], bytes]] = None
    hang: bool = False                                 # neither forward nor answer
    refuse: str = ""                                   # do not forward; answer 500 with this message


def on(pattern):
    """Matches calls whose text ("agent POST /EmitEvent") the regular expression matches from its start."""
    return lambda call: re.match(pattern, str(call)) is not None


class Proxy:
    """Use as a context manager: `with Proxy({"engine": path, "agent": path}) as proxy`."""

    def __init__(self, sockets):
        self.calls = []
        self.harms = []
        self._lock = threading.Lock()
        self._fronts = [_Front(self, side, Path(path)) for side, path in sockets.items()]

    def __enter__(self):
        for front in self._fronts:
            front.open()
        return self

    def __exit__(self, *_):
        for front in self._fronts:
            front.close()

    def journal(self):
        """What was asked, in order: "agent POST /EmitEvent"."""
        with self._lock:
            return [str(call) for call in self.calls]

    def forget(self):
        """Starts counting anew."""
        with self._lock:
            self.calls.clear()

    def harm(self, pattern, **what):
        """Adds a Harm for the calls that match the pattern; see on()."""
        self.harms.append(Harm(on(pattern), **what))

    def note(self, side, method, target, body):
        path, _, query = target.partition("?")
        with self._lock:
            call = Call(len(self.calls) + 1, side, method, re.sub(r"^/v1\.\d+", "", path), query, body)
            self.calls.append(call)
            return call, [harm for harm in self.harms if harm.matches(call)]


class _Front:
    """Listens where a socket was, and forwards to where it was moved."""

    def __init__(self, proxy, side, path):
        self._proxy = proxy
        self._side = side
        self._path = path
        self._behind = Path(str(path) + BEHIND)
        self._closed = threading.Event()

    def open(self):
        os.rename(self._path, self._behind)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        os.chmod(self._path, 0o666)
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._closed.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._behind.exists():
            os.rename(self._behind, self._path)
        elif self._path.exists():
            os.unlink(self._path)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            with client:
                self._exchange(client)
        except OSError:
            pass  # one of the two sides went away, which the other one sees

    def _exchange(self, client):
        """One request and its answer; the connection ends with it."""
        head, body = _read_message(client)
        if not head:
            return
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        call, harms = self._proxy.note(self._side, method, target, body)
        dropped = [harm.before(call) for harm in harms if harm.before]
        if DROP in dropped:
            return
        if any(harm.hang for harm in harms):
            _wait_for_the_end_of(client, self._closed)
            return
        refusal = next((harm.refuse for harm in harms if harm.refuse), None)
        if refusal:
            text = json.dumps({"message": refusal, "error": refusal}).encode()
            client.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(text) + text)
            return
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with server:
            server.connect(str(self._behind))
            server.sendall(_closing(head, body))
            if any(harm.after or harm.tamper for harm in harms):
                self._answer_at_once(client, server, call, harms)
            else:
                _relay(client, server)

    @staticmethod
    def _answer_at_once(client, server, call, harms):
        head, body = _read_message(server, until_the_end=True)
        for harm in harms:
            if harm.after:
                harm.after(call)
            if harm.tamper:
                body = harm.tamper(call, body)
        head = _without(head, b"transfer-encoding", b"content-length")
        if b" 204 " not in head.split(b"\r\n", 1)[0] and b" 304 " not in head.split(b"\r\n", 1)[0]:
            head = head[:-2] + b"Content-Length: %d\r\n\r\n" % len(body)
        client.sendall(head + body)


# --- HTTP, as little as is needed -------------------------------------------------------------------------------------


def _read_message(source, until_the_end=False):
    """Head (with its empty line) and body. Without a length, a request has no body; an answer lasts until the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = source.recv(65536)
        if not piece or len(data) > _HEAD_LIMIT:
            return b"", b""
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    head += b"\r\n\r\n"
    if b"chunked" in (_field(head, b"transfer-encoding") or b""):
        return head, _read_chunks(source, rest)
    length = _field(head, b"content-length")
    wanted = int(length) if length else None if until_the_end else 0
    while wanted is None or len(rest) < wanted:
        piece = source.recv(65536)
        if not piece:
            break
        rest += piece
    return head, rest


def _read_chunks(source, data):
    body = b""
    while True:
        while b"\r\n" not in data:
            piece = source.recv(65536)
            if not piece:
                return body
            data += piece
        line, data = data.split(b"\r\n", 1)
        size = int(line.split(b";")[0], 16)
        while len(data) < size + 2:
            piece = source.recv(65536)
            if not piece:
                return body + data
            data += piece
        body, data = body + data[:size], data[size + 2:]
        if size == 0:
            return body


def _field(head, name):
    match = re.search(rb"\r\n" + name + rb":[ \t]*([^\r\n]*)", head, re.IGNORECASE)
    return match.group(1).lower() if match else None


def _without(head, *names):
    lines = head[:-4].split(b"\r\n")
    kept = [line for line in lines if line.split(b":", 1)[0].lower() not in names]
    return b"\r\n".join(kept) + b"\r\n\r\n"


def _closing(head, body):
    """The same request in one piece, after which the connection ends."""
    head = _without(head, b"connection", b"transfer-encoding", b"content-length")
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    return head[:-2] + length + b"Connection: close\r\n\r\n" + body


def _relay(client, server):
    """Passes the answer on as it comes; when the client leaves, so do we, and the server sees it."""
    while True:
        ready, _, _ = select.select([client, server], [], [])
        if server in ready:
            piece = server.recv(65536)
            if not piece:
                return
            client.sendall(piece)
        elif not client.recv(65536):
            return


def _wait_for_the_end_of(client, closed):
    while not closed.is_set():
        ready, _, _ = select.select([client], [], [], 0.2)
        if ready and not client.recv(65536):
            return
