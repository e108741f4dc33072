"""Relays: whether what is told of them is one story each, and true.

Each begins by being received, moves only as it may, and ends as the network says. Whatever a client was
answered is in the journal. One that succeeded has credited its invoice, once: `audit` looks for the credit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from paydaemon.core.events import Event
from paydaemon.core.public import public_relay
from paydaemon.store.port import Reader, Store
from tests.simulation.account import Account
from tests.simulation.nodes import Nodes
from tests.support.ledgercheck import Json
from tests.support.relaycheck import NEXT

CHAIN = "hedera"


@dataclass(slots=True)
class Relays:
    """What the journal told, by the transaction's id; `answers` is what clients were told since."""

    told: dict[str, list[Json]] = field(default_factory=dict)
    answers: list[Json] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    def hear(self, event: Event) -> None:
        """One more step of a relay."""
        relay = event.data["relay"]
        assert isinstance(relay, dict)
        id = str(relay["transaction_id"])
        told = self.told.setdefault(id, [])
        self._check_next(id, told[-1] if told else None, relay)
        told.append(relay)
        self.moved.add(id)

    def _check_next(self, id: str, before: Json | None, relay: Json) -> None:
        if before is None:
            assert relay["status"] == "received", f"relay {id} begins as {relay['status']}"
            return
        assert relay["status"] in NEXT[before["status"]], (
            f"relay {id} was {before['status']} and then {relay['status']}"
        )
        assert before["status"] != "failed" or before["receipt"] is None, (
            f"relay {id} moved on when it was over"
        )
        is_other = before["id"] != relay["id"]
        assert not is_other or before["status"] == "failed", f"transaction {id} is known as several relays"

    async def check(self, nodes: Nodes, store: Store, last_seq: int) -> None:
        """Nothing was handed over that should not have been, whatever was answered was journaled, and what
        was told by `last_seq` is so.
        """
        assert not nodes.faults, "; ".join(nodes.faults)
        answers, self.answers = self.answers, []
        for answer in answers:
            assert answer in self.told.get(answer["transaction_id"], ()), (
                f"{answer['transaction_id']} was told as {answer['status']} and was never journaled so"
            )
        moved, self.moved = self.moved, set()
        for id in moved:
            _check_truth(id, self.told[id][-1], nodes)
        if moved:
            await store.read(lambda reader: self._check_rows(reader, moved, last_seq))

    def _check_rows(self, reader: Reader, moved: Iterable[str], last_seq: int) -> None:
        """Unless they have moved on meanwhile: relays do so by themselves."""
        if reader.last_seq() != last_seq:
            self.moved |= set(moved)
            return
        for id in moved:
            relay = reader.relay(CHAIN, id)
            assert relay is not None, f"relay {id} was told and is not there"
            assert public_relay(relay) == self.told[id][-1], f"relay {id} is not what was told of it last"

    def audit(self, nodes: Nodes, account: Account) -> None:
        """Every outcome is known by now, and what succeeded is money, where it belongs and once."""
        for id, told in self.told.items():
            last = told[-1]
            assert last["status"] in ("succeeded", "failed"), f"relay {id} is still {last['status']}"
            _check_truth(id, last, nodes)
            if nodes.is_paid(id) and last["invoice_id"] is not None:
                credit = account.credits.get((CHAIN, f"{id}:0"))
                assert credit is not None, f"relay {id} succeeded, and nothing was credited"
                assert credit.invoice_id == last["invoice_id"], f"relay {id} credited {credit.invoice_id}"


def _check_truth(id: str, relay: Json, nodes: Nodes) -> None:
    """What is final was proven."""
    status, receipt = relay["status"], relay["receipt"]
    if status == "succeeded":
        assert nodes.is_paid(id), f"relay {id} was told to have succeeded, and it has not"
    elif status == "failed" and receipt is not None:
        assert receipt == nodes.receipts[id], f"relay {id} failed by {receipt}"
    elif status == "failed":
        was_taken = nodes.applied[id] and id not in nodes.excused
        assert not was_taken, f"relay {id} was told to have failed after a node had taken it"
