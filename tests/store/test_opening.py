"""Opening: what is ours, sound and free is opened; all else is refused, naming the file and the reason."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import trio

from paydaemon.store.port import StoreMismatch, StoreUnavailable, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.connection import APPLICATION_ID
from paydaemon.store.sqlite.database import Database, open_database
from paydaemon.store.sqlite.faults import damage, refuse_damage
from paydaemon.store.sqlite.migrate import load_migrations
from paydaemon.store.sqlite.ownership import SOUND, SUSPECT
from paydaemon.testing.samples import SELLER, draft, invoice


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def plainly(path: Path, script: str) -> None:
    """Do something to the file behind the store's back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def content(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def add_invoices(tx: Transaction) -> None:
    for number in range(300):
        tx.add_invoice(invoice(number))


async def fill(path: Path) -> None:
    async with open_store(path) as store:
        await store.transact(lambda tx: tx.add_seller(SELLER))
        await store.transact(add_invoices)


async def refusal(path: Path) -> str:
    with pytest.raises(StoreMismatch) as caught:
        async with open_store(path):
            pass
    assert str(path) in str(caught.value)
    return str(caught.value)


async def test_a_new_file_is_ours_and_private(path: Path) -> None:
    async with open_store(path) as store:
        await store.transact(lambda tx: tx.append(draft(), 0))
        modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()}
    assert modes == {f"ledger.sqlite{end}": 0o600 for end in ("", "-wal", "-shm", ".lock")}
    assert content(path)[68:72] == b"payd"
    assert APPLICATION_ID == 0x70617964


async def test_closing_leaves_one_whole_file(path: Path) -> None:
    await fill(path)
    assert {entry.name for entry in path.parent.iterdir()} == {"ledger.sqlite", "ledger.sqlite.lock"}


async def test_the_settings_are_those_that_durability_needs(path: Path) -> None:
    database, connection = open_database(str(path), load_migrations())
    with closing(connection):
        pragmas = (
            "journal_mode",
            "synchronous",
            "foreign_keys",
            "trusted_schema",
            "temp_store",
            "busy_timeout",
        )
        values = [connection.execute(f"PRAGMA {pragma}").fetchone()[0] for pragma in pragmas]
        assert values == ["wal", 2, 1, 0, 2, 5_000]
        with closing(database.reader()) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM events")
    database.release()


async def test_a_newer_releases_database_is_refused(path: Path) -> None:
    await fill(path)
    plainly(path, "PRAGMA user_version = 999")
    assert "newer release wrote this database (version 999" in await refusal(path)
    plainly(path, f"PRAGMA user_version = {len(load_migrations())}")
    async with open_store(path) as store:  # the refusal changed nothing and holds nothing
        assert await store.read(lambda reader: reader.seller(SELLER.id)) == SELLER


@pytest.mark.parametrize("script", ["CREATE TABLE t (x)", "PRAGMA application_id = 7"])
async def test_another_programs_database_is_refused_and_untouched(path: Path, script: str) -> None:
    plainly(path, script)
    before = content(path)
    assert "another program's" in await refusal(path)
    assert content(path) == before


async def test_a_file_that_is_no_database_is_refused_and_untouched(path: Path) -> None:
    put(path, b"Not a database, but long enough to hold a header of one hundred bytes. " * 9)
    before = content(path)
    assert "no SQLite database" in await refusal(path)
    assert content(path) == before


@pytest.mark.parametrize("begun", [b"", None])
async def test_a_file_that_was_only_begun_is_taken_on(path: Path, begun: bytes | None) -> None:
    """A crash right after making it leaves an empty file, or one with nothing but its journal mode."""
    if begun is None:
        plainly(path, "PRAGMA journal_mode = WAL")
    else:
        put(path, begun)
    async with open_store(path) as store:
        assert store.last_seq == 0


async def test_a_second_daemon_is_refused(path: Path) -> None:
    async with open_store(path) as store:
        assert "another daemon is using this database" in await refusal(path)
        link = path.with_name("link.sqlite")
        link.symlink_to(path)
        with pytest.raises(StoreMismatch, match="another daemon"):
            async with open_store(link):
                pass
        await store.transact(lambda tx: tx.append(draft(), 0))
    async with open_store(path) as store:
        assert store.last_seq == 1


async def test_other_programs_may_read_meanwhile(path: Path) -> None:
    async with open_store(path) as store:
        await store.transact(lambda tx: tx.append(draft(), 0))
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as tool:
            assert tool.execute("SELECT count(*) FROM events").fetchone() == (1,)
        await store.transact(lambda tx: tx.append(draft(), 0))


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "ledger.sqlite"
    with pytest.raises(StoreUnavailable, match="No such file or directory") as caught:
        async with open_store(path):
            pass
    assert str(path) in str(caught.value)


async def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        async with open_store(tmp_path):
            pass
    assert str(tmp_path) in str(caught.value)
    tmp_path.with_name(tmp_path.name + ".lock").unlink()


async def test_a_path_may_hold_any_characters(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#%41 ß.sqlite"
    async with open_store(path) as store:
        await store.transact(lambda tx: tx.append(draft(), 0))
        assert await store.read(lambda reader: reader.last_seq()) == 1
    assert path.exists()


async def test_memory_needs_the_inline_executor() -> None:
    async with open_store(":memory:", executor="inline") as store:
        await store.transact(lambda tx: tx.append(draft(), 0))
        assert await store.read(lambda reader: reader.last_seq()) == 1
    with pytest.raises(ValueError, match="inline"):
        async with open_store(":memory:"):
            pass


async def test_cancellation_closes_and_gives_the_file_back(path: Path) -> None:
    with trio.CancelScope() as scope:
        async with open_store(path) as store:
            await store.transact(lambda tx: tx.append(draft(), 0))
            scope.cancel()
            await store.wait_beyond(1)
    assert scope.cancelled_caught
    assert not path.with_name(path.name + "-wal").exists()
    async with open_store(path) as store:
        assert store.last_seq == 1


# Damage


def scribble(path: Path) -> None:
    """Overwrite a page in the middle of the file: not one of those that say what is in it."""
    with closing(sqlite3.connect(path)) as connection:
        [page] = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'invoices_by_seller'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)


def lose_index_entries(path: Path) -> None:
    """Hide an index while a row is added. Only the full check compares an index with its table."""
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute(
            "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'keys_by_seller'"
        ).fetchone()
        assert kept is not None
        connection.executescript(
            "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'keys_by_seller'"
        )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO keys VALUES ('key_1', x'00', 'shop', 0, NULL)")
        connection.commit()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", kept)
        connection.commit()


async def test_a_damaged_file_is_refused(path: Path) -> None:
    await fill(path)
    scribble(path)
    said = await refusal(path)
    assert "this database is damaged, restore a backup: " in said
    assert "\n" not in said


def test_of_many_faults_the_first_is_told(tmp_path: Path) -> None:
    """An index that has lost its entries is one fault for each."""
    with closing(sqlite3.connect(tmp_path / "damaged.sqlite", isolation_level=None)) as connection:
        connection.executescript(
            "CREATE TABLE kept (a); CREATE INDEX lost ON kept (a); INSERT INTO kept VALUES (1), (2), (3);"
            "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX lost ON kept (-a)'"
            " WHERE name = 'lost'"
        )
    with closing(sqlite3.connect(tmp_path / "damaged.sqlite")) as connection:
        assert len(damage(connection, "integrity_check")) == 3
        with pytest.raises(
            StoreMismatch, match=r"restore a backup: row 1 missing from index lost \(and 2 more\)$"
        ):
            refuse_damage(connection, "integrity_check")


async def test_the_full_check_is_made_only_where_the_disk_has_failed(path: Path) -> None:
    await fill(path)
    lock = path.with_name(path.name + ".lock")
    assert content(lock) == SOUND
    lose_index_entries(path)
    async with open_store(path):
        pass
    put(lock, SUSPECT)
    for _ in range(2):
        assert "damaged" in await refusal(path)
        assert content(lock) == SUSPECT
    plainly(path, "REINDEX")
    async with open_store(path):
        assert content(lock) == SOUND


async def test_only_a_failing_disk_casts_suspicion(path: Path) -> None:
    database, connection = open_database(str(path), load_migrations())
    connection.close()
    lock = path.with_name(path.name + ".lock")
    for code, word in ((sqlite3.SQLITE_FULL, SOUND), (sqlite3.SQLITE_IOERR_FSYNC, SUSPECT)):
        database.noticed(_error(code))
        assert content(lock) == word
    database.release()
    assert Database(":memory:", None).in_memory


def _error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("sample")
    error.sqlite_errorcode = code
    return error
