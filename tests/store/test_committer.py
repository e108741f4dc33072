"""Batches: one commit for many functions, each whole or not at all; nothing of a batch that met a fault."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from paydaemon.core.access import Seller
from paydaemon.store.port import StoreUnavailable, Transaction
from paydaemon.store.sqlite import connection as connections
from paydaemon.store.sqlite.committer import Committer
from paydaemon.store.sqlite.database import Database, open_database
from paydaemon.store.sqlite.job import Job
from paydaemon.store.sqlite.migrate import load_migrations
from paydaemon.store.sqlite.ownership import SOUND, SUSPECT
from paydaemon.store.sqlite.statements import load_statements
from paydaemon.testing.samples import draft
from tests.store.disk import Disk

Fn = Callable[[Transaction], object]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def committer(path: Path, disk: Disk) -> Iterator[Committer]:
    database, connection = open_database(str(path), load_migrations())
    committer = Committer(database, connection, load_statements())
    yield committer
    committer.close()
    database.release()


def add(id: str) -> Fn:
    return lambda tx: tx.add_seller(Seller(id, id, 0))


def append(tx: Transaction) -> int:
    return tx.append(draft(), 0).seq


def fill_up(tx: Transaction) -> None:
    """Write more than any disk of these tests holds."""
    for number in range(100):
        tx.add_seller(Seller(f"big-{number}", "x" * 50_000, 0))


def swallow(fn: Fn) -> Fn:
    """Do as if nothing had happened."""

    def run(tx: Transaction) -> str:
        try:
            fn(tx)
        except StoreUnavailable:
            return "all is well"
        return "nothing happened"

    return run


def fail(tx: Transaction) -> None:
    add("taken back")(tx)
    append(tx)
    raise KeyError("mine")


def commit(committer: Committer, *fns: Fn) -> Sequence[object]:
    """Commit a batch; returns what each function returned or, as an object, raised."""
    jobs = [Job(fn) for fn in fns]
    committer.commit(jobs)
    return [_answer(job) for job in jobs]


def _answer(job: Job[object]) -> object:
    try:
        return job.answer()
    except BaseException as error:  # noqa: BLE001 - it is what the test looks at
        return error


def stored(path: Path) -> set[str]:
    """The sellers that a stranger to the daemon finds on the disk."""
    with closing(sqlite3.connect(path)) as stranger:
        return {row[0] for row in stranger.execute("SELECT id FROM sellers")}


def types(answers: Sequence[object]) -> list[type]:
    return [type(answer) for answer in answers]


def test_a_batch_has_one_commit(committer: Committer) -> None:
    statements: list[str] = []
    committer.connection.set_trace_callback(statements.append)
    assert commit(committer, append, append, append) == [1, 2, 3]
    assert statements.count("COMMIT") == statements.count("BEGIN IMMEDIATE") == 1
    assert committer.last_seq == 3


def test_who_raises_before_writing_costs_nobody_a_savepoint(committer: Committer) -> None:
    def refuse(tx: Transaction) -> None:
        tx.last_seq()
        raise KeyError

    statements: list[str] = []
    committer.connection.set_trace_callback(statements.append)
    assert types(commit(committer, append, refuse, append)) == [int, KeyError, int]
    assert statements.count("BEGIN IMMEDIATE") == 1
    assert not [one for one in statements if "SAVEPOINT" in one]
    assert len([one for one in statements if one.startswith("UPDATE journal")]) == 1
    assert committer.last_seq == 2


def test_who_raises_after_writing_has_all_run_once_more(committer: Committer, path: Path) -> None:
    ran: list[str] = []

    def noted(id: str, fn: Fn) -> Fn:
        def run(tx: Transaction) -> object:
            ran.append(id)
            return fn(tx)

        return run

    answers = commit(committer, noted("a", append), noted("b", fail), noted("c", append))
    assert types(answers) == [int, KeyError, int]
    assert answers[::2] == [1, 2]
    assert answers[1].__context__ is None  # type: ignore[attr-defined]
    assert ran == ["a", "b", "a", "b", "c"]
    assert stored(path) == set()
    assert committer.last_seq == 2


def test_one_that_raises_takes_back_its_own(committer: Committer, path: Path) -> None:
    answers = commit(committer, add("before"), append, fail, append, add("after"))
    assert types(answers) == [type(None), int, KeyError, int, type(None)]
    assert answers[1::2] == [1, 2]
    assert stored(path) == {"before", "after"}


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_no_exception_ends_the_batch(committer: Committer, path: Path, error: type[BaseException]) -> None:
    def leave(tx: Transaction) -> None:
        add("taken back")(tx)
        raise error

    assert types(commit(committer, leave, add("after"))) == [error, type(None)]
    assert stored(path) == {"after"}


def test_an_error_of_one_statement_is_its_functions_own(committer: Committer, path: Path) -> None:
    def too_large(tx: Transaction) -> None:
        tx.append(draft(), 2**63)

    def unwritable(tx: Transaction) -> None:
        tx.add_seller(Seller("x", "\ud800", 0))

    answers = commit(committer, add("a"), add("a"), too_large, unwritable, append)
    assert [type(answer).__name__ for answer in answers] == [
        "NoneType",
        "Duplicate",
        "OverflowError",
        "UnicodeEncodeError",
        "int",
    ]
    assert answers[-1] == 1
    assert stored(path) == {"a"}


def test_what_was_committed_and_what_was_not_is_counted(committer: Committer, disk: Disk) -> None:
    commit(committer, add("a"), add("a"), append)
    disk.fill()
    commit(committer, fill_up, append)
    measures = committer.measures
    assert (sum(measures.batch.counts), measures.batch.sum) == (1, 3)
    assert sum(measures.sync_s.counts) == sum(measures.commit_s.counts) == 1
    assert 0 < measures.sync_s.sum < measures.commit_s.sum
    assert measures.failed == 1


@pytest.mark.parametrize("culprit", [fill_up, swallow(fill_up)])
@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_full_disk_fails_the_whole_batch(
    committer: Committer, path: Path, disk: Disk, culprit: Fn, place: int
) -> None:
    """Released savepoints are taken back too, so nobody is told that anything was recorded."""
    commit(committer, add("early"), append)
    disk.fill()
    fns = [add("one"), append, add("two")]
    answers = commit(committer, *fns[:place], culprit, *fns[place:])
    assert types(answers) == [StoreUnavailable] * 4
    assert len({id(answer) for answer in answers}) == 4
    assert all("the disk is full" in str(answer) for answer in answers)
    assert stored(path) == {"early"}
    assert committer.last_seq == 1


def test_it_recovers_by_itself_when_there_is_room(committer: Committer, path: Path, disk: Disk) -> None:
    assert committer.fault is None
    disk.fill()
    for _ in range(3):
        assert types(commit(committer, append, fill_up)) == [StoreUnavailable] * 2
    assert commit(committer, lambda tx: None) == [None]
    assert "the disk is full" in str(committer.fault), "an empty commit proves nothing"
    assert commit(committer, add("small"), append) == [None, 1], "what fits the pages there are, still fits"
    disk.empty()
    assert commit(committer, fill_up, append) == [None, 2]
    assert committer.fault is None
    assert len(stored(path)) == 101
    assert (path.parent / "ledger.sqlite.lock").read_bytes() == SOUND, "a full disk is no damaged one"


def test_a_fault_costs_the_connection(committer: Committer, disk: Disk) -> None:
    connection = committer.connection
    disk.fill()
    commit(committer, fill_up)
    assert committer.connection is not connection
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_a_file_that_was_taken_away_is_not_made_anew(committer: Committer, path: Path, disk: Disk) -> None:
    """An empty one in its place would pass for a daemon's first start."""
    commit(committer, append)
    disk.fill()
    assert types(commit(committer, fill_up)) == [StoreUnavailable]
    path.rename(path.with_name("elsewhere.sqlite"))
    [answer] = commit(committer, append)
    assert isinstance(answer, StoreUnavailable)
    assert "the database cannot be opened" in str(answer)
    assert not path.exists()
    path.with_name("elsewhere.sqlite").rename(path)
    assert commit(committer, append) == [2]


class Untruthful(sqlite3.Connection):
    """Commits, and then says that the disk failed: the write went through, only the word of it did not."""

    lies = False

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        done = super().execute(sql, parameters)
        if self.lies and sql == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return done


def test_a_commit_that_failed_but_was_made_is_counted(path: Path) -> None:
    """It is not known to whoever waited; but no `seq` is given twice, and the journal goes on behind it."""
    database, connection = open_database(str(path), load_migrations())
    connection.close()
    connection = sqlite3.connect(path, isolation_level=None, factory=Untruthful)
    connection.row_factory = sqlite3.Row
    committer = Committer(database, connection, load_statements())
    connection.lies = True
    assert types(commit(committer, append, append)) == [StoreUnavailable] * 2
    assert committer.last_seq == 0
    assert committer.connection is not connection
    assert committer.last_seq == 2
    assert commit(committer, append) == [3]
    committer.close()
    database.release()


def test_a_full_disk_in_memory_loses_nothing(disk: Disk) -> None:
    """There the connection is the data, so it is kept."""
    database, connection = open_database(":memory:", load_migrations())
    committer = Committer(database, connection, load_statements())
    commit(committer, add("early"), append)
    disk.fill()
    assert types(commit(committer, append, swallow(fill_up))) == [StoreUnavailable] * 2
    disk.empty()
    assert commit(committer, append, lambda tx: len(tx.sellers())) == [2, 1]
    committer.close()


def test_a_damaged_page_fails_the_batch_and_casts_suspicion(committer: Committer, path: Path) -> None:
    commit(committer, fill_up)
    committer.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    committer.connection.execute("PRAGMA shrink_memory")
    with path.open("r+b") as file:
        file.seek(8 * 4096)
        file.write(b"\xa5" * (path.stat().st_size - 8 * 4096))
    answers = commit(committer, append, swallow(lambda tx: tx.sellers()))
    assert types(answers) == [StoreUnavailable] * 2
    assert "damaged" in str(answers[0])
    assert (path.parent / "ledger.sqlite.lock").read_bytes() == SUSPECT


def test_a_bug_of_the_store_reaches_whoever_waits(
    committer: Committer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Database) -> sqlite3.Connection:
        raise TypeError("a bug")

    committer.close()
    monkeypatch.setattr(Database, "writer", broken)
    [answer] = commit(committer, append)
    assert isinstance(answer, StoreUnavailable)
    assert "a bug" in str(answer)
    monkeypatch.undo()
    assert commit(committer, append) == [1]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_S", 0.01)


@pytest.mark.usefixtures("impatient")
class TestSomebodyElseInTheWay:
    def test_a_batch_waits_for_them_and_runs_again(self, committer: Committer, path: Path) -> None:
        """They let go between two attempts. What ran before they were in the way has left no trace."""
        with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            attempts: list[str] = []

            def notice(statement: str) -> None:
                attempts.append(statement)
                if attempts.count("BEGIN IMMEDIATE") == 2 and stranger.in_transaction:
                    stranger.execute("ROLLBACK")

            committer.connection.set_trace_callback(notice)
            assert commit(committer, append, append) == [1, 2]
            assert attempts.count("BEGIN IMMEDIATE") >= 2

    def test_a_batch_gives_up_in_the_end(self, committer: Committer, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            [answer] = commit(committer, append)
            assert isinstance(answer, StoreUnavailable)
            assert "another process" in str(answer)
        assert commit(committer, append) == [1]
        assert (path.parent / "ledger.sqlite.lock").read_bytes() == SOUND
