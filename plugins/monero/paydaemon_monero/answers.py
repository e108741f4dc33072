"""What monerod and its wallet answer, read strictly and into types. All of it is pure.

Every number is an integer, of 64 bits at most; amounts are piconero. Whatever is not of its documented form
raises `Unreadable`, which names the field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paydaemon_monero.errors import unreadable

_MOST = 2**64 - 1
_HASH_DIGITS = 64


@dataclass(frozen=True, slots=True)
class Credit:
    """What one transaction brings one of our subaddresses, by the wallet's word; it never changes.

    The wallet adds up the outputs of a transaction that go to the same subaddress. It leaves out, once they
    are in a block, those whose one-time key it has seen before: they can never be spent beside the other. So
    the same transaction can be worth another amount there than it was in the pool, and the amount is part of
    what a credit is.
    """

    txid: str
    minor: int
    amount_minor: int
    address: str

    @property
    def ref(self) -> str:
        """What makes it unique on its chain."""
        return f"{self.txid}:{self.minor}:{self.amount_minor}"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One entry of ``get_transfers``; `height` is None while it is in the pool.

    `time_s` is that of its block, or else when the wallet first saw it. `unlock_time` is as in the
    transaction: 0, a number of blocks, or a time (`paydaemon_monero.locks`).
    """

    credit: Credit
    height: int | None
    time_s: int
    unlock_time: int


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where monerod has one transaction: in the pool since `received_s`, or in the block of that height."""

    height: int | None
    double_spend_seen: bool = False
    received_s: int | None = None


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What ``get_info`` says. `blocks` is how many there are, the first one included.

    `clock_s` is the time that locks are held against. `peers` is None where it is not told.
    """

    blocks: int
    tip: str
    target: int
    synchronized: bool
    network: str
    clock_s: int
    peers: int | None
    version: str

    @property
    def height(self) -> int:
        """The number of the newest block."""
        return self.blocks - 1


def transfers(said: Mapping[str, Any], account: int) -> Sequence[Transfer]:
    """What ``get_transfers``, or ``get_transfer_by_txid``, says of the account's subaddresses.

    The one with the number 0 is left out: a view-only wallet cannot tell there what was paid from change.
    What holds nothing is no credit.
    """
    return [
        transfer
        for transfer in _incoming(said, account)
        if transfer.credit.minor and transfer.credit.amount_minor
    ]


def node_info(said: Mapping[str, Any]) -> NodeInfo:
    """What ``get_info`` says."""
    hidden = said.get("restricted", False) or said.get("offline", False)
    peers = (
        None
        if hidden
        else integer(said, "incoming_connections_count") + integer(said, "outgoing_connections_count")
    )
    return NodeInfo(
        blocks=integer(said, "height"),
        tip=digest(said, "top_block_hash"),
        target=integer(said, "target_height"),
        synchronized=flag(said, "synchronized"),
        network=text(said, "nettype"),
        clock_s=integer(said, "adjusted_time"),
        peers=peers,
        version=str(said.get("version", "")),
    )


def whereabouts(said: Mapping[str, Any]) -> Mapping[str, Whereabouts]:
    """What ``/get_transactions`` says, by transaction. Those that the node does not know are not in it."""
    return {digest(entry, "tx_hash"): _place(entry) for entry in listed(said, "txs")}


def accounts(said: Mapping[str, Any]) -> Mapping[int, str]:
    """What ``get_accounts`` says: each account's own address; that of the account 0 is the wallet's."""
    entries = listed(said, "subaddress_accounts")
    return {integer(entry, "account_index"): text(entry, "base_address") for entry in entries}


def addresses(said: Mapping[str, Any], count: int) -> Sequence[str]:
    """What ``get_address`` says of so many subaddresses, in the order in which they were asked for."""
    found = [text(entry, "address") for entry in listed(said, "addresses")]
    if len(found) != count:
        unreadable("addresses", found)
    return found


def index(said: Mapping[str, Any]) -> tuple[int, int]:
    """What ``get_address_index`` says: the account and the number of a subaddress."""
    found = inner(said, "index")
    return integer(found, "major"), integer(found, "minor")


def integer(said: Mapping[str, Any], name: str) -> int:
    """A whole number from 0 to what 64 bits hold."""
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        unreadable(name, value)
    return value


def integers(said: Mapping[str, Any], name: str) -> Sequence[int]:
    """A list of such numbers, at least one."""
    value = said.get(name)
    if not isinstance(value, list) or not value:
        unreadable(name, value)
    return [integer({name: entry}, name) for entry in value]


def text(said: Mapping[str, Any], name: str) -> str:
    """Some text."""
    value = said.get(name)
    if not isinstance(value, str) or not value:
        unreadable(name, value)
    return value


def digest(said: Mapping[str, Any], name: str) -> str:
    """A hash, such as a transaction's id."""
    return hash_of(said.get(name), name)


def hash_of(value: object, name: str) -> str:
    """The same, where it stands alone."""
    if not isinstance(value, str) or len(value) != _HASH_DIGITS or set(value) - set("0123456789abcdef"):
        unreadable(name, value)
    return value


def flag(said: Mapping[str, Any], name: str) -> bool:
    """Yes or no."""
    value = said.get(name)
    if not isinstance(value, bool):
        unreadable(name, value)
    return value


def listed(said: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects; an empty one is left out by monero."""
    value = said.get(name, [])
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        unreadable(name, value)
    return value


def inner(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within."""
    value = said.get(name)
    if not isinstance(value, dict):
        unreadable(name, value)
    return value


def _incoming(said: Mapping[str, Any], account: int) -> Iterator[Transfer]:
    for name in ("in", "pool", "transfers"):
        for entry in listed(said, name):
            index = inner(entry, "subaddr_index")
            if entry.get("type") in ("in", "block", "pool") and integer(index, "major") == account:
                yield _transfer(entry, integer(index, "minor"))


def _transfer(entry: Mapping[str, Any], minor: int) -> Transfer:
    return Transfer(
        Credit(digest(entry, "txid"), minor, integer(entry, "amount"), text(entry, "address")),
        height=None if entry["type"] == "pool" else integer(entry, "height"),
        time_s=integer(entry, "timestamp"),
        unlock_time=integer(entry, "unlock_time"),
    )


def _place(entry: Mapping[str, Any]) -> Whereabouts:
    if not flag(entry, "in_pool"):
        return Whereabouts(integer(entry, "block_height"))
    received_s = integer(entry, "received_timestamp") if entry.get("received_timestamp") else None
    return Whereabouts(None, flag(entry, "double_spend_seen"), received_s)
