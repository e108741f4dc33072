"""The archive: backups of the database as ``paydaemon backup`` makes them, and lives that go on from one.

What belongs to the database goes back with it: what the daemon was told, what it journaled, who was told of
that. So from then on the same checks hold as before, against what was known when the backup was made. What
belongs to the world stays as it is: the networks, what buyers have paid, and which destinations and event ids
were ever given out, none of which may come a second time.
"""

import pickle
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from paydaemon.cli import backup as command
from paydaemon.store.sqlite.backup import SIDES, back_up
from tests.simulation.clients import Clients
from tests.simulation.town import Town
from tests.simulation.watch import Watch

RESTORES = 3
"""How often a life goes back, at most."""


@dataclass(slots=True)
class Backup:
    """A copy of the database, and what was known when it was made."""

    path: Path
    known: bytes


@dataclass
class Archive:
    """All backups of one town, in a folder beside its database. `losses` counts how often one took the place
    of a database of which nothing could be read any more: the operator has to know what was left out then.
    """

    town: Town
    watch: Watch
    clients: Clients
    backups: list[Backup] = field(default_factory=list)
    restored: int = 0
    losses: int = 0

    async def back_up(self) -> None:
        """Make a copy, between any two steps of the daemon's own."""
        if (database := self.town.disk.path) is None:
            return
        await self.watch.check()
        target = database.with_name(f"{database.stem}-backup-{len(self.backups)}.sqlite3")
        copied = back_up(database, target, lambda what, part: None)
        if copied.last_seq == len(self.watch.journal):
            self.backups.append(Backup(target, pickle.dumps(self._known())))
        else:  # relays and deliveries go on by themselves
            target.unlink()

    async def restore(self) -> None:
        """The database is what it was some time ago: put back over what there is, or after that was lost."""
        if not self.backups or self.restored == RESTORES:
            return
        self.restored += 1
        chosen, is_lost = self.town.dice.choice(self.backups), self.town.dice.random() < 0.3
        await self.town.running.end()
        await self.town.disk.close()
        if is_lost:
            self._lose()
            self.losses += 1
        await self._put_back(chosen, command.LEAP * self.losses if is_lost else 1)
        self._remember(chosen)
        self.town.mortal.die()

    def _lose(self) -> None:
        for side in SIDES:
            Path(f"{self.town.disk.path}{side}").unlink(missing_ok=True)

    async def _put_back(self, chosen: Backup, leap: int) -> None:
        database = self.town.disk.path
        assert database is not None
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()):
            patch.setattr(command, "system_clock", self.town.clock)
            await command._restore(chosen.path, database, leap, as_json=False)
        for kept in database.parent.glob(f"{database.stem}.before-restore-*"):
            kept.unlink()

    # --- What is known

    def _known(self) -> object:
        cursors = {id: chaos.cursors for id, chaos in self.town.chaos.items()}
        post = self.town.post
        return self.town.account, self.watch.known(), cursors, post.taken, post.refused

    def _remember(self, chosen: Backup) -> None:
        """As it was then; what was handed over since the last check was never heard of."""
        town, post = self.town, self.town.post
        town.account, known, cursors, post.taken, post.refused = pickle.loads(chosen.known)
        self.watch.remember(known)
        post.handed.clear()
        town.nodes.forget()
        self.clients.known_from = len(self.clients.signed)
        for id, chaos in town.chaos.items():
            chaos.cursors = cursors[id]
