"""The journal of events."""

import sqlite3
from collections.abc import Collection, Sequence

from paydaemon.core.events import Draft, Event, EventType
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most


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


class WriteJournal(ReadJournal):
    """What can be written to it."""

    def append(self, draft: Draft, at_ms: int) -> Event:
        with self._together():
            [row] = self._rows("next_seq")
            event = rows.new_event(row["last_seq"], row["epoch"], draft, at_ms)
            self._change("add_event", **rows.event_values(event, row["epoch"]))
        return event

    def begin_epoch(self, leap: int) -> str:
        if leap < 0:
            raise ValueError(f"leap must not be negative, as {leap} is")
        with self._together():
            self._change("leap", leap=leap)
            [row] = self._rows("next_epoch", leap=leap)
        return str(row["epoch"])
