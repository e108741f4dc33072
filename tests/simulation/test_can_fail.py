"""The simulation sees what it is there for: each of these faults, planted in the engine, is found soon.

They are the mistakes that such a ledger can have. A seed that finds none of it in so many invoices would be
luck; these find theirs after some dozens of steps.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from trio.testing import MockClock

from paydaemon.core import ledger, payment
from paydaemon.core.events import Draft
from paydaemon.core.payment import ChainTime, Observation, Payment
from paydaemon.engine import host, intake, invoices
from paydaemon.engine.host import Host
from paydaemon.engine.intake import Told
from paydaemon.engine.sheet import Sheets
from paydaemon.store.port import ChainRow, Transaction
from tests.simulation.life import live
from tests.simulation.town import Given

SEED = 2
INVOICES = 100

Fault = Callable[[pytest.MonkeyPatch], None]


def older_words_win(patch: pytest.MonkeyPatch) -> None:
    right = payment.absorb

    def wrong(known: Payment, seen: Observation, tip: int | None) -> Payment:
        return right(replace(known, position=0), seen, tip)

    patch.setattr(intake, "absorb", wrong)


def a_repeated_word_is_another_credit(patch: pytest.MonkeyPatch) -> None:
    right = intake._take

    def wrong(
        tx: Transaction, sheets: Sheets, told: Told, seen: Observation, tip: int | None, now_ms: int
    ) -> None:
        known = tx.payment_by_ref(told.chain, seen.ref)
        again = known is not None and known.position == seen.position
        right(tx, sheets, told, replace(seen, ref=f"{seen.ref}'") if again else seen, tip, now_ms)

    patch.setattr(intake, "_take", wrong)


def one_block_is_enough_less(patch: pytest.MonkeyPatch) -> None:
    right = payment.confirmations
    patch.setattr(payment, "confirmations", lambda one, tip: right(one, tip) + (one.height is not None))


def the_wall_clock_expires(patch: pytest.MonkeyPatch) -> None:
    right = intake._chain_row

    def wrong(row: ChainRow, told: Told, now_ms: int) -> ChainRow:
        as_of = told.as_of and ChainTime(now_ms, told.as_of.height)
        return right(row, replace(told, as_of=as_of), now_ms)

    patch.setattr(intake, "_chain_row", wrong)


def credits_and_cursor_are_two_transactions(patch: pytest.MonkeyPatch) -> None:
    right = Host.observe

    async def wrong(
        self: Host, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        await right(self, (), None, cursor)
        await right(self, observations, as_of, None)

    patch.setattr(Host, "observe", wrong)


def events_wait_for_the_next_transaction(patch: pytest.MonkeyPatch) -> None:
    """Who dies in between has lost them."""
    right, waiting = intake.record, list[tuple[Draft, int]]()

    class Keeping:
        def __init__(self, tx: Transaction) -> None:
            self._tx = tx

        def __getattr__(self, name: str) -> Any:
            return getattr(self._tx, name)

        def append(self, draft: Draft, now_ms: int) -> None:
            waiting.append((draft, now_ms))

    def wrong(tx: Transaction, *rest: Any) -> object:
        for draft, now_ms in waiting:
            tx.append(draft, now_ms)
        waiting.clear()
        return right(Keeping(tx), *rest)  # type: ignore[arg-type]

    patch.setattr(host, "record", wrong)


def reversals_are_kept_quiet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ledger, "_reverses", lambda *_: False)


def idempotency_keys_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(invoices, "_replay", lambda reader, row: None)


FAULTS: Mapping[Fault, Mapping[str, int]] = {
    older_words_win: {},
    a_repeated_word_is_another_credit: {},
    one_block_is_enough_less: {},
    the_wall_clock_expires: {"pass_time": 100},
    credits_and_cursor_are_two_transactions: {},
    events_wait_for_the_next_transaction: {},
    reversals_are_kept_quiet: {"mine": 200, "reorganise": 100},
    idempotency_keys_are_forgotten: {"order_again": 40},
}
"""Each with what happens more often than in other lives."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_found(fault: Fault, monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock) -> None:
    fault(monkeypatch)
    with pytest.raises(AssertionError) as found:
        await live(Given(SEED, INVOICES, None, FAULTS[fault]))
    [note] = found.value.__notes__
    assert f"PAYDAEMON_SEED={SEED}" in note
    print(found.value, note, sep="\n")
