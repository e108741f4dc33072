"""Events as the journal has them, and a notifier to tell them by."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Any

import trio

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import Notice, Target
from paydaemon_email.config import EmailConfig
from paydaemon_email.notifier import EmailNotifier
from paydaemon_email.samples import INVOICE, OPTION, PAYMENT
from tests.support.post import PostOffice

Json = dict[str, Any]

AT = "2026-01-31T12:01:00.412Z"
_seq = count(1)


def payment(id: str = "pay_a", **fields: object) -> Json:
    return {**PAYMENT, "id": id, "transaction_id": f"tx-of-{id}", **fields}


def invoice(*payments: Json, **fields: Any) -> Json:
    return {**INVOICE, "flags": [], "options": [{**OPTION, "payments": list(payments)}], **fields}


def notice(type: EventType, data: Json, *, attempt: int = 1, **fields: Any) -> Notice:
    seq = next(_seq)
    body = {
        "seq": seq,
        "id": f"evt_9f2c41d7_{seq}",
        "type": type.value,
        "created_at": AT,
        "invoice_id": data["invoice"]["id"] if "invoice" in data else None,
        "data": data,
        **fields,
    }
    at_ms = round(datetime.fromisoformat(AT).timestamp() * 1000)
    return Notice(f"dlv_{seq}", attempt, seq, body["id"], type, at_ms, body["invoice_id"], body)


def received(paid: Json | None = None, **fields: Any) -> Notice:
    paid = payment() if paid is None else paid
    return notice(EventType.INVOICE_PAYMENT_SEEN, {"invoice": invoice(paid, **fields), "payment": paid})


def settled(**fields: Any) -> Notice:
    return notice(EventType.INVOICE_SETTLED, {"invoice": invoice(payment(), status="settled", **fields)})


OPS = Target("email:ops", "email", "ops", None)
BUYERS = Target("email:buyers", "email", "buyers", None)
RECEIPTS = [{"seller": "shop", "name": "Café am Eck", "reply_to": "hello@shop.example"}]


def config(post: PostOffice, listener: str = "starttls", **settings: object) -> EmailConfig:
    return EmailConfig.model_validate_json(_json(post.settings(listener, **settings)))


def _json(table: object) -> str:
    return json.dumps(table)


@asynccontextmanager
async def telling(
    post: PostOffice, listener: str = "starttls", **settings: object
) -> AsyncIterator[EmailNotifier]:
    """A notifier that runs."""
    notifier = EmailNotifier("email", config(post, listener, **settings))
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


def subjects(post: PostOffice) -> Sequence[str]:
    return [str(mail.message["Subject"]) for mail in post.mails()]
