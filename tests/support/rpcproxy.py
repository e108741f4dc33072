"""A door in front of a node's RPC, to do what a node does not do on demand.

It hangs up, as a node does on whoever was silent for half a minute. And it tells another time: `setmocktime`
turns the clock by which a node dates what it sees, but not the one that `getnettotals` tells; behind this
door both agree. Everything else passes through unchanged, byte by byte; where the node is away, whoever calls
is hung up on.
"""

import http.client
import re
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_TIME = re.compile(rb'"timemillis":\s*(\d+)')


class RpcProxy(ThreadingHTTPServer):
    """Listens on loopback, in threads. `late_by_s` is how much later than the true time the node's is."""

    def __init__(self, node_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node_port = node_port
        self.late_by_s = 0
        self.connections: set[socket.socket] = set()

    def hang_up(self) -> None:
        """End every connection there is. Whoever calls has to dial anew."""
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: object) -> None:
        """Say nothing of callers who hang up; whatever else happens is a mistake of ours."""
        if not isinstance(sys.exception(), OSError):
            traceback.print_exc()

    @property
    def url(self) -> str:
        """Where the node's RPC is now."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def rpc_proxy(node_port: int) -> Iterator[RpcProxy]:
    """A door that is open as long as the block lasts. Whoever uses it must have hung up by its end."""
    with RpcProxy(node_port) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: RpcProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            status, kind, answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _ask(self, body: bytes) -> tuple[int, str, bytes]:
        headers = {"Authorization": self.headers["Authorization"], "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.server.node_port)) as node:
            node.request("POST", self.path, body, headers)
            answer = node.getresponse()
            told = _TIME.sub(self._wrong, answer.read())
            return answer.status, answer.headers.get_content_type(), told

    def _wrong(self, found: re.Match[bytes]) -> bytes:
        return b'"timemillis":%d' % (int(found[1]) + 1000 * self.server.late_by_s)

    def log_message(self, *_: object) -> None:
        """Say nothing: every call would be a line."""
