"""Relays as the journal has them, and a notifier to tell a publisher by."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import trio
from nacl.signing import SigningKey

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import Notice, NotTold, Target, Told
from paydaemon_socketio.publisher.config import PublisherConfig
from paydaemon_socketio.publisher.notifier import PublisherNotifier

Json = dict[str, Any]

KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key).hex()
SITE = Target("publisher:site", "publisher", "site", None)
_seq = count(1)


def relay(**fields: object) -> Json:
    """One that a node has accepted."""
    return {
        "id": "rly_a",
        "chain": "hedera",
        "transaction_id": "0.0.1002@1700000000.000000001",
        "status": "accepted",
        "precheck": "OK",
        "receipt": None,
        "payer": "0.0.1002",
        "memo": "138,1",
        "transfers": [
            {"account": "0.0.1001", "asset": "HBAR", "amount_minor": "1000"},
            {"account": "0.0.1002", "asset": "HBAR", "amount_minor": "-1000"},
        ],
        "payees": ["0.0.1001"],
        **fields,
    }


def notice(type: EventType = EventType.RELAY_ACCEPTED, **fields: object) -> Notice:
    seq = next(_seq)
    body = {
        "seq": seq,
        "id": f"evt_9f2c41d7_{seq}",
        "type": type.value,
        "created_at": "2026-01-31T12:01:00.412Z",
        "invoice_id": None,
        "data": {"relay": relay(**fields)},
    }
    return Notice(f"dlv_{seq}", 1, seq, f"evt_9f2c41d7_{seq}", type.value, 1_769_860_860_412, None, body)


def keep_key(folder: Path, text: str | None = None) -> Json:
    """A file that holds the secret key, and how it is configured."""
    file = folder / "publisher.key"
    file.write_text(f"{bytes(KEY).hex() if text is None else text}\n")
    file.chmod(0o600)
    return {"file": str(file)}


def config(**settings: object) -> PublisherConfig:
    return PublisherConfig.model_validate_json(json.dumps(settings))


@asynccontextmanager
async def telling(settings: PublisherConfig) -> AsyncIterator[PublisherNotifier]:
    """A notifier that runs."""
    notifier = PublisherNotifier("publisher", settings)
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        yield notifier
        nursery.cancel_scope.cancel()


async def outcome(notifier: PublisherNotifier, *notices: Notice) -> Told | NotTold:
    """How it went, either way."""
    try:
        return await notifier.tell(SITE, notices or [notice()])
    except NotTold as not_told:
        return not_told
