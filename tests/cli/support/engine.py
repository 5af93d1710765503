"""What of the Docker Engine `mpcctl image` speaks to: GET /images/NAME/get on a unix socket."""

import http.server
import os
import socketserver
import threading


class Engine:
    """On a socket, in a with statement. `answer` is what it sends for the image "mpc/node:1", or a function of the
    handler that does it."""

    def __init__(self, socket, answer):
        self.requests = []
        engine = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                engine.requests.append(self.path)
                if callable(answer):
                    answer(self)
                elif self.path == "/images/mpc/node:1/get":
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(answer)
                else:
                    self.send_error(404)

            def address_string(self):
                return "a unix socket"

            def log_message(self, *_):
                pass

        self._socket = socket
        self._server = socketserver.ThreadingUnixStreamServer(socket, Handler)
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        os.unlink(self._socket)
