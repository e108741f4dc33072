"""The simulation sees what it is there for, beside the ledger: deliveries, relays, assets and restores.

As in `test_can_fail`, each fault is found soon, and the failure names the promise that it breaks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from trio.testing import MockClock

from paydaemon.cli import backup
from paydaemon.core import delivery
from paydaemon.core.delivery import Target
from paydaemon.core.relay import Outcome, RelayStatus, SignedTransfer
from paydaemon.core.retrying import Answer
from paydaemon.engine import admission, carrier, intake, relays
from paydaemon.engine.admission import Admitted, Application
from paydaemon.engine.course import Course
from paydaemon.engine.deliveries import courier, lanes
from paydaemon.engine.deliveries.feeder import Feeder
from paydaemon.engine.deliveries.lanes import Lanes, Place
from paydaemon.engine.deliveries.livenotifier import LiveNotifier
from paydaemon.engine.deliveries.notices import notice_of
from paydaemon.engine.intake import Told
from paydaemon.engine.relayer import Relayer
from paydaemon.engine.relays import Relays
from paydaemon.hooks.notifier import Notice
from paydaemon.store.sqlite.transaction import SqliteTransaction
from tests.simulation.life import live
from tests.simulation.town import Given

SEED = 2
INVOICES = 60
MOODY = {"change_moods": 60, "pass_time": 100}
BUSY = {"order": 60, "hand_in": 120, "hand_in_again": 80, "start_daemon_again": 20}
RESTLESS = {"order": 150, "back_up": 60, "restore": 15}

Fault = Callable[[pytest.MonkeyPatch], None]


# --- Deliveries


def what_fails_counts_as_told(patch: pytest.MonkeyPatch) -> None:
    right = LiveNotifier.tell

    async def wrong(self: LiveNotifier, target: Any, notices: Sequence[Notice]) -> Answer:
        return replace(await right(self, target, notices), taken=True)

    patch.setattr(LiveNotifier, "tell", wrong)


def later_events_overtake(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "order_key", lambda event: event.id)


def those_who_hang_take_the_places_of_others(patch: pytest.MonkeyPatch) -> None:
    right = Lanes.take

    async def wrong(self: Lanes, *, failing: bool) -> Place:
        return await right(self, failing=False)

    patch.setattr(Lanes, "take", wrong)
    patch.setattr(lanes, "SLOW_S", 10.0**6)


def each_attempt_has_an_id_of_its_own(patch: pytest.MonkeyPatch) -> None:
    right = notice_of

    def wrong(*about: Any) -> Notice:
        notice = right(*about)
        return replace(notice, event_id=f"{notice.event_id}_{notice.attempt}")

    patch.setattr(courier, "notice_of", wrong)


def a_new_daemon_begins_at_the_end_of_the_journal(patch: pytest.MonkeyPatch) -> None:
    right = Feeder.follow

    def wrong(self: Feeder, target: Target) -> None:
        right(self, replace(target, cursor=self._store.last_seq))

    patch.setattr(Feeder, "follow", wrong)


# --- Relays


def handed_over_before_it_is_journaled(patch: pytest.MonkeyPatch) -> None:
    right = Relays._admitted

    async def wrong(self: Relays, application: Application) -> Admitted:
        relayer = self.relayers[application.chain]
        await relayer._port.submit(application.transfer, in_doubt=True)
        return await right(self, application)

    patch.setattr(Relays, "_admitted", wrong)


def what_nobody_knows_has_failed(patch: pytest.MonkeyPatch) -> None:
    right = Relayer.follow

    async def wrong(self: Relayer, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        outcome = await right(self, transfer, so_far)
        is_unknown = outcome.status is RelayStatus.UNKNOWN
        return Outcome(RelayStatus.FAILED) if is_unknown else outcome

    patch.setattr(Relayer, "follow", wrong)


def a_new_daemon_has_no_doubts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(relays, "Course", partial(Course, in_doubt=False))
    right = carrier.Carrier._ask

    async def wrong(self: carrier.Carrier, course: Course, transfer: SignedTransfer) -> Outcome:
        course.in_doubt = False
        return await right(self, course, transfer)

    patch.setattr(carrier.Carrier, "_ask", wrong)


def one_id_stands_for_any_transaction(patch: pytest.MonkeyPatch) -> None:
    for module in (admission, relays):
        patch.setattr(module, "require_same", lambda relay, transfer: None)


# --- Assets


def an_amount_is_an_amount(patch: pytest.MonkeyPatch) -> None:
    right = intake._option_for

    def wrong(tx: Any, sheets: Any, told: Told, seen: Any) -> tuple[str | None, int]:
        issued = tx.issued(told.chain, seen.destination_key)
        return right(tx, sheets, told, seen) if issued is None else (issued.invoice_id, 1)

    patch.setattr(intake, "_option_for", wrong)


# --- Restores


def a_restore_leaves_nothing_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(backup, "given_out", lambda database: {})


def a_restored_journal_is_the_same_one(patch: pytest.MonkeyPatch) -> None:
    right = SqliteTransaction.begin_epoch

    def wrong(self: SqliteTransaction, leap: int) -> str:
        epoch = self.epoch()
        right(self, leap)
        self._connection.execute("UPDATE journal SET epoch = ?", (epoch,))
        return epoch

    patch.setattr(SqliteTransaction, "begin_epoch", wrong)


FAULTS: Mapping[Fault, tuple[str, Mapping[str, int]]] = {
    what_fails_counts_as_told: ("before an earlier event", MOODY),
    later_events_overtake: ("before an earlier event", MOODY),
    those_who_hang_take_the_places_of_others: ("behind others that fail", MOODY),
    each_attempt_has_an_id_of_its_own: ("by another id", {}),
    a_new_daemon_begins_at_the_end_of_the_journal: ("post:steady", {}),
    handed_over_before_it_is_journaled: ("submitted before it was journaled", {}),
    what_nobody_knows_has_failed: ("failed after a node had taken it", BUSY),
    a_new_daemon_has_no_doubts: ("again as if for the first time", BUSY),
    one_id_stands_for_any_transaction: ("taken for another transaction", BUSY),
    an_amount_is_an_amount: ("otherwise than it was told", {}),
    a_restore_leaves_nothing_out: ("was used twice", RESTLESS),
    a_restored_journal_is_the_same_one: ("was given out twice", RESTLESS),
}
"""Each with what the failure says, and what happens more often than in other lives."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_found(
    fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    fault(monkeypatch)
    words, often = FAULTS[fault]
    path = folder / "life.sqlite" if often is RESTLESS else None
    with pytest.raises(AssertionError, match=words) as found:
        await live(Given(SEED, INVOICES, path, often))
    print(found.value, *found.value.__notes__, sep="\n")
