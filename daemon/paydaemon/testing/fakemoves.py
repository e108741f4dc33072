"""What happens on a network in memory, as lines of a file: whoever reads it has the same network.

So a chain and its sandbox share nothing but the file, as a plugin shares nothing with the network it watches:
each may be in a thread or a process of its own, and be killed. One writes, any number read.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from paydaemon.core.money import Asset
from paydaemon.testing.fakenetwork import Credit, FakeNetwork


class Moves:
    """The network of one such `file`. Without one nothing ever happens on it."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.network = FakeNetwork(self._now_ms)
        self._read_bytes = 0
        self._at_ms: int | None = None

    def pay(self, *outputs: Credit) -> str:
        """A new transaction with these outputs; returns its id."""
        return str(self._do("pay", [asdict(one) for one in outputs]))

    def grow(self, blocks: int) -> None:
        """So many blocks."""
        self._do("grow", blocks)

    def replace(self, transaction_id: str) -> None:
        """Another transaction takes the place of one in the mempool."""
        self._do("replace", transaction_id)

    def reorganise(self, depth: int, *lost: str) -> None:
        """Another branch, without what was in those blocks."""
        self._do("reorganise", depth, *lost)

    def be_away(self, away: bool) -> None:
        """Whether nobody sees the network."""
        self._do("be_away", away)

    def follow(self) -> object:
        """Let everything happen that was written since; returns what came of the last of it."""
        came: object = None
        if self.file is not None and self.file.stat().st_size > self._read_bytes:
            with self.file.open("rb") as moves:
                moves.seek(self._read_bytes)
                for line in moves:
                    if line.endswith(b"\n"):  # and otherwise it is still being written
                        self._read_bytes += len(line)
                        came = self._happen(**json.loads(line))
        return came

    def _do(self, move: str, *arguments: object) -> object:
        """Write it down, and let it happen here too."""
        assert self.file is not None, "the sandbox does not run"
        line = json.dumps({"at_ms": _machine_ms(), "move": move, "arguments": arguments})
        with self.file.open("a") as moves:
            moves.write(line + "\n")
        return self.follow()

    def _happen(self, at_ms: int, move: str, arguments: list[Any]) -> object:
        self._at_ms = at_ms
        try:
            return _MOVES[move](self.network, *arguments)
        finally:
            self._at_ms = None

    def _now_ms(self) -> int:
        """When what happens now happened: everybody has the same times."""
        return _machine_ms() if self._at_ms is None else self._at_ms


def _pay(network: FakeNetwork, outputs: list[dict[str, Any]]) -> str:
    return network.pay(*map(_credit, outputs))


def _credit(output: dict[str, Any]) -> Credit:
    asset = None if output["asset"] is None else Asset(**output["asset"])
    return Credit(output["key"], output["amount_minor"], asset)


def _reorganise(network: FakeNetwork, depth: int, *lost: str) -> None:
    network.reorganise(depth, lost=lost, remine=False)


def _be_away(network: FakeNetwork, away: bool) -> None:
    network.away = away
    network.tell()


def _machine_ms() -> int:
    return time.time_ns() // 1_000_000


_MOVES: dict[str, Callable[..., object]] = {
    "pay": _pay,
    "grow": FakeNetwork.grow,
    "replace": FakeNetwork.replace,
    "reorganise": _reorganise,
    "be_away": _be_away,
}
