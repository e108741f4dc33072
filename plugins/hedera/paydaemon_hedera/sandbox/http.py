"""HTTP for the mirror node and the admin route: the standard library's server, bounded and cleanly ended.

The mirror's answers may be read by any web page, as on the public ones. The admin route may not: it takes
JSON alone, which no page can send elsewhere without asking first, and only a reply that names the `page` lets
it.
"""

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
MAX_BODY_BYTES = 65_536
MAX_DISCARDED_BYTES = 1 << 20
MAX_CONNECTIONS = 64
IDLE_S = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked; `body` is what its JSON says, or None. `origin` is the page that asks, if one does."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: Any
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: JSON; `body` None is no answer at all, but a connection that breaks.

    Any page may read it where it `is_public`; otherwise the one of origin `page`, which may send JSON, too.
    """

    status: int
    body: Any = None
    is_public: bool = False
    page: str | None = None


Respond = Callable[[Request], Reply]


class HttpServer:
    """Answers by `respond`, in a thread for each connection."""

    def __init__(self, respond: Respond, port: int = 0) -> None:
        self._server = _Server((HOST, port), respond)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mirror node")
        self._thread.start()

    def stop(self) -> None:
        """End all connections, and listen no more."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.break_connections()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that `server_close` waits for all of them
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            is_full = len(self._open) >= MAX_CONNECTIONS
            if not is_full:
                self._open.add(request)
        if is_full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def break_connections(self) -> None:
        with self._lock:
            for one in self._open:
                # It may have ended by itself a moment ago.
                _shut(one)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nobody's fault."""


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "hedera-sandbox"
    sys_version = ""
    timeout = IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_OPTIONS(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so named by the library
        """What was asked is nobody's news."""

    def _answer(self) -> None:
        target = urlsplit(self.path)
        query = tuple(parse_qsl(target.query, keep_blank_values=True))
        try:
            request = Request(self.command, target.path, query, self._body(), self.headers.get("Origin"))
        except ValueError as error:
            self.close_connection = True
            self._send(Reply(400, {"error": str(error)}))
            return
        self._send(self.server.respond(request))

    def _body(self) -> Any:
        length = int(self.headers.get("Content-Length", "0"))
        if not 0 <= length <= MAX_BODY_BYTES or "Transfer-Encoding" in self.headers:
            # Taken in all the same: a connection closed on unread bytes is reset, and the answer with it.
            self.rfile.read(min(max(length, 0), MAX_DISCARDED_BYTES))
            raise ValueError(f"a body has a length, of at most {MAX_BODY_BYTES} bytes")
        if length == 0:
            return None
        if self.headers.get_content_type() != "application/json":
            raise ValueError("a body is application/json")
        return json.loads(self.rfile.read(length))

    def _send(self, reply: Reply) -> None:
        if reply.body is None:
            self.close_connection = True
            return
        raw = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        if reply.is_public:
            self.send_header("Access-Control-Allow-Origin", "*")
        if reply.page is not None:
            self.send_header("Access-Control-Allow-Origin", reply.page)
            self.send_header("Access-Control-Allow-Headers", "Content-Type")
            self.send_header("Vary", "Origin")
        self.end_headers()
        self.wfile.write(raw)
