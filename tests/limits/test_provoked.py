"""A daemon, or the part concerned, is driven into every limit of docs/limits.md: it does what stands there.

A row without a provocation fails, and so does a provocation that sees something else than its row says.
"""

from pathlib import Path

import pytest

from tests.limits import (
    bitcoin,
    connections,
    deliveries,
    desk,
    hedera,
    ledger,
    mails,
    monero,
    publishers,
    rates,
    relays,
    services,
    socketio,
    sources,
    stores,
    webhooks,
    websockets,
)
from tests.limits.page import ROWS
from tests.limits.trial import PROVOCATIONS, Trial

MODULES = (
    bitcoin, connections, deliveries, desk, hedera, ledger, mails, monero, publishers, rates, relays,
    services, socketio, sources, stores, webhooks, websockets,
)  # fmt: skip
"""They note their provocations as they are imported."""


@pytest.mark.parametrize("key", ROWS)
async def test_what_is_seen_when_a_limit_is_reached(key: str, tmp_path: Path) -> None:
    assert key in PROVOCATIONS, f"nothing provokes {key}: write it in one of {[m.__name__ for m in MODULES]}"
    trial = Trial(key, tmp_path)
    seen = await PROVOCATIONS[key](trial)
    assert trial.tried is not None, "the limit was never set"
    assert seen in ROWS[key].seen


def test_nothing_is_provoked_that_is_no_limit() -> None:
    assert set(PROVOCATIONS) == set(ROWS)
