"""A shop's receiver of webhooks, to be run as a process of its own: it verifies with the public library.

    python -m tests.support.receiver FOLDER [PORT]

What it has verified it appends to ``FOLDER/taken.jsonl``, durably, before it answers; what it could not
verify goes to ``refused.jsonl``. The signing secret of the path ``/name`` is ``secrets.json``'s of that name,
and ``behaviour.json`` says what it answers: both are read anew for each request. A certificate in the folder
makes it speak TLS.
"""

import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

_WRITING = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One connection of the daemon's."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    folder: Path

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # whoever sent it is gone
            return
        headers = dict(self.headers.items())
        record = {
            "path": self.path,
            "headers": headers,
            "body": body.decode(),
            "peer": self.client_address[1],
        }
        name = self.path.strip("/").partition("?")[0]
        secret = str(self._kept("secrets.json").get(name, ""))
        try:
            Webhook(secret).verify(body, headers)
        except Exception:  # noqa: BLE001 - whatever it is, it was not verified
            self._append("refused.jsonl", record)
            self._answer(401, {}, "")
            return
        behaviour = self._kept("behaviour.json")
        if behaviour.get("status", 204) < 300:
            self._append("taken.jsonl", record)
        self._answer(behaviour.get("status", 204), behaviour.get("headers", {}), behaviour.get("body", ""))

    def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def _kept(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        return json.loads(path.read_text()) if path.exists() else {}

    def _append(self, name: str, record: dict[str, Any]) -> None:
        """A line in one write, so that whatever kills us leaves it whole or not at all."""
        with _WRITING, (self.folder / name).open("ab", buffering=0) as file:
            file.write(json.dumps(record).encode() + b"\n")
            os.fsync(file.fileno())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One that has nothing to say about peers that go away."""

    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def main(folder: Path, port: int) -> None:
    handler = type("FolderHandler", (Handler,), {"folder": folder})
    server = Server(("127.0.0.1", port), handler)
    certificate = folder / "tls.pem"
    if certificate.exists():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
