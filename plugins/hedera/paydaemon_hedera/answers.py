"""What a mirror node says, read strictly: its JSON becomes these, or `Unreadable` names what is wrong.

Shapes: the mirror node's OpenAPI document (hiero-mirror-node: rest/api/v1/openapi.yml). Times are strings of
seconds and nanoseconds there and nanoseconds here; amounts are whole numbers of tinybars or of a token's
smallest unit.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paydaemon.core.errors import Refusal
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.ids import TransactionId, parse_entity, parse_transaction_id

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{9})", re.ASCII)
_NANOS = 1_000_000_000


class Unreadable(ValueError):
    """The mirror said something else than it documents."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one account gained of one asset, or lost where it is negative."""

    account: str
    asset_code: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """One transaction as consensus left it. `moved` is without the rewards that the network adds."""

    id: TransactionId
    consensus_ns: int
    result: str
    memo: str
    moved: tuple[Moved, ...]

    @property
    def succeeded(self) -> bool:
        """Whether it did what it was signed for."""
        return self.result == "SUCCESS"


@dataclass(frozen=True, slots=True)
class Page:
    """Some transactions, and the path that asks for those after them; None where there are no more."""

    transactions: tuple[Recorded, ...]
    following: str | None


def page(said: Mapping[str, Any]) -> Page:
    """``/api/v1/transactions``."""
    try:
        return Page(tuple(map(recorded, said["transactions"])), said.get("links", {}).get("next"))
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"a list of transactions without {error}") from error


def recorded(said: Mapping[str, Any]) -> Recorded:
    """One entry of it."""
    try:
        id = parse_transaction_id(said["transaction_id"])
        return Recorded(
            TransactionId(id.payer, id.seconds, id.nanos, bool(said["scheduled"]), int(said["nonce"])),
            nanoseconds(said["consensus_timestamp"]),
            str(said["result"]),
            _text(said["memo_base64"]),
            _moved(said),
        )
    except (KeyError, TypeError, Refusal) as error:
        raise Unreadable(f"a transaction with an unreadable {error}") from error


def nanoseconds(time: object) -> int:
    """``1700000000.000000001`` in nanoseconds since the Unix epoch."""
    match = _TIME.fullmatch(time) if isinstance(time, str) else None
    if match is None:
        raise Unreadable(f"{time!r} is no time")
    return int(match[1]) * _NANOS + int(match[2])


def timestamp(at_ns: int) -> str:
    """The same the other way."""
    return f"{at_ns // _NANOS}.{at_ns % _NANOS:09d}"


def newest_ns(said: Mapping[str, Any]) -> int | None:
    """``/api/v1/blocks?limit=1&order=desc``: up to when everything is told; None before the first block."""
    try:
        blocks = said["blocks"]
        return nanoseconds(blocks[0]["timestamp"]["to"]) if blocks else None
    except (KeyError, TypeError, IndexError) as error:
        raise Unreadable(f"a list of blocks without {error}") from error


def decimals(said: Mapping[str, Any]) -> int:
    """``/api/v1/tokens/{id}``: how many of a token's smallest units, as a power of ten, one whole unit is."""
    try:
        return int(said["decimals"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"a token with unreadable {error}") from error


def _moved(said: Mapping[str, Any]) -> tuple[Moved, ...]:
    """What it moved; a staking reward among it is the network's own, and no part of what was signed."""
    hbar = [(NATIVE, entry, 1) for entry in said["transfers"]]
    rewards = [(NATIVE, entry, -1) for entry in said.get("staking_reward_transfers") or ()]
    tokens = [(str(entry["token_id"]), entry, 1) for entry in said["token_transfers"]]
    net: dict[tuple[str, str], int] = {}
    for code, entry, sign in (*hbar, *rewards, *tokens):
        account = parse_entity(entry["account"], "account")
        net[account, code] = net.get((account, code), 0) + sign * _whole(entry["amount"])
    return tuple(Moved(account, code, amount) for (account, code), amount in net.items())


def _whole(amount: object) -> int:
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise Unreadable(f"an amount of {amount!r}")
    return amount


def _text(memo: object) -> str:
    """A memo is any bytes; what is no text can be nobody's memo, but must not stop anything either."""
    if memo is None:
        return ""
    try:
        return base64.b64decode(str(memo), validate=True).decode("utf-8", errors="replace")
    except binascii.Error as error:
        raise Unreadable(f"a memo of {memo!r}") from error
