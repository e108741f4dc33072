"""Backups: whole and private, taken while others write; restored in one step, and what was there is kept."""

import errno
import os
import socket
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import trio

from paydaemon.store.port import Reader, StoreMismatch, StoreUnavailable, Transaction
from paydaemon.store.sqlite import backup, open_store
from paydaemon.store.sqlite.backup import Copied, back_up
from paydaemon.store.sqlite.restore import claimed, given_out, staged, swap_in
from paydaemon.testing.samples import SELLER, draft, invoice
from tests.support.waiting import BOUND_S

# ruff: noqa: ASYNC240 - files are what these tests are about


def silent(what: str, part: float) -> None:
    assert 0 <= part <= 1, what


def never(what: str, part: float) -> None:
    pytest.fail("it was begun")


def add(tx: Transaction, first: int, count: int) -> None:
    """So many invoices, each with its event, all at once."""
    for number in range(first, first + count):
        tx.add_invoice(invoice(number))
        tx.append(draft(invoice_id=f"inv_{number}"), 0)


def count(reader: Reader) -> tuple[int, int]:
    listed = reader.invoices(seller_id=None, status=None, before=None, limit=100_000)
    return len(listed), reader.last_seq()


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "ledger.sqlite"
    path.parent.mkdir()
    async with open_store(path) as store:
        await store.transact(lambda tx: tx.add_seller(SELLER))
        await store.transact(lambda tx: add(tx, 0, 300))
    return path


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


async def content(path: Path) -> tuple[int, int]:
    async with open_store(path) as store:
        return await store.read(count)


# Taking them


async def test_a_backup_is_one_private_whole_file(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept" / "backup.sqlite"
    target.parent.mkdir()
    copied = back_up(path, target, silent)
    assert names(target.parent) == {"backup.sqlite"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (copied.last_seq, copied.size_bytes) == (300, target.stat().st_size)
    assert target.read_bytes()[18:20] == b"\x01\x01", "it needs no log"
    assert await content(target) == (300, 300)
    assert names(path.parent) == {"ledger.sqlite", "ledger.sqlite.lock"}


async def test_it_holds_one_moment_while_others_write(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each page that is copied another transaction is committed, each of 10 invoices."""
    monkeypatch.setattr(backup, "PAGES_AT_ONCE", 5)
    target = tmp_path / "backup.sqlite"
    written = 300
    async with open_store(path) as store:
        await store.transact(lambda tx: add(tx, written, 10))
        written += 10

        def write(what: str, part: float) -> None:
            nonlocal written
            if what == "copying" and part < 1:
                trio.from_thread.run(store.transact, lambda tx: add(tx, written, 10))
                written += 10

        with trio.fail_after(BOUND_S):
            copied = await trio.to_thread.run_sync(back_up, path, target, write)
        assert written > 350
        assert await store.read(count) == (written, written)
    assert copied.last_seq == 310
    assert await content(target) == (310, 310)


async def test_what_is_there_is_not_written_over(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.sqlite"
    target.write_text("mine")
    with pytest.raises(FileExistsError, match=r"backup\.sqlite exists"):
        back_up(path, target, silent)
    assert target.read_text() == "mine"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError, match="link is a symbolic link"):
        back_up(path, link, silent)
    back_up(path, target, silent, replace=True)
    assert await content(target) == (300, 300)
    assert names(tmp_path) == {"state", "backup.sqlite", "backup.sqlite.lock", "link"}


async def test_one_that_comes_to_be_there_meanwhile_is_not_written_over_either(
    path: Path, tmp_path: Path
) -> None:
    target = tmp_path / "backup.sqlite"

    def interfere(what: str, part: float) -> None:
        target.write_text("quicker")

    with pytest.raises(FileExistsError):
        back_up(path, target, interfere)
    assert target.read_text() == "quicker"
    assert names(tmp_path) == {"state", "backup.sqlite"}


@pytest.mark.parametrize("side", backup.SIDES)
async def test_the_database_is_never_its_own_backup(path: Path, side: str) -> None:
    with pytest.raises(FileExistsError, match="the database itself"):
        back_up(path, Path(f"{path}{side}"), silent, replace=True)
    assert await content(path) == (300, 300)


@pytest.mark.parametrize("kind", ["a folder", "a symbolic link", "a socket", "a pipe"])
async def test_only_a_regular_file_is_replaced(path: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    match kind:
        case "a folder":
            target.mkdir()
        case "a symbolic link":
            target.symlink_to(tmp_path / "state")
        case "a socket":
            with socket.socket(socket.AF_UNIX) as bound:
                bound.bind(str(target))
        case _:
            os.mkfifo(target)
    before = target.lstat()
    with pytest.raises(FileExistsError, match=f"target is {kind}, and only a regular file"):
        back_up(path, target, never, replace=True)
    assert target.lstat().st_ino == before.st_ino
    assert names(tmp_path) == {"state", "target"}


async def test_what_becomes_a_link_meanwhile_is_not_replaced_either(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"

    def interfere(what: str, part: float) -> None:
        if not target.is_symlink():
            target.symlink_to(tmp_path / "state")

    with pytest.raises(FileExistsError, match="symbolic link"):
        back_up(path, target, interfere, replace=True)
    assert target.is_symlink()


async def test_the_daemons_other_files_are_never_replaced(path: Path, tmp_path: Path) -> None:
    config = tmp_path / "paydaemon.toml"
    config.write_text("mine")
    (tmp_path / "same").symlink_to(tmp_path)
    for target in (config, tmp_path / "same" / "paydaemon.toml"):
        with pytest.raises(FileExistsError, match=r"paydaemon\.toml is the daemon's own"):
            back_up(path, target, never, replace=True, spared=[config])
    assert config.read_text() == "mine"


async def test_what_the_disk_refuses_names_the_file_that_was_asked_for(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(self), None, str(target))

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PermissionError) as refused:
        back_up(path, tmp_path / "backup.sqlite", silent, replace=True)
    assert (refused.value.filename, refused.value.filename2) == (str(tmp_path / "backup.sqlite"), None)


async def test_an_interrupted_backup_leaves_nothing(path: Path, tmp_path: Path) -> None:
    def interrupt(what: str, part: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(path, tmp_path / "backup.sqlite", interrupt)
    assert names(tmp_path) == {"state"}
    assert await content(path) == (300, 300)


async def test_a_damaged_database_is_not_taken_for_a_backup(path: Path, tmp_path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(StoreMismatch, match="damaged"):
        back_up(path, tmp_path / "backup.sqlite", silent)
    assert names(tmp_path) == {"state"}


async def test_what_cannot_be_backed_up_is_named(path: Path, tmp_path: Path) -> None:
    for source, error, said in (
        (tmp_path / "nowhere.sqlite", StoreUnavailable, "nowhere"),
        (Path(__file__), StoreMismatch, "no SQLite database"),
    ):
        with pytest.raises(error, match=said):
            back_up(source, tmp_path / "backup.sqlite", silent)
    with pytest.raises(FileNotFoundError, match=r"backup\.sqlite: there is no folder .*/no folder$"):
        back_up(path, tmp_path / "no folder" / "backup.sqlite", silent)
    assert names(tmp_path) == {"state"}


async def test_a_crashed_daemons_log_is_part_of_it(path: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed" / "ledger.sqlite"
    crashed.parent.mkdir()
    async with open_store(path) as store:
        await store.transact(lambda tx: add(tx, 300, 5))
        for side in ("", "-wal"):
            Path(f"{crashed}{side}").write_bytes(Path(f"{path}{side}").read_bytes())
    back_up(crashed, tmp_path / "backup.sqlite", silent)
    assert await content(tmp_path / "backup.sqlite") == (305, 305)


# Restoring them


@pytest.fixture
async def taken(path: Path, tmp_path: Path) -> Path:
    """A backup; the database went on to 320 after it."""
    target = tmp_path / "backup.sqlite"
    back_up(path, target, silent)
    async with open_store(path) as store:
        await store.transact(lambda tx: add(tx, 300, 20))
        await store.transact(lambda tx: tx.reserve_indexes("bitcoin", 48))
    return target


def restore(taken: Path, path: Path) -> Copied:
    with claimed(path), staged(taken, path.parent, silent) as (staged_path, copied):
        swap_in(staged_path, path, path.with_name("aside.sqlite"))
    return copied


async def test_a_backup_takes_the_place_and_what_was_there_is_kept(path: Path, taken: Path) -> None:
    before = taken.read_bytes()
    assert given_out(path) == {"bitcoin": 48}
    assert restore(taken, path).last_seq == 300
    assert names(path.parent) == {"ledger.sqlite", "ledger.sqlite.lock", "aside.sqlite"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert await content(path) == (300, 300)
    assert await content(path.with_name("aside.sqlite")) == (320, 320)
    assert taken.read_bytes() == before
    assert names(taken.parent) == {"state", "backup.sqlite"}


async def test_a_crashed_daemons_log_is_kept_with_it_and_not_with_the_new_one(
    path: Path, taken: Path
) -> None:
    async with open_store(path) as store:
        await store.transact(lambda tx: add(tx, 320, 5))
        left = {side: Path(f"{path}{side}").read_bytes() for side in ("", "-wal")}
    for side, data in left.items():
        Path(f"{path}{side}").write_bytes(data)
    restore(taken, path)
    assert await content(path) == (300, 300)
    assert await content(path.with_name("aside.sqlite")) == (325, 325)


async def test_one_that_is_beyond_reading_is_kept_as_it_is(path: Path, taken: Path) -> None:
    path.write_bytes(b"no database any more" * 100)
    assert given_out(path) == {}
    restore(taken, path)
    assert await content(path) == (300, 300)
    assert path.with_name("aside.sqlite").read_bytes() == b"no database any more" * 100


async def test_where_there_was_none_it_is_put(taken: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "elsewhere" / "ledger.sqlite"
    fresh.parent.mkdir()
    restore(taken, fresh)
    assert names(fresh.parent) == {"ledger.sqlite", "ledger.sqlite.lock"}
    assert await content(fresh) == (300, 300)


async def test_not_while_a_daemon_has_it(path: Path, taken: Path) -> None:
    async with open_store(path):
        with pytest.raises(StoreMismatch, match="another daemon"), claimed(path):
            pass
    with claimed(path), pytest.raises(StoreMismatch, match="another daemon"):
        async with open_store(path):
            pass


@pytest.mark.parametrize("step", ["hardlink_to", "replace"])
async def test_where_it_ends_half_way_the_database_is_what_it_was(
    path: Path, taken: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Path, target: object) -> None:
        raise OSError(5, "Input/output error", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, fail)
        with pytest.raises(OSError, match="Input/output error"):
            restore(taken, path)
    assert await content(path) == (320, 320)
    assert not [name for name in names(path.parent) if name.startswith(".restoring")]


@pytest.mark.parametrize("spoil", ["cut", "scribble", "newer", "foreign", "log", "missing"])
async def test_what_is_no_sound_backup_of_ours_is_refused(path: Path, taken: Path, spoil: str) -> None:
    size = taken.stat().st_size
    match spoil:
        case "cut":
            os.truncate(taken, size // 2)
        case "scribble":
            with taken.open("r+b") as file:
                file.seek(size // 2 // 4096 * 4096)
                file.write(b"\xa5" * 4096)
        case "newer" | "foreign":
            pragma = "user_version = 999" if spoil == "newer" else "application_id = 7"
            with closing(sqlite3.connect(taken)) as connection:
                connection.execute(f"PRAGMA {pragma}")
        case "log":
            taken.with_name(taken.name + "-wal").touch()
        case _:
            taken.unlink()
    with pytest.raises((StoreMismatch, FileNotFoundError)) as refused:
        restore(taken, path)
    assert str(taken) in str(refused.value)
    assert names(path.parent) == {"ledger.sqlite", "ledger.sqlite.lock"}
    assert await content(path) == (320, 320)
