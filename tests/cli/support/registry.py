"""A registry in this process, as the distribution-spec has it, which can be told to lie."""

import base64
import hashlib
import http.server
import json
import threading
import urllib.parse

USER, PASSWORD, TOKEN = "operator", "canary-password", "canary-token"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """At 127.0.0.1:PORT, in a with statement. `wants` is None, "basic" or "bearer".

    `lies` maps "METHOD /path below the repository", where a digest may be written as * and an upload's address is
    /upload, to a function of the handler, which answers in the registry's stead, or returns True to let it go on.
    """

    def __init__(self, wants=None, keeps_layers=True):
        self.wants = wants
        self.keeps_layers = keeps_layers
        self.blobs, self.manifests, self.tags = {}, {}, {}
        self.lies = {}
        self.requests = []  # "METHOD /path", as in `lies` but with digests
        self.headers = []   # of each
        registry = self

        class Handler(_Handler):
            pass

        Handler.registry = registry
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.place = f"registry:{self.address}/mpc/node"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def add_blob(self, data):
        self.blobs[digest_of(data)] = data
        return {"digest": digest_of(data), "size": len(data)}

    def add_manifest(self, data, tag=None, media_type=MANIFEST):
        self.manifests[digest_of(data)] = (data, media_type)
        if tag:
            self.tags[tag] = digest_of(data)
        return {"digest": digest_of(data), "size": len(data), "mediaType": media_type}

    def count(self, method):
        return sum(1 for request in self.requests if request.startswith(method + " "))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = None

    def answer(self, status, body=b"", **headers):
        """Header names with _ for -."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command != "HEAD":
            self.wfile.write(body)

    def no(self, status, code):
        self.answer(status, json.dumps({"errors": [{"code": code, "message": "no"}]}).encode())

    def body_pieces(self):
        left = int(self.headers["Content-Length"])
        while left:
            piece = self.rfile.read(min(left, 1 << 16))
            if not piece:
                return
            left -= len(piece)
            yield piece

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        path = url.path.removeprefix("/v2/mpc/node")
        self.query = urllib.parse.parse_qs(url.query)
        self.registry.requests.append(f"{self.command} {path}")
        self.registry.headers.append(dict(self.headers))
        if path == "/token":
            return self.token()
        if not self.allowed():
            return None
        starred = path.split("sha256:")[0] + "*" if "sha256:" in path else path
        for name in (path, starred):
            lie = self.registry.lies.get(f"{self.command} {name}")
            if lie and not lie(self):
                return None
        return getattr(self, self.command.lower())(path)

    do_GET = do_HEAD = do_POST = do_PUT = handle_any

    def token(self):
        basic = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers["Authorization"] == basic:
            return self.answer(200, json.dumps({"token": TOKEN}).encode())
        return self.no(401, "UNAUTHORIZED")

    def allowed(self):
        wanted = {None: None, "bearer": "Bearer " + TOKEN,
                  "basic": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}[self.registry.wants]
        if self.headers["Authorization"] == wanted:
            return True
        challenge = (f'Bearer realm="http://{self.registry.address}/token",service="test"'
                     if self.registry.wants == "bearer" else 'Basic realm="test"')
        for _ in self.body_pieces() if self.command in ("POST", "PUT") else ():
            pass
        self.answer(401, WWW_Authenticate=challenge)
        return False

    def get(self, path):
        kind, _, name = path[1:].partition("/")
        registry = self.registry
        if kind == "manifests":
            name = registry.tags.get(name, name)
            if name not in registry.manifests:
                return self.no(404, "MANIFEST_UNKNOWN")
            data, media_type = registry.manifests[name]
            return self.answer(200, data, Content_Type=media_type, Docker_Content_Digest=name)
        if name not in registry.blobs:
            return self.no(404, "BLOB_UNKNOWN")
        return self.answer(200, registry.blobs[name])

    head = get

    def post(self, _):
        self.answer(202, Location="/v2/mpc/node/upload?state=a%2Fb")

    def put(self, path):
        hasher, data = hashlib.sha256(), b""
        for piece in self.body_pieces():
            hasher.update(piece)
            data += piece if self.registry.keeps_layers or len(data) < 100_000 else b""
        digest = "sha256:" + hasher.hexdigest()
        if path.startswith("/manifests/"):
            name = path.removeprefix("/manifests/")
            if name.startswith("sha256:") and name != digest:
                return self.no(400, "DIGEST_INVALID")
            content = json.loads(data)
            for blob in (content["config"], *content["layers"]):
                if blob["digest"] not in self.registry.blobs:
                    return self.no(400, "MANIFEST_BLOB_UNKNOWN")
            self.registry.add_manifest(data, None if name == digest else name, self.headers["Content-Type"])
        else:
            if self.query["digest"] != [digest] or self.query["state"] != ["a/b"]:
                return self.no(400, "DIGEST_INVALID")
            self.registry.blobs[digest] = data
        return self.answer(201, Docker_Content_Digest=digest, Location="/somewhere")

    def log_message(self, *_):
        pass
