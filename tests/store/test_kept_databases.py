"""Upgrades keep data: every database that was kept opens today, is migrated, and agrees with itself."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from paydaemon.core.events import EventType
from paydaemon.core.invoice import Quote, QuoteMethod, SourcePrice
from paydaemon.engine.totals import Totals, totals
from paydaemon.store.port import Reader
from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.migrate import load_migrations

KEPT = sorted((Path(__file__).parents[1] / "databases").glob("*.sql"))
MOST_BYTES = 300_000

LAST_RELAY = "WHERE seq = (SELECT max(seq) FROM events WHERE type = 'relay.accepted')"
AGAIN = "type = 'relay.received', data = replace(data, 'accepted', 'received')"
MARKED = """
UPDATE invoices SET mark = 'invalid', status = 'invalid', flags = '["marked"]'
WHERE mark IS NULL AND flags = '[]'
"""


@pytest.fixture(params=KEPT, ids=lambda path: path.stem)
def kept(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def made_from(kept: Path, folder: Path) -> Path:
    path = folder / "paydaemon.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(kept.read_text(encoding="utf-8"))
    return path


def paid_in(path: Path) -> dict[str, int]:
    """What each invoice, and nobody, was paid: straight from the file, as whole numbers."""
    with closing(sqlite3.connect(path)) as connection:
        sums: dict[str, int] = {}
        for invoice_id, amount in connection.execute(
            "SELECT coalesce(invoice_id, ''), amount_minor FROM payments "
            "WHERE state IN ('pending', 'confirmed')"
        ):
            sums[invoice_id] = sums.get(invoice_id, 0) + int(amount)
    return sums


async def totals_of(path: Path) -> Totals:
    async with open_store(path) as store:
        return await store.read(totals)


def test_every_schema_there_was_is_kept(kept: Path) -> None:
    assert kept.stat().st_size <= MOST_BYTES
    versions = {int(path.stem[:4]) for path in KEPT}
    assert versions == set(range(1, len(load_migrations()) + 1)), "run tools/keep-database"


async def test_it_opens_migrates_and_agrees_with_itself(kept: Path, tmp_path: Path) -> None:
    path = made_from(kept, tmp_path)
    before = paid_in(path)
    assert len(before) > 5
    found = await totals_of(path)
    assert found.disagreements == []
    assert paid_in(path) == before
    assert found.invoices >= 15
    assert found.unmatched >= 1
    assert found.relays == (0 if kept.stem < "0003" else 3)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(load_migrations()),)
    assert await totals_of(path) == found, "opened again, it is the same"


async def test_its_events_are_what_they_were(kept: Path, tmp_path: Path) -> None:
    path = made_from(kept, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        written = connection.execute("SELECT seq, epoch, type FROM events ORDER BY seq").fetchall()

    def told(reader: Reader) -> list[tuple[str, EventType]]:
        events = reader.events(after=0, types=(), invoice_id=None, seller_id=None, limit=10_000)
        return [(event.id, event.type) for event in events]

    async with open_store(path) as store:
        assert await store.read(told) == [(f"evt_{epoch}_{seq}", type) for seq, epoch, type in written]


async def test_relays_of_earlier_schemas_have_no_payer(kept: Path, tmp_path: Path) -> None:
    async with open_store(made_from(kept, tmp_path)) as store:
        relays = await store.read(lambda reader: reader.relays(after=None, limit=10))
    payer = ("0.0.1002", "hedera-17") if kept.stem >= "0008" else (None, None)
    assert {(relay.payer, relay.memo) for relay in relays} <= {payer}
    assert bool(relays) is (kept.stem >= "0003")


async def quotes_of(path: Path) -> list[tuple[str, Quote]]:
    """Every quote that was made, and of which pair."""

    def quotes(reader: Reader) -> list[tuple[str, Quote]]:
        invoices = reader.invoices(seller_id=None, status=None, before=None, limit=100)
        return [
            (f"{option.asset.symbol}/{invoice.currency.code}", option.quote)
            for invoice in invoices
            for option in invoice.options
        ]

    async with open_store(path) as store:
        return await store.read(quotes)


@pytest.mark.parametrize("old", [path for path in KEPT if path.stem < "0007"], ids=lambda path: path.stem)
async def test_of_an_old_quote_one_source_is_the_provenance(old: Path, tmp_path: Path) -> None:
    """Until the seventh schema nothing else was possible."""
    found = await quotes_of(made_from(old, tmp_path))
    assert len(found) > 15
    for pair, quote in found:
        said = SourcePrice(quote.source, pair, quote.rate, quote.at_ms)
        assert (quote.method, quote.sources, quote.spread_ppm) == (QuoteMethod.SET, (said,), 0)


async def test_quotes_of_every_kind_are_kept(tmp_path: Path) -> None:
    found = await quotes_of(made_from(KEPT[-1], tmp_path))
    assert {quote.method for _, quote in found} == set(QuoteMethod)
    cross = next(quote for _, quote in found if quote.method is QuoteMethod.MEDIAN)
    assert cross.spread_ppm == 15_000
    assert {price.pair for price in cross.sources} == {"BTC/USD", "USD/EUR"}
    assert [price.source for price in cross.sources if price.outlier] == ["c"]


async def test_an_old_option_in_its_own_asset_has_asked_nobody(tmp_path: Path) -> None:
    path = made_from(next(path for path in KEPT if path.stem < "0007"), tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("UPDATE options SET rate = '1', rate_source = 'same asset' WHERE place = 0")
    own = [quote for _, quote in await quotes_of(path) if quote.source == "same asset"]
    assert own
    assert {(quote.method, quote.sources) for quote in own} == {(QuoteMethod.SAME_ASSET, ())}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE invoices SET status = 'new' WHERE status = 'settled'", "its amounts say"),
        ("UPDATE invoices SET flags = '[]' WHERE flags <> '[]'", "its amounts say"),
        ("UPDATE payments SET amount_minor = '1'", "adds up to"),
        ("DELETE FROM events WHERE seq = 7", "seq 8 where 7 belongs"),
        ("UPDATE journal SET last_seq = last_seq + 1", "the journal ends at"),
        ("UPDATE chains SET next_index = 3", "would give out index"),
        ("DELETE FROM events WHERE seq > 5; UPDATE journal SET last_seq = 5", "does not know invoice"),
        ("UPDATE options SET address = 'elsewhere'", "options.0.destination.address is 'elsewhere'"),
        ("UPDATE options SET uri = 'bitcoin:elsewhere' WHERE place = 1", "options.1.destination.uri is"),
        ("UPDATE options SET due_minor = '1' WHERE destination_index = 2", "options.0.due_minor is '1'"),
        ("UPDATE invoices SET amount_minor = '1'", "amount is '0.01', and the journal told '12.50'"),
        ("UPDATE invoices SET expires_at_ms = expires_at_ms + 1000", "expires_at is"),
        ("UPDATE invoices SET note = hex(zeroblob(900))", "note is '0000"),
        ("UPDATE payments SET ref = ref || 'x'", "on bitcoin, and the journal told otherwise"),
        ("UPDATE payments SET transaction_id = 'elsewhere'", "on bitcoin, and the journal told otherwise"),
        ("UPDATE payments SET id = id || 'x'", "the journal does not know payment pay_"),
        ("UPDATE payments SET seen_at_ms = seen_at_ms + 1000", "was seen at"),
        ("UPDATE payments SET state = 'dropped' WHERE invoice_id IS NULL", "is dropped for None, and the"),
        ("DELETE FROM payments WHERE state = 'conflicted'", "the journal tells of pay_"),
        (MARKED, "is invalid, and the journal told settled"),
        ("UPDATE events SET data = replace(data, '\"12.50\"', '\"12.51\"') WHERE seq = 61", "other terms"),
        ("UPDATE events SET data = replace(data, 'bitcoin-tx', 'x')  WHERE seq = 61", "something else of"),
        ("UPDATE events SET data = replace(data, 'pay', 'inv') WHERE seq = 61", "event 61"),
        ("UPDATE events SET data = '[]' WHERE seq = 61", "event 61 is not what an event is"),
        ("UPDATE events SET data = '{}' WHERE seq = 61", "event 61 is not what an event is"),
        ("UPDATE events SET seller_id = 'nobody' WHERE seq = 61", "event 61 belongs to invoice"),
        (
            "UPDATE events SET invoice_id = NULL WHERE seq = 61",
            "event 61 is of None, and its payment of inv_",
        ),
        ("DELETE FROM relays WHERE number = 1", "the journal tells of rly_"),
        ("UPDATE relays SET id = id || 'x' WHERE number = 1", "the journal does not know relay rly_"),
        ("UPDATE relays SET transaction_id = 'tx-9' WHERE number = 1", "is of tx-9 on hedera, and the"),
        ("UPDATE relays SET created_at_ms = 0 WHERE number = 2", "is of tx-2 on hedera, and the journal"),
        (
            "UPDATE relays SET transfers = replace(transfers, '-', '') WHERE number = 3",
            "is of tx-3 on hedera, and the journal told something else",
        ),
        ("UPDATE relays SET payer = '0.0.9' WHERE number = 1", "is of tx-1 on hedera, and the journal"),
        ("UPDATE relays SET memo = NULL WHERE number = 2", "is of tx-2 on hedera, and the journal told"),
        (
            "UPDATE relays SET status = 'succeeded', receipt = 'SUCCESS' WHERE number = 1",
            "is succeeded by SUCCESS for inv_",
        ),
        ("UPDATE relays SET receipt = NULL WHERE number = 1", "is failed by None for inv_"),
        ("UPDATE relays SET invoice_id = NULL WHERE number = 3", "is accepted by None for None, and"),
        ("UPDATE relays SET node = '0.0.9' WHERE number = 3", "or when and where otherwise"),
        ("UPDATE relays SET raw = NULL WHERE number = 3", "is accepted, and what was signed is not kept"),
        ("UPDATE relays SET raw = x'00' WHERE number = 1", "is failed, and what was signed is kept"),
        (f"UPDATE events SET type = 'relay.unknown' {LAST_RELAY}", "is relay.unknown for inv_"),
        (f"UPDATE events SET data = replace(data, 'tx-3', 'tx-9') {LAST_RELAY}", "something else of relay"),
        (
            f"UPDATE events SET {AGAIN} {LAST_RELAY}",
            "which before was received by None",
        ),
    ],
)
async def test_a_disagreement_would_be_found(tmp_path: Path, change: str, said: str) -> None:
    path = made_from(KEPT[-1], tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(change)
    assert any(said in found for found in (await totals_of(path)).disagreements)


async def test_an_event_of_another_kind_may_name_an_invoice_without_telling_it(tmp_path: Path) -> None:
    path = made_from(KEPT[-1], tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            UPDATE journal SET last_seq = last_seq + 1;
            INSERT INTO events SELECT last_seq, epoch, 'plugin.failed', 0, invoices.id, seller_id, '{}'
            FROM journal, invoices LIMIT 1;
            """
        )
    assert (await totals_of(path)).disagreements == []
