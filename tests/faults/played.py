"""A plugin that plays a network from a file: each line is a move that a test has made on it.

The daemon finds it by its entry point (`installed`), in its own process and with nothing patched. What
happened on the network is the file's, so it outlives the daemon, as it would with a real node.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import trio

from paydaemon.core.invoice import Destination
from paydaemon.core.relay import Outcome, SignedTransfer
from paydaemon.hooks.ports import ChainHost, DestinationRequest
from paydaemon.hooks.settings import Settings
from paydaemon.hooks.specs import ChainPlugin, hookimpl
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit, FakeNetwork
from paydaemon.testing.fakerelay import FakeRelay, RelayFaults, RelayNetwork

LOOK_EVERY_S = 0.02


class PlayedSettings(Settings):
    """``[chains.<id>]``: the file of moves, and whether destinations are kept back for good."""

    moves: str
    gives_destinations: bool = True


class PlayedNetwork(FakeNetwork):
    """A network to which the lines of a file happen, at the times that stand in them."""

    def __init__(self, name: str, moves: Path) -> None:
        super().__init__(self._now_ms, name)
        self._moves = moves
        self._played = 0
        self._playing_at_ms: int | None = None

    def play(self) -> None:
        """Let everything happen that has been written since the last look."""
        lines = self._moves.read_text(encoding="ascii").splitlines()
        for line in lines[self._played :]:
            move = json.loads(line)
            self._playing_at_ms = move["at_ms"]
            self._make_move(move)
        self._played, self._playing_at_ms = len(lines), None

    def _make_move(self, move: dict[str, int | str]) -> None:
        match move:
            case {"pay": str(key), "amount_minor": int(amount_minor)}:
                self.pay(Credit(key, amount_minor))
            case {"grow": int(blocks)}:
                self.grow(blocks)
            case _:
                raise ValueError(f"this is no move: {move}")

    def _now_ms(self) -> int:
        """The network's own clock is the machine's, whatever the daemon's says."""
        return time.time_ns() // 1_000_000 if self._playing_at_ms is None else self._playing_at_ms


class PlayedChain(FakeChain):
    """A chain on a played network."""

    def __init__(self, id: str, settings: PlayedSettings) -> None:
        self._played = PlayedNetwork(id, Path(settings.moves))
        self._gives_destinations = settings.gives_destinations
        super().__init__(self._played)

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        if not self._gives_destinations:
            await trio.sleep_forever()
        return await super().destination(index, request)

    def destination_at(self, index: int) -> Destination:
        """One whose key is its address, as on most networks."""
        given = super().destination_at(index)
        return replace(given, key=given.address)

    async def run(
        self, host: ChainHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        self._played.play()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._play_on)
            await nursery.start(partial(super().run, host))
            task_status.started()

    async def _play_on(self) -> None:
        while True:
            self._played.play()
            await trio.sleep(LOOK_EVERY_S)


class RelayedSettings(PlayedSettings):
    """For a chain that relays, also the file of all that its nodes were given."""

    ledger: str


class WrittenLedger(RelayNetwork):
    """A ledger that writes down what it is given, so that it outlives the daemon as a real one would."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        file.touch()
        self.applied.update(set(file.read_text(encoding="ascii").split()))

    async def submit(self, transfer: SignedTransfer) -> Outcome:
        with self._file.open("a", encoding="ascii") as file:
            file.write(f"{transfer.transaction_id}\n")
        return await super().submit(transfer)


class RelayedChain(FakeRelay, PlayedChain):
    """A played chain that also passes transactions on."""

    def __init__(self, id: str, settings: RelayedSettings) -> None:
        super().__init__(id, settings)
        self.ledger, self.faults_of_relay = WrittenLedger(Path(settings.ledger)), RelayFaults()


@hookimpl
def register_chains() -> Sequence[ChainPlugin]:
    """Two kinds of chains."""
    return [
        ChainPlugin("played", PlayedSettings, PlayedChain),
        ChainPlugin("relayed", RelayedSettings, RelayedChain),
    ]
