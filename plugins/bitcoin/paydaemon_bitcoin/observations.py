"""From what the node says of a transaction to what the daemon is told of its credits. All of it is pure.

The node's words were tried one situation at a time; this is what they mean:

============================  =================================================  ==========================
situation                     what the node says                                 told as
============================  =================================================  ==========================
in the mempool                ``getmempoolentry`` answers                        seen, in no block
in a block                    confirmations > 0                                  seen, in that block
fee bumped, or double spent   confirmations 0, not in the mempool, and a rival   replaced, by the rival
in the mempool                of it is
a rival is in a block         confirmations < 0; it vanishes from lists          conflicted
dropped, no rival             confirmations 0, not in the mempool                dropped
============================  =================================================  ==========================

Lists alone do not tell: one that was dropped or replaced is listed exactly like a healthy one. Every state
may turn into any other until it is `final`.

A coinbase is worth nothing until it is mature, and a reorganisation does not put it back into the mempool.
So it counts as seen in no block until its 101st confirmation, and as final from then on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from paydaemon.core.money import Asset
from paydaemon.core.payment import Observation, ObservedState

FINAL = 100
"""Confirmations from which a payment, or the loss of one, is watched no more."""

_COIN = 100_000_000
_MATURE = 101  # bitcoin: consensus/consensus.h, COINBASE_MATURITY, and the block that spends it
_RECEIVING = ("receive", "generate", "immature")


@dataclass(frozen=True, slots=True)
class Credit:
    """One output that pays an address of ours; it never changes."""

    txid: str
    vout: int
    amount_minor: int
    address: str

    @property
    def ref(self) -> str:
        """What makes it unique on its chain."""
        return f"{self.txid}:{self.vout}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the node's wallet has recorded of a transaction. Times are in seconds, by the node's clock.

    `confirmations` is negative where a block holds a rival of it, by so many blocks.
    """

    confirmations: int
    received_s: int
    block: str | None = None
    height: int | None = None
    block_time_s: int | None = None
    coinbase: bool = False
    wallet_rivals: tuple[str, ...] = ()
    mempool_rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a transaction stands, and with it all credits of it."""

    state: ObservedState
    seen_at_ms: int
    height: int | None = None
    block: str | None = None
    final: bool = False
    replaced_by: str | None = None


def recorded(said: Mapping[str, Any]) -> Recorded:
    """What an entry of ``listsinceblock``, or ``gettransaction``, says."""
    return Recorded(
        confirmations=said["confirmations"],
        received_s=said["timereceived"],
        block=said.get("blockhash"),
        height=said.get("blockheight"),
        block_time_s=said.get("blocktime"),
        coinbase=said.get("generated", False),
        wallet_rivals=tuple(said.get("walletconflicts", ())),
        mempool_rivals=tuple(said.get("mempoolconflicts", ())),
    )


def credit(said: Mapping[str, Any]) -> Credit | None:
    """The credit that an entry of ``listsinceblock`` tells of; None where it tells of something else.

    What the seller spends is listed too, and a payment from the same wallet both as sent and as received. An
    output that holds nothing is no credit.
    """
    if said.get("category") not in _RECEIVING or "address" not in said or not said["amount"]:
        return None
    return Credit(said["txid"], said["vout"], satoshi(said["amount"]), said["address"])


def satoshi(amount: Decimal | int) -> int:
    """The integer amount of what the node writes as a fraction of a bitcoin."""
    exact = Decimal(amount) * _COIN
    if exact != int(exact):
        raise ValueError(f"{amount} BTC is no whole number of satoshi")
    return int(exact)


def in_block(said: Recorded) -> Fate:
    """The fate of a transaction with `confirmations` above 0."""
    seen_at_ms = _ms(said.received_s, said.block_time_s)
    if said.coinbase and said.confirmations < _MATURE:
        return Fate(ObservedState.SEEN, seen_at_ms)
    return Fate(ObservedState.SEEN, seen_at_ms, said.height, said.block, final=said.confirmations >= FINAL)


def in_mempool(since_s: int, said: Recorded | None) -> Fate:
    """The fate of one in the mempool since then; the wallet may not know of it yet."""
    return Fate(ObservedState.SEEN, _ms(since_s, said.received_s if said else None))


def lost(said: Recorded | None, rival: str | None, seen_at_ms: int) -> Fate:
    """The fate of one in no block and not in the mempool; `rival` took its place in either, where known."""
    if said is not None and said.confirmations < 0:
        final = said.confirmations <= -FINAL
        return Fate(ObservedState.CONFLICTED, seen_at_ms, final=final, replaced_by=rival)
    state = ObservedState.DROPPED if rival is None else ObservedState.REPLACED
    return Fate(state, seen_at_ms, replaced_by=rival)


def observation(credit: Credit, fate: Fate, asset: Asset, position: int) -> Observation:
    """What the daemon is told of one credit."""
    return Observation(
        ref=credit.ref,
        transaction_id=credit.txid,
        asset=asset,
        amount_minor=credit.amount_minor,
        destination_key=credit.address,
        state=fate.state,
        seen_at_ms=fate.seen_at_ms,
        position=position,
        height=fate.height,
        block=fate.block,
        final=fate.final,
        replaced_by=fate.replaced_by,
    )


def _ms(*times_s: int | None) -> int:
    """The earliest of the times, in milliseconds."""
    return min(time_s for time_s in times_s if time_s is not None) * 1000
