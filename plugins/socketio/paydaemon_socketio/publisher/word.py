"""The word: what a publisher is told of a transaction, and at which event.

It is told once of each transaction that is handed in, as soon as it is certain whether the network took it:

- when a node has accepted it, by ``relay.accepted`` with the precheck ``OK``. What consensus makes of it
  afterwards changes nothing: the older payment server never told it, and its publishers take a second word
  for a second payment;
- when it has failed without that, by ``relay.failed``: with the number of what a node, or consensus, said;
- when it has succeeded without that, by ``relay.succeeded``. After a restart a relay may be taken up whose
  node gave no answer, or says ``DUPLICATE_TRANSACTION``: neither proves anything, and a publisher would take
  the latter's number for a payment that failed. So the outcome is waited for.

``unknown`` is no word: it becomes one of the others. And nothing is told of what moves no HBAR (tokens, calls
of contracts): the older server had nothing to do with it, and its publishers would take it for a payment.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paydaemon.core.events import EventType
from paydaemon_socketio.codes import number_of

Json = Mapping[str, Any]

EVENTS = frozenset({EventType.RELAY_ACCEPTED, EventType.RELAY_SUCCEEDED, EventType.RELAY_FAILED})
"""Those that may be worth a word."""
OK = "OK"
NOBODY_TOOK_IT = "PLATFORM_NOT_ACTIVE"
"""The code for what no node has said anything of: there must be a number, and any but 0 is a failure."""
UNKNOWN = 21
"""ResponseCodeEnum's UNKNOWN, for a name that has no number here."""
NATIVE = "HBAR"

_NEWER = re.compile(r"CODE_([1-9][0-9]{0,8})", re.ASCII)
"""How a code is called that is newer than the daemon's list of names."""


@dataclass(frozen=True, slots=True)
class Word:
    """What is told. `cost_minor` is in tinybars; `code` is a number of ResponseCodeEnum, 0 for accepted."""

    transaction_id: str
    account: str
    memo: str
    cost_minor: int
    code: int

    @property
    def body(self) -> bytes:
        """The JSON as the older payment server wrote it: just these five, in this order.

        One more would be one too many: the WordPress plugin makes columns of all there are.
        """
        fields = {
            "transactionId": self.transaction_id,
            "account": self.account,
            "memo": self.memo,
            "cost": self.cost_minor,
            "nodePrecheckcode": self.code,
        }
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def word_of(type: str, relay: Json) -> Word | None:
    """What an event of this type is worth, by the relay in it; None for nothing."""
    code, cost_minor = _code(type, relay), _cost_minor(relay)
    if code is None or cost_minor == 0:
        return None
    return Word(
        transaction_id=relay["transaction_id"],
        account=relay.get("payer") or _payer_of(relay["transaction_id"]),
        memo=relay.get("memo") or "",
        cost_minor=cost_minor,
        code=code,
    )


def _code(type: str, relay: Json) -> int | None:
    if relay["precheck"] == OK:
        return 0 if type == EventType.RELAY_ACCEPTED else None
    match type:
        case EventType.RELAY_SUCCEEDED:
            return 0
        case EventType.RELAY_FAILED:
            return _number(relay["receipt"] or relay["precheck"] or NOBODY_TOOK_IT)
        case _:
            return None


def _number(name: str) -> int:
    """Never 0: that is for what did not fail."""
    newer = _NEWER.fullmatch(name)
    return number_of(name) or (UNKNOWN if newer is None else int(newer[1]))


def _cost_minor(relay: Json) -> int:
    """The HBAR that our accounts gain together. Tokens are in other units, and not counted.

    What a payer moves to accounts of their own is none of it. Where nobody of ours is paid, as the policy
    "open" allows, nobody here knows whose the others are: then it is the first recipient's alone, as the
    older payment server told it.
    """
    gained = [
        (one["account"], int(one["amount_minor"]))
        for one in relay["transfers"]
        if one["asset"] == NATIVE and not one["amount_minor"].startswith("-")
    ]
    ours = relay.get("payees")
    if ours:
        return sum(amount_minor for account, amount_minor in gained if account in ours)
    return gained[0][1] if gained else 0


def _payer_of(transaction_id: str) -> str:
    """Whoever pays for a transaction gives its id (``0.0.1001@secs.nanos``). For relays of older journals."""
    return transaction_id.partition("@")[0]
