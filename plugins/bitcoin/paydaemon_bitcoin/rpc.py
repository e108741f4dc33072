"""The node's RPC for trio: calls that are repeated where that does no harm, and bounded in every way.

The library's own ``batch_`` fails on the replies of today's nodes and is not used.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import trio

from paydaemon.hooks.settings import Secret
from paydaemon_bitcoin.errors import NodeUnavailable, RpcError
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.lines import Credentials, Lines, Unanswered

T = TypeVar("T")

REPEATABLE = frozenset(
    {
        "deriveaddresses",
        "getaddressinfo",
        "getbestblockhash",
        "getblockchaininfo",
        "getblockhash",
        "getblockheader",
        "getconnectioncount",
        "getmempoolentry",
        "getmempoolinfo",
        "getnettotals",
        "gettransaction",
        "getwalletinfo",
        "getzmqnotifications",
        "importdescriptors",
        "keypoolrefill",
        "listdescriptors",
        "listsinceblock",
        "listwallets",
        "setlabel",
        "syncwithvalidationinterfacequeue",
    }
)
"""Calls that do no harm when they are made twice."""

PAUSES_S = (0.0, 0.0, 0.1, 0.5)
"""How long to wait before each try: the second is at once, since a broken connection is the usual trouble."""


def pauses_s(tries: int) -> Sequence[float]:
    """The pauses before so many tries; from some try on they grow no more."""
    return [PAUSES_S[min(number, len(PAUSES_S) - 1)] for number in range(tries)]


def cookie_file(path: Path) -> Credentials:
    """The credentials that a node writes anew at each start: one line, ``user:password``."""

    def read() -> tuple[str, str]:
        user, colon, password = path.read_text(encoding="utf-8").strip().partition(":")
        if not colon:
            raise ValueError(f"{path} is no cookie file")
        return user, password

    return read


def user_and_password(user: str, password: Secret) -> Credentials:
    """The credentials of ``rpcauth`` or ``rpcuser`` in the node's own configuration."""
    return lambda: (user, password.read())


def connect(
    url: str,
    credentials: Credentials,
    *,
    workers: int = 4,
    timeout_s: float = 30.0,
    pauses_s: Sequence[float] = PAUSES_S,
    answer_bytes: int = BitcoinLimits().rpc_answer_bytes,
) -> "Rpc":
    """The node at `url`, which holds no credentials. Dials at the first call; tries as often as it pauses."""
    parts = urlsplit(url)
    return Rpc(Lines(parts, credentials, workers, answer_bytes), parts.path.rstrip("/"), timeout_s, pauses_s)


class Rpc:
    """Calls to a node, or to one wallet of it; made by `connect`."""

    def __init__(self, lines: Lines, path: str, timeout_s: float, pauses_s: Sequence[float]) -> None:
        self._lines = lines
        self._path = path
        self._timeout_s = timeout_s
        self._pauses_s = pauses_s

    @property
    def breaks(self) -> int:
        """How often a connection failed or was given up. While this stays, it is the same run of the node."""
        return self._lines.breaks

    def wallet(self, name: str) -> "Rpc":
        """The wallet of that name on the same node, over the same connections."""
        path = f"{self._path}/wallet/{quote(name, safe='')}"
        return Rpc(self._lines, path, self._timeout_s, self._pauses_s)

    async def call(self, method: str, *params: object, timeout_s: float | None = None) -> Any:
        """The node's answer to one call; every fraction in it is a `Decimal`.

        Amounts among `params` must be strings: python-bitcoinrpc sends a `Decimal` through a float.
        `timeout_s` bounds the node's silence. Raises `RpcError` where the node refuses, `NodeUnavailable`
        where it does not answer; the call may then have been carried out all the same.
        """
        trouble = ""
        for pause_s in self._pauses_s:
            await trio.sleep(pause_s)
            try:
                return await self._lines.ask(self._path, method, params, timeout_s or self._timeout_s)
            except Unanswered as error:
                trouble = error.reason
                if error.perhaps_done and method not in REPEATABLE:
                    break
        raise NodeUnavailable(trouble)

    def close(self) -> None:
        """Hang up. A later call dials anew."""
        self._lines.close()


async def gather(questions: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """All answers, asked for at the same time, in order. Trouble with the node is raised bare."""
    answers: dict[int, T] = {}
    trouble: list[Exception] = []

    async def ask(number: int, question: Callable[[], Awaitable[T]]) -> None:
        try:
            answers[number] = await question()
        except (RpcError, NodeUnavailable) as error:
            trouble.append(error)
            nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        for number, question in enumerate(questions):
            nursery.start_soon(ask, number, question)
    if trouble:
        raise trouble[0]
    return [answers[number] for number in range(len(questions))]
