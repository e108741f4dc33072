"""What a mirror node says, read strictly: its JSON becomes these, or `Unreadable` names what is wrong.

Shapes: the mirror node's OpenAPI document (hiero-mirror-node: rest/api/v1/openapi.yml). Times are strings of
seconds and nanoseconds there and nanoseconds here; amounts are whole numbers of tinybars or of a token's
smallest unit.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from paydaemon.core.errors import Refusal
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.ids import TransactionId, parse_entity, parse_transaction_id

_TIME = re.compile(r"([0-9]{1,12})\.([0-9]{9})", re.ASCII)
_DECIMALS = re.compile(r"[0-9]{1,10}", re.ASCII)
_NANOS = 1_000_000_000

T = TypeVar("T")


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
    """One transaction as consensus left it. `moved` is without the rewards that the network adds.

    `hash` is the SHA-384 of what was submitted: of the signed bytes in today's envelope. `kind` is what it
    was in the mirror's word, such as ``CRYPTOTRANSFER``, and `entity` what it made, called or changed.
    """

    id: TransactionId
    consensus_ns: int
    result: str
    memo: str
    moved: tuple[Moved, ...]
    hash: bytes | None = None
    kind: str = ""
    entity: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it did what it was signed for."""
        return self.result == "SUCCESS"


@dataclass(frozen=True, slots=True)
class Page:
    """Some transactions, by time; `has_more` after the last of them."""

    transactions: tuple[Recorded, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account. `key` is its type and its hex, None where there is none.

    It takes tokens that it is not associated with where `takes_any_token`, and transfers without its own
    signature unless `signs_to_receive`. A contract is an account, too.
    """

    key: tuple[str, str] | None
    is_deleted: bool
    takes_any_token: bool
    signs_to_receive: bool
    tinybars: int = 0


# --- Transactions


def page(said: object, after_ns: int, until_ns: int) -> Page:
    """``/api/v1/transactions``, asked for in order, with consensus in ``(after_ns, until_ns]``."""
    found = transactions(said)
    times_ns = [after_ns, *(one.consensus_ns for one in found)]
    if times_ns[-1] > until_ns or any(later <= earlier for earlier, later in pairwise(times_ns)):
        raise Unreadable("the transactions are not those that were asked for")
    links = _object(_object(said).get("links") or {})
    return Page(found, bool(found) and links.get("next") is not None)


def transactions(said: object) -> tuple[Recorded, ...]:
    """``/api/v1/transactions/{id}``, or the list of any."""
    return tuple(_recorded(_object(one)) for one in _of(_object(said), "transactions", list))


def _recorded(said: Mapping[str, Any]) -> Recorded:
    try:
        id = parse_transaction_id(said.get("transaction_id"))
        moved = _moved(said)
        entity = None if said.get("entity_id") is None else parse_entity(said["entity_id"], "entity_id")
    except Refusal as refusal:
        raise Unreadable(f"{refusal.param} {refusal.message}") from refusal
    return Recorded(
        TransactionId(id.payer, id.seconds, id.nanos, _of(said, "scheduled", bool), _whole(said, "nonce")),
        nanoseconds(said.get("consensus_timestamp")),
        _of(said, "result", str),
        _text(said.get("memo_base64")),
        moved,
        _bytes(said.get("transaction_hash"), "transaction_hash"),
        _of(said, "name", str),
        entity,
    )


def _moved(said: Mapping[str, Any]) -> tuple[Moved, ...]:
    """What it moved; a staking reward among it is the network's own, and no part of what was signed."""
    net: dict[tuple[str, str], int] = {}
    for code, entry, sign in _movements(said):
        if entry.get("account") is not None:
            account = parse_entity(entry["account"], "account")
            net[account, code] = net.get((account, code), 0) + sign * _whole(entry, "amount")
    return tuple(Moved(account, code, amount) for (account, code), amount in net.items())


def _movements(said: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], int]]:
    for entry in _of(said, "transfers", list):
        yield NATIVE, _object(entry), 1
    for entry in _is(said.get("staking_reward_transfers") or [], list, "staking_reward_transfers"):
        yield NATIVE, _object(entry), -1
    for entry in _of(said, "token_transfers", list):
        yield parse_entity(_object(entry).get("token_id"), "token_id"), entry, 1


# --- Anything else


def newest_ns(said: object) -> int | None:
    """``/api/v1/blocks?limit=1&order=desc``: up to when everything is told; None before the first block."""
    blocks = _of(_object(said), "blocks", list)
    return nanoseconds(_object(_object(blocks[0]).get("timestamp")).get("to")) if blocks else None


def account(said: object) -> Account:
    """``/api/v1/accounts/{id}``."""
    told = _object(said)
    key = None if told.get("key") is None else _object(told["key"])
    return Account(
        key=None if key is None else (_of(key, "_type", str), _of(key, "key", str)),
        is_deleted=told.get("deleted") is True,
        takes_any_token=told.get("max_automatic_token_associations") not in (0, None),
        signs_to_receive=told.get("receiver_sig_required") is True,
        tinybars=_whole(_object(told.get("balance") or {"balance": 0}), "balance"),
    )


def decimals(said: object) -> int:
    """``/api/v1/tokens/{id}``: how many of a token's smallest units, as a power of ten, one whole unit is."""
    told = _of(_object(said), "decimals", str)
    if _DECIMALS.fullmatch(told) is None:
        raise Unreadable("the decimals of a token are no number")
    return int(told)


def holds_tokens(said: object) -> bool:
    """``/api/v1/accounts/{id}/tokens``: whether there is any."""
    return bool(_of(_object(said), "tokens", list))


def node_entries(said: object) -> list[Mapping[str, Any]]:
    """``/api/v1/network/nodes``: its entries, which are read one by one (`paydaemon_hedera.addresses`)."""
    return [_object(entry) for entry in _of(_object(said), "nodes", list)]


def nanoseconds(time: object) -> int:
    """``1700000000.000000001`` in nanoseconds since the Unix epoch."""
    match = _TIME.fullmatch(time) if isinstance(time, str) else None
    if match is None:
        raise Unreadable("a time is not written as seconds and nanoseconds")
    return int(match[1]) * _NANOS + int(match[2])


def timestamp(at_ns: int) -> str:
    """The same the other way."""
    return f"{at_ns // _NANOS}.{at_ns % _NANOS:09d}"


def _object(said: object) -> Mapping[str, Any]:
    return _is(said, dict, "an object")


def _of(said: Mapping[str, Any], name: str, type: type[T]) -> T:
    return _is(said.get(name), type, name)


def _whole(said: Mapping[str, Any], name: str) -> int:
    if isinstance(said.get(name), bool):
        raise Unreadable(f"{name} is no whole number")
    return _of(said, name, int)


def _is(said: object, type: type[T], name: str) -> T:
    if not isinstance(said, type):
        raise Unreadable(f"{name} is missing, or something else")
    return said


def _text(memo: object) -> str:
    """A memo is any bytes; what is no text can be nobody's memo, but must not stop anything either."""
    return (_bytes(memo, "memo_base64") or b"").decode("utf-8", "replace")


def _bytes(said: object, name: str) -> bytes | None:
    if said is None:
        return None
    try:
        return base64.b64decode(_is(said, str, name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(f"{name} is no base64") from error
