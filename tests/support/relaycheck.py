"""Do clients, network and ledger agree on every relay? Pure: three accounts are compared.

The *network* is what nodes took and what consensus made of it, the *ledger* is what the daemon says of
itself, and *told* is what its clients signed and were answered, over however many lives of the daemon.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.support.ledgercheck import Json, gaps, milliseconds

FINAL = frozenset({"succeeded", "failed"})
NEXT: Mapping[str, frozenset[str]] = {
    "received": frozenset({"accepted", "unknown"}) | FINAL,
    "accepted": frozenset({"unknown"}) | FINAL,
    "unknown": FINAL,
    "succeeded": frozenset(),
    "failed": frozenset({"received"}),
}
"""What may be told of a relay after what. What nobody has taken may come again, and only that."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A transaction that reached a node: its bytes, when, and whether the node took it."""

    transaction_id: str
    raw: bytes
    at_ms: int
    was_taken: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """What consensus made of a transaction; `gained` is what it brought us, by asset, in minor units."""

    transaction_id: str
    code: str
    at_ms: int
    memo: str
    gained: Mapping[str, int]

    @property
    def is_duplicate(self) -> bool:
        """Whether it was only charged for: another entry of the same transaction had come first."""
        return self.code == "DUPLICATE_TRANSACTION"


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that happened on it. Our account there is `payee`."""

    payee: str
    handed: Sequence[Handed]
    executed: Sequence[Executed]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the daemon says, all of it, in public shape; `relays` by transaction id."""

    relays: Mapping[str, Json]
    invoices: Sequence[Json]
    payments: Sequence[Json]
    journal: Sequence[Json]


@dataclass(slots=True)
class Told:
    """What clients remember.

    `signed` are the entries of every transaction that they signed, by its id; `relays` is every state of one
    that was answered or pushed; `direct` are the ids of those that were paid past the daemon.
    """

    signed: dict[str, frozenset[bytes]] = field(default_factory=dict)
    relays: list[Json] = field(default_factory=list)
    direct: set[str] = field(default_factory=set)

    @property
    def acknowledged(self) -> frozenset[str]:
        """The ids of all transactions of which a client was told anything."""
        return frozenset(relay["transaction_id"] for relay in self.relays)


def disagreements(ledger: Ledger, network: Network, told: Told) -> list[str]:
    """Every way in which the three accounts disagree, in words; empty where they do not."""
    return [
        *gaps(ledger.journal),
        *_answers(ledger, told),
        *_identities(ledger, told),
        *_stories(ledger),
        *_submissions(ledger, network, told),
        *_outcomes(ledger, network),
        *_failures(ledger, network),
        *_credits(ledger, network),
        *_invoices(ledger, network),
        *_excess(ledger, network, told),
    ]


# Relays


def _states(ledger: Ledger) -> Mapping[str, list[tuple[int, Json]]]:
    """Everything journaled of each transaction: when, and what."""
    states = defaultdict(list)
    for event in ledger.journal:
        if event["type"].startswith("relay."):
            relay = event["data"]["relay"]
            states[relay["transaction_id"]].append((milliseconds(event["created_at"]), relay))
    return states


def _answers(ledger: Ledger, told: Told) -> Iterator[str]:
    """Whatever a client was told is known, and stands in the journal just so."""
    states = _states(ledger)
    for relay in told.relays:
        id = relay["transaction_id"]
        if id not in ledger.relays:
            yield f"relay {id} was told as {relay['status']} and is lost"
        elif not any(_is_same(relay, kept) for _, kept in states[id]):
            yield f"relay {id} was told as {relay['status']} and was never journaled so"


def _is_same(told: Json, kept: Json) -> bool:
    """Whoever may not know the invoice is told of none."""
    hidden = {} if told["invoice_id"] is not None else {"invoice_id": None}
    return told == {**kept, **hidden}


def _identities(ledger: Ledger, told: Told) -> Iterator[str]:
    """Every relay is of what a client has signed, under the id that it was signed with, and one only."""
    for id, states in _states(ledger).items():
        if id not in told.signed:
            yield f"relay {id} is of a transaction that nobody has signed"
        if len({relay["id"] for _, relay in states}) != 1:
            yield f"transaction {id} is known as several relays"
    for id, count in Counter(relay["id"] for relay in ledger.relays.values()).items():
        if count > 1:
            yield f"relay {id} stands for {count} transactions"


def _stories(ledger: Ledger) -> Iterator[str]:
    """Each relay begins by being received, moves only as it may, and stands where it was told last."""
    for id, states in _states(ledger).items():
        told = [relay["status"] for _, relay in states]
        if told[0] != "received":
            yield f"relay {id} begins as {told[0]}"
        for before, after in pairwise(told):
            if after not in NEXT[before]:
                yield f"relay {id} was {before} and then {after}"
        if any(one["status"] == "failed" and one["receipt"] for _, one in states[:-1]):
            yield f"relay {id} moved on after consensus had refused it"
        if ledger.relays.get(id) != states[-1][1]:
            yield f"relay {id} is not what was told of it last"


def _submissions(ledger: Ledger, network: Network, told: Told) -> Iterator[str]:
    """Nodes got what was signed, byte for byte, once it was journaled, and from nobody else."""
    states = _states(ledger)
    for handed in network.handed:
        id = handed.transaction_id
        if id in told.direct:
            continue
        if handed.raw not in told.signed.get(id, ()):
            yield f"a node was handed other bytes than were signed as {id}"
        if id not in states:
            yield f"{id} was handed to a node and is no relay"
        elif handed.at_ms < states[id][0][0]:
            yield f"{id} was handed to a node before it was journaled"


def _outcomes(ledger: Ledger, network: Network) -> Iterator[str]:
    """Every relay is final, and what consensus has made of it, which is one thing.

    Duplicates move nothing. They come about where, after a kill, the one node that had it is silent.
    """
    executed = _by_id(network)
    for id, several in executed.items():
        carried_out = sum(not one.is_duplicate for one in several)
        if carried_out != 1:
            yield f"{id} was carried out {carried_out} times"
    for id, relay in ledger.relays.items():
        code = executed[id][0].code if id in executed else None
        expected = ("succeeded" if code == "SUCCESS" else "failed", code)
        if (relay["status"], relay["receipt"]) != expected:
            yield f"relay {id} is {relay['status']} by {relay['receipt']}, and the network says {expected}"


def _failures(ledger: Ledger, network: Network) -> Iterator[str]:
    """Nobody was told that a transaction failed which a node had taken, unless consensus refused it."""
    taken_ms = {one.transaction_id: one.at_ms for one in reversed(network.handed) if one.was_taken}
    for id, states in _states(ledger).items():
        for at_ms, relay in states:
            if relay["status"] == "failed" and relay["receipt"] is None and taken_ms.get(id, at_ms) < at_ms:
                yield f"relay {id} was told to have failed after a node had taken it"


# Money


def _by_id(network: Network) -> Mapping[str, list[Executed]]:
    found = defaultdict(list)
    for one in network.executed:
        found[one.transaction_id].append(one)
    return found


def _credits(ledger: Ledger, network: Network) -> Iterator[str]:
    """What consensus moved to us is one payment for each asset, and nothing else is one."""
    moved = {
        f"{one.transaction_id}:{network.payee}:{asset}": str(amount_minor)
        for one in network.executed
        for asset, amount_minor in one.gained.items()
    }
    recorded = defaultdict(list)
    for payment in ledger.payments:
        recorded[payment["ref"]].append(payment["amount_minor"])
    for ref in moved.keys() | recorded.keys():
        expected = [moved[ref]] if ref in moved else []
        if recorded[ref] != expected:
            yield f"{ref} moved {expected} and is recorded as {recorded[ref]}"


def _invoices(ledger: Ledger, network: Network) -> Iterator[str]:
    """Each option has what came under its memo, and one that is paid in full and in time is settled."""
    by_memo = defaultdict(list)
    for one in network.executed:
        by_memo[one.memo].append(one)
    for invoice in ledger.invoices:
        for option in invoice["options"]:
            yield from _option(invoice, option, by_memo[option["destination"]["memo"]])


def _option(invoice: Json, option: Json, paid: Sequence[Executed]) -> Iterator[str]:
    sum_minor = sum(one.gained.get(option["asset"], 0) for one in paid)
    if option["confirmed_minor"] != str(sum_minor):
        yield f"invoice {invoice['id']} has {option['confirmed_minor']} instead of {sum_minor}"
    in_time = all(one.at_ms <= milliseconds(invoice["expires_at"]) for one in paid)
    if in_time and sum_minor >= int(option["due_minor"]) and invoice["status"] != "settled":
        yield f"invoice {invoice['id']} was paid in time and is {invoice['status']}"


def _excess(ledger: Ledger, network: Network, told: Told) -> Iterator[str]:
    """Nobody signed for more than was asked, so together relays bring no more either."""
    relayed: Counter[str] = Counter()
    for one in network.executed:
        if one.transaction_id not in told.direct:
            relayed[one.memo] += one.gained.get("HBAR", 0)
    for invoice in ledger.invoices:
        for option in invoice["options"]:
            sum_minor = relayed[option["destination"]["memo"]]
            if option["asset"] == "HBAR" and sum_minor > int(option["due_minor"]):
                yield f"invoice {invoice['id']} was brought {sum_minor} of {option['due_minor']} by relays"
