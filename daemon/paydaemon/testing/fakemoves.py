"""What happens on a network in memory, as lines of a file: whoever reads it has the same network.

So a chain and its sandbox share nothing but the file, as a plugin shares nothing with the network it watches:
each may be in a thread or a process of its own, and be killed. One writes, any number read.
"""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from paydaemon.core.money import Asset
from paydaemon.testing.fakenetwork import Credit, FakeNetwork


class Moves:
    """The network of one such `file`. Without one nothing ever happens on it.

    `tokens` are the assets by code that whoever reads it knows beside the network's own one.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.network = FakeNetwork(self._now_ms)
        self.tokens: Mapping[str, Asset] = {}
        self._read_bytes = 0
        self._at_ms: int | None = None

    def pay(self, *outputs: tuple[str, int, str], blocks: int = 0) -> str:
        """A new transaction of so many minor units each of an asset, by its code, to keys; returns its id.

        It is in the first of so many blocks at once.
        """
        return str(self._do("pay", blocks, *outputs))

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
            return _MOVES[move](self, *arguments)
        finally:
            self._at_ms = None

    def _now_ms(self) -> int:
        """When what happens now happened: everybody has the same times."""
        return _machine_ms() if self._at_ms is None else self._at_ms


def _pay(moves: Moves, blocks: int, *outputs: tuple[str, int, str]) -> str:
    paid = [Credit(key, minor, moves.tokens.get(code)) for key, minor, code in outputs]
    txid = moves.network.pay(*paid)
    if blocks:
        moves.network.grow(blocks)
    return txid


def _grow(moves: Moves, blocks: int) -> None:
    moves.network.grow(blocks)


def _replace(moves: Moves, transaction_id: str) -> None:
    moves.network.replace(transaction_id)


def _reorganise(moves: Moves, depth: int, *lost: str) -> None:
    moves.network.reorganise(depth, lost=lost, remine=False)


def _be_away(moves: Moves, away: bool) -> None:
    moves.network.away = away
    moves.network.tell()


def _machine_ms() -> int:
    return time.time_ns() // 1_000_000


_MOVES: Mapping[str, Callable[..., object]] = {
    "pay": _pay,
    "grow": _grow,
    "replace": _replace,
    "reorganise": _reorganise,
    "be_away": _be_away,
}
