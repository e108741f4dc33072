"""``paydaemon backup`` and ``restore``: copies of the database, and the way back from one.

Both work on the files themselves, with the rights of whoever runs them: a sandboxed daemon could not write
where an operator keeps backups. A backup does not mind a daemon that runs; restoring needs it stopped.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

import click

from paydaemon.cli.client import Json, NoAnswer, call, print_json
from paydaemon.cli.configuration import config_option
from paydaemon.cli.ending import reason, run
from paydaemon.cli.progress import Progress
from paydaemon.config import ConfigError, Places, load_places
from paydaemon.core.access import LOCAL_OPERATOR, Principal
from paydaemon.core.acts import act
from paydaemon.core.events import EventType
from paydaemon.engine.clock import system_clock
from paydaemon.engine.totals import Totals, totals
from paydaemon.store.port import StoreMismatch, StoreUnavailable, Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.store.sqlite.backup import Copied, back_up, naming
from paydaemon.store.sqlite.legible import refuse_illegible
from paydaemon.store.sqlite.ownership import is_claimed
from paydaemon.store.sqlite.restore import claimed, given_out, staged, swap_in

LEAP = 10_000
"""How many indexes each chain leaves out after a restore, where nothing better is known."""

IN_USE = "another daemon is using this database"

MOST_LEAP = 1_000_000


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@config_option
def backup(file: Path, force: bool, as_json: bool, config: Path) -> None:
    """Copy the database to FILE as it is now, whether or not the daemon runs.

    FILE holds what customers were asked for and paid, and the secrets that webhooks are signed with. It can
    be read by its owner alone: keep it so, and on another machine. Of keys it has only their hashes.
    """
    database, socket = _places(config)
    with _in_words(), _told() as progress:
        copied = back_up(database, file, progress, replace=force, spared=(socket, config))
    made = {"file": str(file.absolute()), "epoch": copied.epoch, "last_seq": copied.last_seq}
    hindrance = _note(database, socket, made)
    if as_json:
        size = {"version": copied.version, "size_bytes": copied.size_bytes}
        print_json({**made, **size, "journaled": hindrance is None})
        return
    click.echo(f"{file}: {copied.size_bytes} bytes, up to event {copied.last_seq}")
    if hindrance is not None:
        click.echo(f"the journal does not tell of this backup: {hindrance}", err=True)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--verify", is_flag=True, help="Only look whether FILE can be restored; change nothing.")
@click.option(
    "--leap",
    type=click.IntRange(1, MOST_LEAP),
    default=LEAP,
    show_default=True,
    help="Addresses each chain leaves out: more than it has given out since the backup.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@config_option
def restore(file: Path, verify: bool, leap: int, as_json: bool, config: Path) -> None:
    """Put the backup FILE in the place of the database. The daemon must be stopped.

    The database that was there is kept beside it. Payments made since the backup are found again when the
    daemon starts; invoices, keys and events made since are not in the backup and are gone.
    """
    if verify:
        run(_verify, file, as_json)
    else:
        database, _ = _places(config)
        run(_restore, file, database, leap, as_json)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it: what the backup held, where it is now, and where what was there before is."""

    database: str
    kept: str | None
    epoch: str
    leap: int


async def _verify(file: Path, as_json: bool) -> None:
    with _in_words(), _told() as progress, staged(file, Path(gettempdir()), progress) as (path, copied):
        found = await _check(file, path, progress)
    _say(copied, found, None, as_json)


async def _restore(file: Path, database: Path, leap: int, as_json: bool) -> None:
    with (
        _in_words(),
        claimed(database),
        _told() as progress,
        staged(file, database.parent, progress) as (path, copied),
    ):
        found = await _check(file, path, progress)
        kept = _aside(database)
        begun = await _begin_epoch(path, file, copied, leap, given_out(database))
        swap_in(path, database, kept or database)
    restored = Restored(str(database), None if kept is None else str(kept), *begun)
    _say(copied, found, restored, as_json)


async def _check(file: Path, path: Path, progress: Progress) -> Totals:
    """Migrate a staged copy, and see that it can be read and agrees with itself."""
    with naming(file, path):
        async with open_store(path, executor="inline") as store:
            refuse_illegible(path)
            found = await store.read(lambda reader: totals(reader, progress))
        if found.disagreements:
            raise StoreMismatch(
                "this database does not agree with itself:\n" + "\n".join(found.disagreements)
            )
    return found


async def _begin_epoch(
    path: Path, file: Path, copied: Copied, leap: int, given: Mapping[str, int]
) -> tuple[str, int]:
    """Make a staged copy another database than the one it is a copy of; returns its epoch and its leap.

    No index is given out that the database it replaces says it has given out.
    """
    by = Principal(LOCAL_OPERATOR.key_id, None, os.geteuid())

    def begin(tx: Transaction) -> tuple[str, int]:
        far = max([leap, *(given[chain] - tx.chain(chain).next_index for chain in given)])
        epoch = tx.begin_epoch(far)
        backup = {"file": str(file.absolute()), "epoch": copied.epoch, "last_seq": copied.last_seq}
        tx.append(act(EventType.ADMIN_RESTORED, by, **backup, leap=far), system_clock())
        return epoch, far

    async with open_store(path, executor="inline") as store:
        return await store.transact(begin)


def _aside(database: Path) -> Path | None:
    """What the database that is there is called from now on; None where there is none."""
    if not database.exists():
        return None
    at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return database.with_name(f"{database.stem}.before-restore-{at}{database.suffix}")


def _say(copied: Copied, found: Totals, restored: Restored | None, as_json: bool) -> None:
    if as_json:
        counts = {name: count for name, count in asdict(found).items() if name != "disagreements"}
        done = None if restored is None else asdict(restored)
        print_json({**asdict(copied), "totals": counts, "restored": done})
        return
    click.echo(
        f"sound: version {copied.version}, {found.sellers} sellers, {found.invoices} invoices, "
        f"{found.payments} payments ({found.unmatched} unmatched), {found.relays} relays, "
        f"{found.events} events, all in agreement"
    )
    if restored is not None:
        _say_restored(restored)


def _say_restored(restored: Restored) -> None:
    click.echo(f"restored to {restored.database}; each chain leaves out {restored.leap} addresses")
    if restored.kept is not None:
        click.echo(f"what was there is kept as {restored.kept}")
    click.echo(
        "keys that were revoked since the backup are valid again: revoke them anew (paydaemon key list)"
    )


def _note(database: Path, socket: Path, made: Json) -> str | None:
    """Have the daemon journal a backup; what hindered it, if anything did."""
    if not socket.exists():
        return _silence(database, socket)
    try:
        call(socket, "POST", "/admin/v1/backups", body=made)
    except NoAnswer:
        return _silence(database, socket)
    except click.ClickException as error:
        return error.message
    return None


def _silence(database: Path, socket: Path) -> str:
    """Why nobody answers at the socket."""
    try:
        runs = is_claimed(str(database.resolve()))
    except OSError as error:
        return f"nobody answers at {socket}, and whether a daemon runs cannot be seen: {reason(error)}"
    return f"a daemon runs, but does not answer at {socket}" if runs else "no daemon runs here"


def _places(config: Path) -> Places:
    try:
        return load_places(config)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _told() -> Iterator[Progress]:
    progress = Progress()
    try:
        yield progress
    finally:
        progress.end()


@contextmanager
def _in_words() -> Iterator[None]:
    """Whatever files or disk have against it: one line, or one for each fault of a damaged database."""
    try:
        yield
    except StoreMismatch as error:
        raise click.ClickException(str(error).replace(IN_USE, f"stop the daemon first: {IN_USE}")) from error
    except StoreUnavailable as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(reason(error)) from error
