"""A real Monero network of one node, a payer with money, and a seller's view-only wallet: for the demo, our
tests, and anybody else's.

Everything is in one folder and listens on loopback alone. Here its programs start and stop; what can happen
while they run is in `paydaemon_monero.play`.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import trio

from paydaemon_monero import kept
from paydaemon_monero.commands import node_arguments, wallet_arguments
from paydaemon_monero.making import PAYER, SELLER, make
from paydaemon_monero.play import Play
from paydaemon_monero.programs import MONEROD, WALLET_RPC, Program, ProgramFailed, free_ports

_START_TRIES = 3
_LOOK_S = 0.2


class Regtest(Play):
    """One such network; an async context manager that starts and stops it, on the same data each time.

    Ports are picked when it is first started and then kept, so that any of it can be away under a running
    daemon.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.payer_address = ""
        self._pick()

    def _pick(self) -> None:
        rpc, p2p, payer, seller = free_ports(4)
        self.node = Program(self.folder / "node", MONEROD, rpc, node_arguments(self.folder / "node", p2p))
        self.payer, self.seller = self._wallet(PAYER, payer), self._wallet(SELLER, seller)

    def _wallet(self, name: str, port: int) -> Program:
        folder = self.folder / name
        return Program(folder, WALLET_RPC, port, wallet_arguments(folder, self.node.port))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with trio.CancelScope(shield=True):
            await self.stop()

    @property
    def settings(self) -> dict[str, object]:
        """What a chain's configuration says of it."""
        return {
            "network": "regtest",
            "monerod_url": self.node.url,
            "wallet_rpc_url": self.seller.url,
            "poll_interval_s": 0.5,
            "lookahead": 16,
        }

    @property
    def programs(self) -> Sequence[Program]:
        """All of them, in the order in which they start."""
        return (self.node, self.payer, self.seller)

    async def start(self) -> None:
        """Start it; at first, make its wallets and mine until the payer can pay. Raises `ProgramFailed`."""
        if not (self.folder / PAYER / PAYER).exists():
            await kept.fill(self.folder, lambda: make(self.folder, self.node))
        for attempt in range(_START_TRIES):
            try:
                await self._start_all()
                return
            except ProgramFailed:  # somebody else may have taken a port meanwhile
                await self.stop()
                if attempt + 1 == _START_TRIES:
                    raise
                self._pick()

    async def _start_all(self) -> None:
        await self.node.start()
        for wallet in (self.payer, self.seller):
            await wallet.launch()
        for wallet in (self.payer, self.seller):
            await wallet.until_it_answers()
        self.payer_address = (await self.payer.rpc.call("get_address"))["address"]

    async def stop(self) -> None:
        """Stop all of it; wallets first, which store what they know."""
        for program in reversed(self.programs):
            await program.stop()

    @asynccontextmanager
    async def dialled(self) -> AsyncIterator[None]:
        """For another run of trio than that which has started it: connections belong to one.

        Whatever was stopped meanwhile is started again.
        """
        for program in self.programs:
            await program.until_it_answers()
        try:
            yield
        finally:
            with trio.CancelScope(shield=True):
                for program in self.programs:
                    if not program.runs:
                        await program.start()
                    await program.hang_up()

    async def wait(self) -> None:
        """Wait until some of it ends by itself, and raise `ProgramFailed` then."""
        while True:
            for program in self.programs:
                program.check()
            await trio.sleep(_LOOK_S)
