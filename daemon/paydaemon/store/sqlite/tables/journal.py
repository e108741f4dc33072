"""The journal of events."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from paydaemon.core.events import Draft, Event, EventType
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most
from paydaemon.store.sqlite.tables.invoices import BEYOND_ALL


class ReadJournal(Session):
    """What can be read of the journal."""

    def epoch(self) -> str:
        [row] = self._rows("journal")
        return str(row["epoch"])

    def last_seq(self) -> int:
        [row] = self._rows("journal")
        return int(row["last_seq"])

    def event(self, seq: int) -> Event | None:
        row = self._row("event", seq=seq)
        return None if row is None else rows.event(row)

    def events(
        self,
        *,
        after: int,
        types: Collection[EventType],
        invoice_id: str | None,
        seller_id: str | None,
        limit: int,
    ) -> Sequence[Event]:
        most = at_most(limit)
        wanted = rows.to_json(sorted(types)) if types else None
        if invoice_id is not None:
            page = self._rows(
                "events_of_invoice",
                invoice_id=invoice_id,
                seller_id=seller_id,
                types=wanted,
                after=after,
                limit=most,
            )
        elif seller_id is not None:
            page = self._rows("events_of_seller", seller_id=seller_id, types=wanted, after=after, limit=most)
        elif types:
            page = self._of_types(types, after, most)
        else:
            page = self._rows("events", after=after, limit=most)
        return [rows.event(row) for row in page]

    def _of_types(self, types: Collection[EventType], after: int, most: int) -> list[sqlite3.Row]:
        """The first of each type, merged: a rare type is found without reading all between its events."""
        found = [
            row
            for type in set(types)
            for row in self._rows("events_of_type", type=type, after=after, limit=most)
        ]
        found.sort(key=lambda row: int(row["seq"]))
        return found[:most]


@dataclass(slots=True)
class Head:
    """Where the journal stands: what the next event's `seq` and id are made of."""

    epoch: str
    last_seq: int


class WriteJournal(ReadJournal):
    """What can be written to it.

    All that share a commit share one reading of the counter and one writing of it, by `seal`.
    """

    _head: Head | None = None

    def epoch(self) -> str:
        return self._stands().epoch

    def last_seq(self) -> int:
        return self._stands().last_seq

    def append(self, draft: Draft, at_ms: int) -> Event:
        head = self._stands()
        event = rows.new_event(head.last_seq + 1, head.epoch, draft, at_ms)
        self._change("add_event", **rows.event_values(event, head.epoch))
        head.last_seq = event.seq
        return event

    def begin_epoch(self, leap: int) -> str:
        if leap < 0:
            raise ValueError(f"leap must not be negative, as {leap} is")
        self.seal()
        with self._together():
            self._change("leap", leap=leap)
            self._change("next_epoch", leap=leap)
            self._change("end_desk_sessions", created_before_ms=BEYOND_ALL, seen_before_ms=BEYOND_ALL)
        self.forget()
        return self.epoch()

    def seal(self) -> None:
        """Write the counter: what was appended is not whole without."""
        if self._head is not None:
            self._change("set_last_seq", last_seq=self._head.last_seq)

    def forget(self) -> None:
        """What was appended since the last `seal` was taken back."""
        self._head = None

    def _stands(self) -> Head:
        if self._head is None:
            [row] = self._rows("journal")
            self._head = Head(row["epoch"], row["last_seq"])
        return self._head
