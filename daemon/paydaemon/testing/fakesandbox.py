"""The chain in memory as a plugin: `FakeChain` with a sandbox that can bring everything about.

Chain and network belong to different threads, the daemon's and the sandbox's. So whatever happens on the
network happens in the chain's thread, as long as a chain runs.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

import trio

from paydaemon.core.money import Asset
from paydaemon.hooks.ports import ChainHost, PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, SandboxPlugin, hookimpl
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork

NAME = "fake"
POLL_S = 0.5
"""How often it is seen complete while nothing happens."""
ODD_ADDRESSES = ("", "nobody", "\ud800", "a\0b", "'; --", "\u202e" * 200, "x" * 100_000)
T = TypeVar("T")


class FakeSettings(Settings):
    """``[chains.<id>]`` with ``plugin = "fake"``: nothing can be configured."""


class SharedChain(FakeChain):
    """A chain on a sandbox's network. `further` are the tokens that it has, by code, symbol and decimals."""

    further: ClassVar[Sequence[tuple[str, str, int]]] = ()

    def __init__(self, id: str, sandbox: "FakeSandbox") -> None:
        super().__init__(sandbox.network, "FAKE")
        self.id = id
        self.assets = (Asset(id, "FAKE", "FAKE", 8), *(Asset(id, *token) for token in self.further))
        self.poll_s = POLL_S
        self._sandbox = sandbox
        sandbox.tokens = {token.code: token for token in self.assets[1:]}

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """As `FakeChain.run`, in the thread that the network belongs to meanwhile."""
        self._sandbox.watched_in = trio.lowlevel.current_trio_token()
        try:
            await super().run(host, task_status=task_status)
        finally:
            self._sandbox.watched_in = None


class FakeSandbox:
    """A network in memory (`paydaemon.hooks.sandbox.Sandbox`, with all its further ports)."""

    def __init__(self) -> None:
        self.network = FakeNetwork(lambda: time.time_ns() // 1_000_000)
        self.watched_in: trio.lowlevel.TrioToken | None = None
        self.tokens: Mapping[str, Asset] = {}

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Be there until cancelled."""
        task_status.started(SandboxFacts({"plugin": NAME}))
        await trio.sleep_forever()

    async def pay(self, to: PayTo) -> str:
        """Pay that much to a destination; returns the transaction's id."""
        return await self.pay_all([to])

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""
        asset_of = self.tokens.get
        outputs = [Credit(key_of(one.address), one.amount_minor, asset_of(one.asset_code)) for one in to]
        return await self._move(lambda: self.network.pay(*outputs))

    def astray(self, to: PayTo) -> Sequence[PayTo]:
        """To whatever address: nobody checks one here."""
        return [replace(to, address=address) for address in ODD_ADDRESSES]

    async def finalise(self, confirmations: int) -> None:
        """So many blocks."""
        await self._move(lambda: self.network.grow(confirmations))

    async def replace(self, transaction_id: str) -> None:
        """Spend what it spends elsewhere."""
        await self._move(lambda: self.network.replace(transaction_id))

    async def reorganise(self, depth: int, *, lost: Collection[str] = ()) -> None:
        """Another branch, without what was in those blocks."""
        await self._move(lambda: self.network.reorganise(depth, lost=lost, remine=False))

    async def go_away(self) -> None:
        """Nobody sees the network."""
        await self._move(lambda: self._be_away(True))

    async def come_back(self) -> None:
        """Everybody sees it again."""
        await self._move(lambda: self._be_away(False))

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """Nobody pays on it by hand."""
        return []

    def _be_away(self, away: bool) -> None:
        self.network.away = away
        self.network.tell()

    async def _move(self, move: Callable[[], T]) -> T:
        token = self.watched_in
        if token is None:
            return move()
        return await trio.to_thread.run_sync(lambda: trio.from_thread.run_sync(move, trio_token=token))


class FakePlugin:
    """The hooks of a plugin with one chain, on one network for as long as the plugin lives."""

    chain: Callable[[str, FakeSandbox], FakeChain] = SharedChain

    def __init__(self) -> None:
        self._sandbox = FakeSandbox()

    @hookimpl
    def register_chains(self) -> Sequence[ChainPlugin]:
        """A chain named ``fake``."""
        return [ChainPlugin(NAME, FakeSettings, lambda id, settings: type(self).chain(id, self._sandbox))]

    @hookimpl
    def register_sandboxes(self) -> Sequence[SandboxPlugin]:
        """The network that it watches."""
        return [SandboxPlugin(NAME, lambda: self._sandbox)]


def key_of(address: str) -> str:
    """The key of the destination that `FakeChain.destination_at` gives this address; others are their own."""
    chain, _, index = address.rpartition("1q")
    return f"{chain}-key-{int(index)}" if index.isdecimal() and chain else address
