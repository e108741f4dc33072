"""Every query finds what it wants by an index: a hundred thousand open invoices slow nothing down."""

import re
import sqlite3
from collections.abc import Iterator, Sequence

import pytest

from paydaemon.core.invoice import Stage
from paydaemon.core.relay import RelayStatus
from paydaemon.store.port import ChainRow
from paydaemon.store.sqlite.migrate import load_migrations, migrate
from paydaemon.store.sqlite.statements import load_statements, parse_statements
from paydaemon.store.sqlite.transaction import SqliteTransaction
from paydaemon.testing.samples import EXPIRES_AT_MS, SELLER, invoice, kept_rate, payment, relay

STATEMENTS = load_statements()
GROWING = re.compile(
    r"SCAN (invoices|options|payments|relays|events|deliveries|attempts|idempotency_keys|rate_history)\b"
)


class Anything(dict[str, None]):
    def __missing__(self, name: str) -> None:
        return None


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection, load_migrations())
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, sql: str) -> Sequence[str]:
    return [row["detail"] for row in connection.execute("EXPLAIN QUERY PLAN " + sql, Anything())]


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_statement_walks_through_a_table_that_grows(connection: sqlite3.Connection, name: str) -> None:
    steps = plan(connection, STATEMENTS[name])
    assert not [step for step in steps if GROWING.match(step)]


def test_the_pattern_would_find_such_a_walk(connection: sqlite3.Connection) -> None:
    [step] = plan(connection, "SELECT * FROM payments WHERE amount_minor = :amount")
    assert GROWING.match(step)


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_page_is_sorted(connection: sqlite3.Connection, name: str) -> None:
    """A query with a limit reads no more rows than that: it never reads all to sort them."""
    if ":limit" in STATEMENTS[name]:
        assert not [step for step in plan(connection, STATEMENTS[name]) if "TEMP B-TREE" in step]


def test_a_name_is_given_once() -> None:
    assert parse_statements(["-- of a file\n-- name: one\nSELECT 1\n", "-- name: two\nSELECT 2\n"]) == {
        "one": "SELECT 1",
        "two": "SELECT 2",
    }
    with pytest.raises(ValueError, match="one"):
        parse_statements(["-- name: one\nSELECT 1\n", "-- name: one\nSELECT 2\n"])


class Steps:
    """Counts SQLite's own steps, which do not depend on how busy the machine is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.count = 0
        connection.set_progress_handler(self._count, 1)

    def _count(self) -> None:
        self.count += 1


def test_what_is_due_is_found_among_many_that_are_not(connection: sqlite3.Connection) -> None:
    """A chain that is away for a day leaves its expired invoices open; the others' are found at once."""
    tx = SqliteTransaction(connection, STATEMENTS)
    tx.add_seller(SELLER)
    tx.set_chain(ChainRow("bitcoin", as_of_ms=EXPIRES_AT_MS + 1))
    connection.execute("BEGIN")
    for number in range(3_000):
        tx.add_invoice(invoice(number, chains=["bitcoin", "away"]))
    tx.add_invoice(invoice(3_000))
    tx.add_invoice(invoice(3_001, expires_at_ms=EXPIRES_AT_MS + 1))
    steps = Steps(connection)
    assert tx.invoices_due(Stage.OPEN, 100) == ["inv_3000"]
    assert steps.count < 500


def test_a_payment_is_found_and_added_among_many(connection: sqlite3.Connection) -> None:
    def cost(number: int) -> int:
        steps = Steps(connection)
        tx.add_payment(payment(number, invoice_id="inv_0", height=number))
        tx.payment_by_ref("bitcoin", payment(number).ref)
        tx.unfinal_payments("bitcoin", number - 1, 0)
        tx.ripe_payments("bitcoin", 0, 100)
        tx.issued("bitcoin", "bitcoin-key-0")
        return steps.count

    tx = SqliteTransaction(connection, STATEMENTS)
    tx.add_seller(SELLER)
    tx.add_invoice(invoice())
    connection.execute("BEGIN")
    first = cost(1)
    for number in range(2, 3_000):
        tx.add_payment(payment(number, invoice_id="inv_0", height=number))
    assert cost(3_000) < 2 * first


def test_a_relay_is_found_and_changed_among_many_that_are_over(connection: sqlite3.Connection) -> None:
    def cost(number: int) -> int:
        steps = Steps(connection)
        tx.add_relay(relay(number))
        assert tx.relay("hedera", relay(number).transaction_id) is not None
        assert [one.id for one in tx.unresolved_relays("hedera", after=None, limit=10)] == [f"rly_{number}"]
        tx.set_relay(relay(number, raw=None))
        return steps.count

    tx = SqliteTransaction(connection, STATEMENTS)
    connection.execute("BEGIN")
    first = cost(1)
    for number in range(2, 3_000):
        tx.add_relay(relay(number, raw=None))
    assert cost(3_000) < 2 * first


def test_what_is_under_way_to_an_invoice_is_found_among_all_that_failed(
    connection: sqlite3.Connection,
) -> None:
    tx = SqliteTransaction(connection, STATEMENTS)
    tx.add_seller(SELLER)
    tx.add_invoice(invoice())
    connection.execute("BEGIN")
    tx.add_relay(relay(0, invoice_id="inv_0"))
    for number in range(1, 3_000):
        tx.add_relay(relay(number, invoice_id="inv_0", status=RelayStatus.FAILED, raw=None))
    steps = Steps(connection)
    assert [one.id for one in tx.relays_towards("inv_0")] == ["rly_0"]
    assert steps.count < 100


def test_rates_are_found_and_forgotten_among_many(connection: sqlite3.Connection) -> None:
    def cost(at_ms: int) -> int:
        steps = Steps(connection)
        tx.keep_rate(kept_rate(at_ms))
        assert [one.at_ms for one in tx.last_rates()] == [at_ms]
        assert len(tx.rate_history("BTC", "EUR", from_ms=0, before_ms=at_ms, limit=2)) == 2
        assert tx.prune_rates(at_ms, 1) == 1
        return steps.count

    tx = SqliteTransaction(connection, STATEMENTS)
    connection.execute("BEGIN")
    for at_ms in range(3):
        tx.keep_rate(kept_rate(at_ms))
    first = cost(3)
    for at_ms in range(4, 3_000):
        tx.keep_rate(kept_rate(at_ms))
    assert cost(3_000) < 2 * first
