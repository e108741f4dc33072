"""A door in front of a node's RPC that tells the node's time wrong.

`setmocktime` turns the clock by which a node dates what it sees, but not the one that `getnettotals` tells.
Behind this door both agree. Everything else passes through unchanged, byte by byte; where the node is away,
whoever calls is hung up on.
"""

import http.client
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_TIME = re.compile(rb'"timemillis":\s*(\d+)')


class RpcProxy(ThreadingHTTPServer):
    """Listens on loopback, in threads. `late_by_s` is how much later than the true time the node's is."""

    def __init__(self, node_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node_port = node_port
        self.late_by_s = 0

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
