"""Whether every row can be read as what it is, and leads to the rows it names.

SQLite's own checks look at pages, types and references; what the text of a row says is ours. Rows are read
here one by one and as bytes, because one that cannot be read would otherwise hide all those after it.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from paydaemon.core.access import DeskSession, Key
from paydaemon.store.port import ChainRow, IdempotencyRow, StoreMismatch
from paydaemon.store.sqlite import deliveryrows, rows
from paydaemon.store.sqlite.connection import connect_reader

MOST_TOLD = 20
"""How many illegible rows are worth telling."""

_BINARY = {"digest", "fingerprint", "raw"}

_READ: Mapping[str, Callable[[dict[str, Any]], object]] = {
    "journal": dict,
    "sellers": rows.seller,
    "keys": lambda row: Key(**row),
    "chains": lambda row: ChainRow(**row),
    "chain_sets": dict,
    "invoices": lambda row: rows.invoice(row, ()),
    "options": rows.option,
    "idempotency_keys": lambda row: IdempotencyRow(**row),
    "payments": rows.payment,
    "relays": rows.relay,
    "events": rows.event,
    "targets": deliveryrows.target,
    "deliveries": deliveryrows.plain_delivery,
    "attempts": deliveryrows.attempt,
    "desk_sessions": lambda row: DeskSession(**row),
    "rate_pairs": dict,
    "rate_history": lambda row: rows.kept_rate(row, "", ""),
}
"""How each table's rows are read. The first column says which row it is."""

_ASTRAY = {
    "invoice {} does not run by the clocks of its options' chains": """
        SELECT id FROM invoices WHERE chains NOT IN (SELECT chains FROM chain_sets) OR chains <> (
            SELECT json_group_array(chain)
            FROM (SELECT DISTINCT chain FROM options WHERE invoice_id = invoices.id ORDER BY chain)
        )""",
    "payment {} is not listed for the seller of its invoice": """
        SELECT payments.id FROM payments LEFT JOIN invoices ON invoices.id = payments.invoice_id
        WHERE payments.seller_id IS NOT invoices.seller_id""",
    "something waits behind delivery {}, which is not tried": """
        SELECT id FROM deliveries AS first
        WHERE state = 'pending' AND next_at_ms IS NULL AND NOT EXISTS (
            SELECT 1 FROM deliveries
            WHERE target = first.target AND order_key = first.order_key AND next_at_ms IS NOT NULL
        )""",
    "delivery {} is done, and to be tried again": """
        SELECT id FROM deliveries WHERE state <> 'pending' AND next_at_ms IS NOT NULL""",
    "target {} has come further than the journal goes": """
        SELECT id FROM targets WHERE cursor > (SELECT last_seq FROM journal)""",
    "an idempotency key stands for {}, which is not there": """
        SELECT invoice_id FROM idempotency_keys WHERE invoice_id NOT IN (SELECT id FROM invoices)""",
}


def refuse_illegible(database: Path) -> None:
    """Raises `StoreMismatch` with a line for each row that cannot be read or leads nowhere, within bounds.

    The database is of the newest version, and open already: its log is shared.
    """
    with closing(connect_reader(str(database))) as connection:
        connection.text_factory = bytes
        found = list(islice(_illegible(connection), MOST_TOLD)) or list(
            islice(_astray(connection), MOST_TOLD)
        )
    if found:
        raise StoreMismatch("this database is damaged:\n" + "\n".join(found))


def _illegible(connection: sqlite3.Connection) -> Iterator[str]:
    for table, read in _READ.items():
        for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - a name from above
            try:
                read(_decoded(row))
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                yield f"{table}, {_shown(row[0])}: {error}"


def _decoded(row: sqlite3.Row) -> dict[str, Any]:
    return {name: _text(name, row[name]) for name in row.keys()}  # noqa: SIM118 - a row is no mapping


def _text(name: str, value: object) -> object:
    if not isinstance(value, bytes) or name in _BINARY:
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{name} is not UTF-8") from None


def _astray(connection: sqlite3.Connection) -> Iterator[str]:
    for words, query in _ASTRAY.items():
        for row in connection.execute(query):
            yield words.format(_shown(row[0]))


def _shown(value: object) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
