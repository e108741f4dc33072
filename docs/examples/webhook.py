"""Receives webhooks: each event is verified, and dealt with once, however often it comes.

WEBHOOK_SECRET=whsec_… python webhook.py 8421

It listens on loopback: a web server in front of it brings TLS. `pip install standardwebhooks`.
"""

import os
import sqlite3
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
database = sqlite3.connect(os.environ.get("DATABASE", "webhooks.sqlite3"))
database.execute("CREATE TABLE IF NOT EXISTS dealt_with (id TEXT PRIMARY KEY)")


def deal_with(event: dict) -> None:
    """What you do about it. What you write down belongs in the same transaction as the event's id."""
    print(event["type"], event["invoice_id"], flush=True)


class Receiver(BaseHTTPRequestHandler):
    """One connection of paydaemon's."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))  # the very bytes: they are signed
        try:
            event = webhook.verify(body, dict(self.headers))
        except WebhookVerificationError:
            self.answer(401)
            return
        with database:  # one transaction: all of it, or nothing, and then it comes again
            fresh = database.execute("INSERT OR IGNORE INTO dealt_with VALUES (?)", [event["id"]]).rowcount
            if fresh:
                deal_with(event)
        self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
