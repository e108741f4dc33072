"""The chain in memory as a plugin: `FakeChain` with a sandbox that can bring everything about.

Chain and sandbox share a file and nothing else (`fakemoves`), so each may run in a process of its own.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import trio

from paydaemon.hooks.ports import ChainHost, PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakemoves import Moves
from paydaemon.testing.fakenetwork import Credit

NAME = "fake"
POLL_S = 0.5
"""How often it is seen complete while nothing happens."""
FOLLOW_S = 0.01
"""How soon it is seen that something happened."""


class FakeSettings(Settings):
    """``[chains.<id>]`` with ``plugin = "fake"``: without the file of a network nothing happens on it."""

    moves: Path | None = None


class SharedChain(FakeChain):
    """A chain on a sandbox's network."""

    def __init__(self, id: str, moves: Moves) -> None:
        super().__init__(moves.network, "FAKE")
        self.id = id
        self.assets = (type(self.assets[0])(id, "FAKE", "FAKE", 8),)
        self.poll_s = POLL_S
        self._moves = moves

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """As `FakeChain.run`, on a network that goes on meanwhile."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._follow)
            await super().run(host, task_status=task_status)

    async def _follow(self) -> None:
        while True:
            self._moves.follow()
            await trio.sleep(FOLLOW_S)


class FakeSandbox:
    """A network in memory (`paydaemon.hooks.sandbox.Sandbox`, with all its further ports)."""

    def __init__(self) -> None:
        self.moves = Moves()

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Be there until cancelled."""
        moves = folder / "moves"
        moves.touch()
        self.moves = Moves(moves)
        task_status.started(SandboxFacts({"plugin": NAME, "moves": str(moves)}))
        await trio.sleep_forever()

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id."""
        return await self.pay_all([to])

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""
        return self.moves.pay(*(Credit(key_of(one.address), one.amount_minor) for one in to))

    async def finalise(self, confirmations: int) -> None:
        """So many blocks."""
        self.moves.grow(confirmations)

    async def replace(self, transaction_id: str) -> None:
        """Spend what it spends elsewhere."""
        self.moves.replace(transaction_id)

    async def reorganise(self, depth: int, *, lost: Collection[str] = ()) -> None:
        """Another branch, without what was in those blocks."""
        self.moves.reorganise(depth, *lost)

    async def go_away(self) -> None:
        """Nobody sees the network."""
        self.moves.be_away(True)

    async def come_back(self) -> None:
        """Everybody sees it again."""
        self.moves.be_away(False)

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """Nobody pays on it by hand."""
        return []


class FakePlugin:
    """The hooks of a plugin with one chain."""

    chain: Callable[[str, Moves], FakeChain] = SharedChain

    @hookimpl
    def register_chains(self) -> Sequence[ChainPlugin]:
        """A chain named ``fake``."""
        return [ChainPlugin(NAME, FakeSettings, self._build)]

    @hookimpl
    def register_sandboxes(self) -> Sequence[SandboxPlugin]:
        """The network that it watches."""
        return [SandboxPlugin(NAME, FakeSandbox)]

    def _build(self, id: str, settings: FakeSettings) -> FakeChain:
        return type(self).chain(id, Moves(settings.moves))


def key_of(address: str) -> str:
    """The key of the destination that `FakeChain.destination_at` gives this address."""
    chain, _, index = address.rpartition("1q")
    return f"{chain}-key-{int(index)}"
