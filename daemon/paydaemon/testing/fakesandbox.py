"""The chain in memory as a plugin: `FakeChain` with a sandbox that can bring everything about.

Chain and sandbox share a file and nothing else (`fakemoves`), so each may run in a process of its own.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import trio

from paydaemon.core.money import Asset
from paydaemon.hooks.ports import ChainHost, PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakemoves import Moves

NAME = "fake"
POLL_S = 0.5
"""How often it is seen complete while nothing happens."""
FOLLOW_S = 0.01
"""How soon it is seen that something happened."""
ODD_ADDRESSES = ("", "nobody", "\ud800", "a\0b", "'; --", "\u202e" * 200, "x" * 100_000)


class FakeSettings(Settings):
    """``[chains.<id>]`` with ``plugin = "fake"``: without the file of a network nothing happens on it."""

    moves: Path | None = None


class SharedChain(FakeChain):
    """A chain on a sandbox's network. `further` are the tokens that it has, by code, symbol and decimals."""

    further: ClassVar[Sequence[tuple[str, str, int]]] = ()

    def __init__(self, id: str, moves: Moves) -> None:
        super().__init__(moves.network, "FAKE")
        self.id = id
        self.assets = (Asset(id, "FAKE", "FAKE", 8), *(Asset(id, *token) for token in self.further))
        self.poll_s = POLL_S
        self._moves = moves
        moves.tokens = {token.code: token for token in self.assets[1:]}

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
        return self.moves.pay(*map(paid, to))

    def astray(self, to: PayTo) -> Sequence[PayTo]:
        """To whatever address: nobody checks one here."""
        return [replace(to, address=address) for address in ODD_ADDRESSES]

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
    sandbox: Callable[[], FakeSandbox] = FakeSandbox

    @hookimpl
    def register_chains(self) -> Sequence[ChainPlugin]:
        """A chain named ``fake``."""
        return [ChainPlugin(NAME, FakeSettings, self._build)]

    @hookimpl
    def register_sandboxes(self) -> Sequence[SandboxPlugin]:
        """The network that it watches."""
        return [SandboxPlugin(NAME, type(self).sandbox)]

    def _build(self, id: str, settings: FakeSettings) -> FakeChain:
        return type(self).chain(id, Moves(settings.moves))


def paid(to: PayTo) -> tuple[str, int, str]:
    """What `Moves.pay` pays by that: key, amount and asset."""
    return key_of(to.address), to.amount_minor, to.asset_code


def key_of(address: str) -> str:
    """The key of the destination that `FakeChain.destination_at` gives this address; others are their own."""
    chain, _, index = address.rpartition("1q")
    return f"{chain}-key-{int(index)}" if index.isdecimal() and chain else address
