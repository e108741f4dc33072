"""Events as the journal has them, endpoints, and a notifier to tell them by."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from itertools import count
from typing import Any

import trio

from paydaemon.hooks.notifier import Notice, NotTold, Target, Told
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.guard import Address
from paydaemon_webhook.notifier import WebhookNotifier

AT = "2026-01-31T12:01:00.412Z"
AT_MS = 1_769_860_860_412
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1zaG9wLTAx"
OLDER = "whsec_" + "dGhlLXNlY3JldC1iZWZvcmUtMDAx"
LOOPBACK = ["127.0.0.0/8", "::1/128"]
_seq = count(1)


def notice(type: str = "invoice.settled", **fields: Any) -> Notice:
    seq = next(_seq)
    body: dict[str, Any] = {
        "seq": seq,
        "id": f"evt_9f2c41d7_{seq}",
        "type": type,
        "created_at": AT,
        "invoice_id": "inv_a",
        "data": {"invoice": {"id": "inv_a", "status": "settled", "note": "Zwei Kaffee ☕, \ud800"}},
        **fields,
    }
    return Notice(f"dlv_{seq}", 1, seq, body["id"], type, AT_MS, "inv_a", body)


def target(url: str, *secrets: str, id: str = "we_a") -> Target:
    return Target(id, "webhook", None, "shop", {"url": url}, secrets or (SECRET,))


def config(**settings: object) -> WebhookConfig:
    return WebhookConfig.model_validate_json(json.dumps({"allow": LOOPBACK, **settings}))


class Hosts:
    """Names under the test's control: each lookup of one takes its next answer; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.asked: list[str] = []
        self._answers = {name.replace("_", "."): list(each) for name, each in answers.items()}

    async def look_up(self, host: str, seller_id: str | None) -> list[Address]:
        self.asked.append(host)
        answers = self._answers.get(host, [])
        if not answers:
            raise OSError("no such name")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        await trio.lowlevel.checkpoint()
        return [ip_address(text) for text in found]


@asynccontextmanager
async def telling(hosts: Hosts | None = None, **settings: object) -> AsyncIterator[WebhookNotifier]:
    """A notifier that runs."""
    resolve = None if hosts is None else hosts.look_up
    notifier = WebhookNotifier("webhook", config(**settings), resolve=resolve)
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


async def outcome(notifier: WebhookNotifier, to: Target, what: Notice | None = None) -> Told | NotTold:
    """How it went, either way."""
    try:
        return await notifier.tell(to, [notice() if what is None else what])
    except NotTold as not_told:
        return not_told
