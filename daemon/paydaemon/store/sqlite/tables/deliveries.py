"""Deliveries, their order, and what was tried."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from paydaemon.core.delivery import Attempt, Backlog, Delivery, DeliveryState
from paydaemon.store.sqlite import deliveryrows as rows
from paydaemon.store.sqlite.session import Session, at_most
from paydaemon.store.sqlite.tables.invoices import BEYOND_ALL

PENDING, PARKED = DeliveryState.PENDING.value, DeliveryState.PARKED.value


class _Start(NamedTuple):
    """What a page of a list begins below, whatever it is sorted by."""

    number: int
    seq: int
    target: int


class ReadDeliveries(Session):
    """What can be read of deliveries."""

    def delivery(self, id: str) -> Delivery | None:
        row = self._row("delivery", id=id)
        return None if row is None else rows.delivery(row)

    def delivery_of(self, target_id: str, seq: int) -> Delivery | None:
        row = self._row("deliveries_of_event", target_id=target_id, seq=seq)
        return None if row is None else rows.delivery(row)

    def deliveries(
        self,
        *,
        target_id: str | None,
        state: DeliveryState | None,
        invoice_id: str | None,
        before: str | None,
        limit: int,
    ) -> Sequence[Delivery]:
        start, most = self._start(before), at_most(limit)
        if invoice_id is not None:
            page = self._rows(
                "deliveries_of_invoice",
                invoice_id=invoice_id,
                target_id=target_id,
                state=None if state is None else state.value,
                before_seq=start.seq,
                before_target=start.target,
                limit=most,
            )
        elif target_id is not None:
            page = self._to(target_id, state, start.number, most)
        elif state is not None:
            page = self._rows("deliveries_in_state", state=state.value, before=start.number, limit=most)
        else:
            page = self._rows("deliveries", before=start.number, limit=most)
        return [rows.delivery(row) for row in page]

    def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        return [rows.attempt(row) for row in self._rows("attempts", delivery_id=delivery_id)]

    def due(self, target_id: str, now_ms: int, limit: int) -> Sequence[Delivery]:
        page = self._rows("due_deliveries", target_id=target_id, now_ms=now_ms, limit=at_most(limit))
        return [rows.delivery(row) for row in page]

    def untried(self, target_id: str, now_ms: int, limit: int) -> Sequence[Delivery]:
        page = self._rows("untried_deliveries", target_id=target_id, now_ms=now_ms, limit=at_most(limit))
        return [rows.delivery(row) for row in page]

    def waiting(self, target_id: str, order_key: str, limit: int) -> Sequence[Delivery]:
        page = self._rows(
            "waiting_deliveries", target_id=target_id, order_key=order_key, limit=at_most(limit)
        )
        return [rows.delivery(row) for row in page]

    def due_beyond(self, target_id: str, now_ms: int) -> tuple[int, int] | None:
        row = self._row("due_beyond", target_id=target_id, now_ms=now_ms)
        return None if row is None or row["first_ms"] is None else (row["first_ms"], row["last_ms"])

    def oldest(self, target_id: str, state: DeliveryState, until_ms: int, limit: int) -> Sequence[Delivery]:
        page = self._rows(
            "oldest_in_state",
            target_id=target_id,
            state=state.value,
            until_ms=until_ms,
            limit=at_most(limit),
        )
        return [rows.delivery(row) for row in page]

    def backlog(self, target_id: str) -> Backlog:
        number = self._row("target_number", id=target_id)
        if number is None:
            return Backlog(0, 0, None)
        target = int(number["number"])
        oldest = self._row("oldest_pending", target=target)
        return Backlog(
            self._count("count_deliveries", target=target, state=PENDING),
            self._count("count_deliveries", target=target, state=PARKED),
            None if oldest is None else int(oldest["created_at_ms"]),
        )

    def _to(self, target_id: str, state: DeliveryState | None, number: int, most: int) -> list[sqlite3.Row]:
        """One state after the other, merged: each is found by its index."""
        found = [
            row
            for one in ([state] if state is not None else DeliveryState)
            for row in self._rows(
                "deliveries_to_in_state", target_id=target_id, state=one.value, before=number, limit=most
            )
        ]
        found.sort(key=lambda row: -int(row["number"]))
        return found[:most]

    def _start(self, before: str | None) -> _Start:
        """Where a page of a list starts; nothing comes before an unknown delivery."""
        if before is None:
            return _Start(BEYOND_ALL, BEYOND_ALL, BEYOND_ALL)
        row = self._row("delivery_number", id=before)
        return _Start(0, 0, 0) if row is None else _Start(row["number"], row["seq"], row["target"])


class WriteDeliveries(ReadDeliveries):
    """What can be written of them."""

    def add_delivery(self, delivery: Delivery) -> None:
        with self._together():
            waiting = replace(delivery, next_at_ms=None)
            if self._change("add_delivery", **rows.delivery_values(waiting)) == 0:
                raise LookupError(f"there is no target {delivery.target_id!r}")
            if delivery.state is DeliveryState.PENDING:
                self._promote(delivery, delivery.created_at_ms)

    def set_delivery(self, delivery: Delivery) -> None:
        with self._together():
            place = delivery.next_at_ms is not None and not self._is_another_next(delivery)
            self._set(delivery if place else replace(delivery, next_at_ms=None))
            if delivery.done_at_ms is not None:
                self._promote(delivery, delivery.done_at_ms)

    def revive(self, delivery: Delivery, at_ms: int) -> None:
        with self._together():
            self._change("demote", target_id=delivery.target_id, order_key=delivery.order_key)
            self._set(replace(delivery, next_at_ms=None))
            self._promote(delivery, at_ms)

    def add_attempt(self, delivery_id: str, attempt: Attempt, keep: int) -> None:
        if self._change("add_attempt", **rows.attempt_values(delivery_id, attempt)) == 0:
            raise LookupError(f"there is no delivery {delivery_id!r}")
        if attempt.number > keep:
            self._change("forget_attempts", delivery_id=delivery_id, up_to=attempt.number - keep)

    def hasten(self, target_id: str, beyond_ms: int, at_ms: int, limit: int) -> int:
        return self._change(
            "hasten", target_id=target_id, beyond_ms=beyond_ms, at_ms=at_ms, limit=at_most(limit)
        )

    def prune_deliveries(self, state: DeliveryState, before_ms: int, limit: int) -> int:
        return self._change("prune_deliveries", state=state.value, before_ms=before_ms, limit=at_most(limit))

    def _set(self, delivery: Delivery) -> None:
        if self._change("set_delivery", **rows.delivery_change_values(delivery)) == 0:
            raise LookupError(f"there is no delivery {delivery.id!r}")

    def _promote(self, delivery: Delivery, at_ms: int) -> None:
        self._change("promote", target_id=delivery.target_id, order_key=delivery.order_key, at_ms=at_ms)

    def _is_another_next(self, delivery: Delivery) -> bool:
        asked = {"target_id": delivery.target_id, "order_key": delivery.order_key, "id": delivery.id}
        return self._row("is_another_next", **asked) is not None
