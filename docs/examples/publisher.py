"""Takes what paydaemon tells a publisher, as Hedera's WordPress plugin did: each is verified and recorded.

PUBLISHER_PUBLIC_KEY=<hex> python publisher.py 8422

The key is the one that `paydaemon publisher-key` printed. It listens on loopback: a web server in front of it
brings TLS. `pip install pynacl`.
"""

import json
import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

public_key = VerifyKey(bytes.fromhex(os.environ["PUBLISHER_PUBLIC_KEY"]))
database = sqlite3.connect(os.environ.get("DATABASE", "publisher.sqlite3"))
database.execute(
    "CREATE TABLE IF NOT EXISTS payments"
    " (transaction_id TEXT PRIMARY KEY, reader TEXT, content TEXT, account TEXT, cost INTEGER, code INTEGER)"
)


def record(told: dict) -> None:
    """Once for each transaction, however often it comes. One that was accepted (0) stays so."""
    reader, _, content = told["memo"].partition(",")  # what the page has put there, such as "ANON,POST"
    row = (told["transactionId"], reader, content, told["account"], told["cost"], told["nodePrecheckcode"])
    with database:
        database.execute(
            "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (transaction_id) DO UPDATE SET"
            " code = excluded.code WHERE code <> 0",
            row,
        )
    print(*row, flush=True)


class Receiver(BaseHTTPRequestHandler):
    """One connection of paydaemon's."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))  # the very bytes: they are signed
        if self.path != "/v1/hello":
            self.answer(404)
        elif not self.headers.get("Content-Type", "").startswith("application/json"):
            self.answer(415)
        elif not self.is_signed(body):
            self.answer(401)
        else:
            record(json.loads(body))
            self.answer(204)

    def is_signed(self, body: bytes) -> bool:
        scheme, _, signature = self.headers.get("Authorization", "").partition(" ")
        try:
            public_key.verify(body, bytes.fromhex(signature))
        except (BadSignatureError, ValueError):
            return False
        return scheme == "Bearer"

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What comes is printed by `record`."""


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/v1/hello", flush=True)
server.serve_forever()
