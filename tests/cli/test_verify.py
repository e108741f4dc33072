"""``paydaemon restore --verify`` on backups that were damaged or changed: in words, whatever it was."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from paydaemon.cli.main import cli
from paydaemon.store.sqlite import legible
from paydaemon.store.sqlite.backup import back_up
from tests.e2e.commands import Done

KEPT = max((Path(__file__).parents[1] / "databases").glob("*.sql"))
PLACES = 60
PRINTABLE = frozenset(range(0x20, 0x7F))


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup with invoices, payments and events of every kind."""
    database, file = tmp_path / "paydaemon.sqlite3", tmp_path / "backup.sqlite3"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(KEPT.read_text(encoding="utf-8"))
    back_up(database, file, lambda what, part: None)
    return file


def verify(file: Path) -> Done:
    """What is said of a backup; whatever is raised comes out."""
    result = CliRunner().invoke(cli, ("restore", "--verify", str(file)), catch_exceptions=False)
    return Done(result.exit_code, result.stdout, result.stderr)


def change(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(sql)


def test_every_table_is_looked_at(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
    tables = {name for name in tables if not name.startswith(("sqlite_", "invoice_words"))}
    assert tables == set(legible._READ), "but the words that invoices are found by, which are SQLite's own"


def test_what_is_sound_is_said_to_be(backup: Path) -> None:
    done = verify(backup)
    assert (done.exit_code, done.err) == (0, "")
    assert done.out.startswith("sound: ")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "UPDATE options SET destination_key = 'x', address = 'x' WHERE destination_index = 2",
            "address is 'x'",
        ),
        ("UPDATE events SET data = CAST(x'7bff7d' AS TEXT) WHERE seq = 61", "events, 61: data is not UTF-8"),
        ("UPDATE events SET data = '{' WHERE seq = 61", "events, 61: Expecting property name"),
        (
            "UPDATE events SET type = 'invoice.sold' WHERE seq = 61",
            "events, 61: 'invoice.sold' is not a valid",
        ),
        ("UPDATE relays SET transfers = '[' WHERE number = 1", "relays, 1: Expecting value"),
        ("UPDATE relays SET status = 'lost' WHERE number = 1", "relays, 1: 'lost' is not a valid"),
        ("UPDATE sellers SET name = CAST(x'ff' AS TEXT)", "sellers, rival: name is not UTF-8"),
        ("UPDATE journal SET epoch = CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
        ("DELETE FROM journal", "its journal has no beginning"),
        ("UPDATE options SET due_minor = '0'", "options, inv_"),
        ("UPDATE options SET due_minor = '12 4'", "options, inv_"),
        ("UPDATE options SET asset_decimals = -9", "inv_"),
        ("UPDATE options SET rate_method = 'guessed'", "'guessed' is not a valid QuoteMethod"),
        ("UPDATE options SET rate_sources = '[[1]]'", "options, inv_"),
        ("UPDATE rate_history SET rate = '1e9' WHERE pair = 1", "rate_history, 1: '1e9' is no rate"),
        ("UPDATE rate_history SET method = 'x' WHERE pair = 1", "rate_history, 1: 'x' is not a valid"),
        ("UPDATE invoices SET metadata = '[' WHERE number = 3", "invoices, 3: Expecting"),
        ("UPDATE invoices SET chains = '[\"lost\"]' WHERE number = 3", "does not run by the clocks of its"),
        ("UPDATE payments SET seller_id = 'nobody' WHERE number = 3", "is not listed for the seller of its"),
        ("UPDATE payments SET state = 'paid' WHERE number = 3", "payments, 3: 'paid' is not a valid"),
        ("UPDATE payments SET seen_at_ms = 9000000000000000000 WHERE number = 3", "cannot be worked out"),
        (
            "UPDATE targets SET cursor = 9999 WHERE id = 'we_1'",
            "target we_1 has come further than the journal",
        ),
        ("UPDATE deliveries SET seq = 9999 WHERE number = 1", "is damaged"),
        (
            "INSERT INTO idempotency_keys VALUES ('shop', 'x', x'00', 'inv_lost')",
            "an idempotency key stands for inv_lost, which is not there",
        ),
    ],
)
def test_every_fault_is_told_in_a_line(backup: Path, sql: str, said: str) -> None:
    change(backup, sql)
    done = verify(backup)
    assert (done.exit_code, done.out) == (1, ""), done
    assert done.err.startswith(f"Error: {backup}: "), done
    assert said in done.err


def test_a_garbled_schema_is_told_in_words(backup: Path) -> None:
    """SQLite's own words hold what is garbled, and cannot be read either."""
    whole = backup.read_bytes()
    for place in (whole.index(b"CREATE INDEX payments_by_dest"), whole.index(b"recorded_at_ms  ") + 20):
        backup.write_bytes(whole[:place] + b"\xff\xfe\xfd\xfc" + whole[place + 4 :])
        done = verify(backup)
        assert (done.exit_code, done.out) == (1, ""), done
        assert "damaged" in done.err


def test_damage_anywhere_is_told_in_words(backup: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance, whole = random.Random(seed), backup.read_bytes()
    places = [place for place in range(100, len(whole) - 4) if PRINTABLE.issuperset(whole[place : place + 4])]
    for place in chance.sample(places, PLACES):
        put = chance.choice([b"####", b"\xff\xfe\xfd\xfc", b'"}]{', b"0000", b"\0\0\0\0"])
        backup.write_bytes(whole[:place] + put + whole[place + 4 :])
        done = verify(backup)
        if done.exit_code:
            assert done.err.startswith(f"Error: {backup}: "), (place, put, done)
        else:
            assert done.out.startswith("sound: "), (place, put, done)
