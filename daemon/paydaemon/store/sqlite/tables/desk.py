"""What is looked up at the desk, and who is logged in there."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from paydaemon.core.access import DeskSession, Key
from paydaemon.core.events import Event, EventType
from paydaemon.core.invoice import Invoice, Status
from paydaemon.core.money import Currency
from paydaemon.core.payment import Payment
from paydaemon.store.deskport import LATEST_MS, DaySum, InvoiceFilter, Stretch
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import SqlValue, at_most
from paydaemon.store.sqlite.tables.invoices import ReadInvoices
from paydaemon.store.sqlite.tables.sellers import ReadSellers

PIECE_DIGITS = 12
PIECES = ("sum_0", "sum_1", "sum_2", "sum_3", "sum_4")
"""What `day_sums` adds up amounts in, the most significant first."""


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Between which numbers, neither included, a page's invoices lie."""

    after: int
    before: int


class ReadDesk(ReadSellers, ReadInvoices):
    """What can be looked up."""

    def listed_invoices(self, wanted: InvoiceFilter, *, before: str | None, limit: int) -> Sequence[Invoice]:
        numbers = self._numbers(wanted, self._invoice_number(before))
        if numbers is None:
            return []
        asked: dict[str, SqlValue] = {**asdict(numbers), "limit": at_most(limit), "status": wanted.status}
        if wanted.flag is None:
            return self._with_options(self._plain(wanted, asked))
        return self._with_options(self._flagged(wanted, asked))

    def _plain(self, wanted: InvoiceFilter, asked: dict[str, SqlValue]) -> list[sqlite3.Row]:
        status = asked.pop("status")
        match wanted.seller_id, status:
            case None, None:
                return self._rows("listed_invoices", **asked)
            case None, _:
                return self._rows("listed_invoices_in_status", status=status, **asked)
            case seller_id, None:
                return self._rows("listed_invoices_of_seller", seller_id=seller_id, **asked)
            case seller_id, _:
                return self._rows(
                    "listed_invoices_of_seller_in_status", seller_id=seller_id, status=status, **asked
                )

    def _flagged(self, wanted: InvoiceFilter, asked: dict[str, SqlValue]) -> list[sqlite3.Row]:
        flag = f'%"{wanted.flag}"%'
        if wanted.seller_id is None:
            return self._rows("flagged_invoices", flag=flag, **asked)
        return self._rows("flagged_invoices_of_seller", flag=flag, seller_id=wanted.seller_id, **asked)

    def _numbers(self, wanted: InvoiceFilter, before: int) -> _Numbers | None:
        """Where the asked time begins and ends; None where nothing was created in it."""
        after = 0
        sellers = self._whose(wanted.seller_id)
        if wanted.since_ms > 0:
            first = [self._number("first_invoice_since", one, since_ms=wanted.since_ms) for one in sellers]
            numbers = [number for number in first if number is not None]
            if not numbers:
                return None
            after = min(numbers) - 1
        if wanted.until_ms < LATEST_MS:
            last = [self._number("last_invoice_until", one, until_ms=wanted.until_ms) for one in sellers]
            before = min(before, max((number for number in last if number is not None), default=0) + 1)
        return _Numbers(after, before)

    def _whose(self, seller_id: str | None) -> Sequence[str]:
        return [seller.id for seller in self.sellers()] if seller_id is None else [seller_id]

    def _number(self, statement: str, seller_id: str, **values: SqlValue) -> int | None:
        row = self._row(statement, seller_id=seller_id, **values)
        return None if row is None else int(row["number"])

    def invoices_with_words(
        self, words: Sequence[str], *, seller_id: str | None, before: str | None, limit: int
    ) -> Sequence[Invoice]:
        if not words:
            return []
        page = self._rows(
            "invoices_with_words",
            words=_match(words, seller_id),
            seller_id=seller_id,
            before=self._invoice_number(before),
            limit=at_most(limit),
        )
        return self._with_options(page)

    def invoices_at_place(self, place: str, limit: int) -> Sequence[Invoice]:
        return self._with_options(self._rows("invoices_at_place", place=place, limit=at_most(limit)))

    def payments_of_transaction(self, transaction_id: str, limit: int) -> Sequence[Payment]:
        page = self._rows("payments_of_transaction", transaction_id=transaction_id, limit=at_most(limit))
        return [rows.payment(row) for row in page]

    def day_sums(self, seller_id: str, since_ms: int, until_ms: int) -> Sequence[DaySum]:
        page = self._rows("day_sums", seller_id=seller_id, since_ms=since_ms, until_ms=until_ms)
        return [_day_sum(row) for row in page]

    def invoices_of_seller_by_status(self, seller_id: str) -> Mapping[Status, int]:
        statement = "count_invoices_of_seller_in_status"
        return {status: self._count(statement, seller_id=seller_id, status=status) for status in Status}

    def told(
        self, stretch: Stretch, types: Collection[EventType], *, seller_id: str | None, limit: int
    ) -> Sequence[Event]:
        asked: dict[str, SqlValue] = {**asdict(stretch), "limit": at_most(limit)}
        if seller_id is not None:
            page = self._rows(
                "told_of_seller", seller_id=seller_id, types=rows.to_json(sorted(types)), **asked
            )
        else:
            page = [row for type in sorted(types) for row in self._rows("told_of_type", type=type, **asked)]
            page.sort(key=lambda row: int(row["seq"]))
        return [rows.event(row) for row in page[: at_most(limit)]]

    def key(self, id: str) -> Key | None:
        row = self._row("key", id=id)
        return None if row is None else Key(**row)

    def desk_session(self, digest: bytes) -> DeskSession | None:
        row = self._row("desk_session", digest=digest)
        return None if row is None else DeskSession(**row)

    def desk_sessions(self, key_id: str) -> Sequence[DeskSession]:
        return [DeskSession(**row) for row in self._rows("desk_sessions", key_id=key_id)]


class WriteDesk(ReadDesk):
    """What can be written of sessions."""

    def add_desk_session(self, session: DeskSession) -> None:
        self._change("add_desk_session", **asdict(session))

    def see_desk_session(self, id: str, at_ms: int) -> None:
        self._change("see_desk_session", id=id, at_ms=at_ms)

    def end_desk_session(self, id: str) -> bool:
        return self._change("end_desk_session", id=id) > 0

    def end_desk_sessions(self, created_before_ms: int, seen_before_ms: int) -> int:
        return self._change(
            "end_desk_sessions", created_before_ms=created_before_ms, seen_before_ms=seen_before_ms
        )


def _match(words: Sequence[str], seller_id: str | None) -> str:
    """As FTS5 asks for it (https://www.sqlite.org/fts5.html#full_text_query_syntax): nothing of it but the
    quotes that we write means anything.
    """
    wanted = " AND ".join(f"{_quoted(word)} *" for word in words)
    texts = f"{{note metadata buyer}} : ({wanted})"
    return texts if seller_id is None else f"seller : {_quoted(seller_id)} AND {texts}"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _day_sum(row: sqlite3.Row) -> DaySum:
    amount_minor = 0
    for piece in PIECES:
        amount_minor = amount_minor * 10**PIECE_DIGITS + int(row[piece])
    currency = Currency(row["currency"], row["currency_decimals"])
    return DaySum(row["day"], Status(row["status"]), currency, row["invoices"], amount_minor)
