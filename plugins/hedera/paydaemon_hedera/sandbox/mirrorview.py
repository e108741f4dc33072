"""What a mirror node sees at one moment, and what of it is asked for.

A question names accounts, times with an operator (``gt:1700000000.000000001``), an order and a limit; a page
that is full carries the link to the next.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.faults import MAX_DELAY_MS
from paydaemon_hedera.sandbox.history import Handled
from paydaemon_hedera.sandbox.ledger import Account, Ledger
from paydaemon_hedera.sandbox.names import number, parse_dashed, time_ns, time_text
from paydaemon_hedera.sandbox.network import MILLISECOND_NS, Network

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
FOREVER_NS = 1 << 62

Json = dict[str, Any]
Query = Sequence[tuple[str, str]]
"""What stands behind the question mark; a name may come several times."""


class BadRequest(Exception):
    """A question that cannot be asked; `status` is HTTP's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def not_found() -> BadRequest:
    """There is no such thing, or none yet."""
    return BadRequest("Not found", 404)


def error_body(message: str) -> Json:
    """How a mirror node says no."""
    return {"_status": {"messages": [{"message": message}]}}


class View:
    """One replica at one moment: what had reached it by `end_ns`."""

    def __init__(self, network: Network, end_ns: int) -> None:
        self.ledger: Ledger = network.ledger
        self.end_ns = end_ns
        self._history = network.history

    def shows(self, one: Handled) -> bool:
        return one.at_ns + one.held_ns <= self.end_ns

    def named(self, dashed: str) -> list[Handled]:
        return [one for one in self._history.named(parse_dashed(dashed)) if self.shows(one)]

    def after(self, at_ns: int) -> Iterator[Handled]:
        return (one for one in self._history.since(at_ns) if self.shows(one))

    def newest_first(self) -> Iterator[Handled]:
        return (one for one in self._history.newest_first() if self.shows(one))

    def balance(self, account: int, token: int) -> int:
        """Today's, without what has not reached this replica."""
        recent = self._history.since(self.end_ns - MAX_DELAY_MS * MILLISECOND_NS)
        unseen = (one for one in recent if not self.shows(one))
        changed = sum(one.effect.changes.get((account, token), 0) for one in unseen)
        return self.ledger.balance(account, token) - changed

    def account(self, text: str) -> Account:
        """By number or EVM address."""
        by_address = text.startswith("0x")
        found = self.ledger.by_alias(bytes.fromhex(text[2:])) if by_address else number(text)
        if found is None or found not in self.ledger.accounts:
            raise not_found()
        return self.ledger.accounts[found]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which transactions are wanted."""

    account: int | None
    after_ns: int
    until_ns: int
    ascending: bool
    limit: int
    result: str | None
    direction: str | None

    def wants(self, one: Handled) -> bool:
        if not self.after_ns < one.at_ns <= self.until_ns:
            return False
        if self.result is not None and (one.effect.code == rc.SUCCESS) is not (self.result == "success"):
            return False
        return self.account is None or self._concerns(one, self.account)

    def _concerns(self, one: Handled, account: int) -> bool:
        amounts = [amount for (of, _), amount in one.effect.changes.items() if of == account and amount]
        if self.direction == "credit":
            return any(amount > 0 for amount in amounts)
        if self.direction == "debit":
            return any(amount < 0 for amount in amounts)
        return bool(amounts) or one.name.payer == account


def select(query: Query) -> Selection:
    """What is asked for. Raises `BadRequest` or `ValueError` for what cannot be."""
    given = dict(query)
    after_ns, until_ns = _times(value for name, value in query if name == "timestamp")
    account = given.get("account.id")
    return Selection(
        account=None if account is None else number(account.removeprefix("eq:")),
        after_ns=after_ns,
        until_ns=until_ns,
        ascending=_one_of(given, "order", ("asc", "desc"), "desc") == "asc",
        limit=limit_of(given),
        result=_one_of(given, "result", ("success", "fail"), None),
        direction=_one_of(given, "type", ("credit", "debit"), None),
    )


def _times(values: Iterable[str]) -> tuple[int, int]:
    """From after which time until which."""
    after_ns, until_ns = -1, FOREVER_NS
    for value in values:
        operator, _, text = value.rpartition(":")
        at_ns = time_ns(text)
        if operator in ("gt", "gte", "eq", ""):
            after_ns = max(after_ns, at_ns - (operator != "gt"))
        if operator in ("lt", "lte", "eq", ""):
            until_ns = min(until_ns, at_ns - (operator == "lt"))
        if operator not in ("gt", "gte", "lt", "lte", "eq", ""):
            raise BadRequest("Invalid parameter: timestamp")
    return after_ns, until_ns


def limit_of(given: Mapping[str, str]) -> int:
    """How many are wanted at once; more than the most are cut down to it."""
    text = given.get("limit", str(DEFAULT_LIMIT))
    if re.fullmatch(r"[1-9][0-9]{0,8}", text) is None:
        raise BadRequest("Invalid parameter: limit")
    return min(int(text), MAX_LIMIT)


def _one_of(given: Mapping[str, str], name: str, allowed: Sequence[str], default: str | None) -> str | None:
    value = given.get(name)
    if value is None:
        return default
    if value.lower() not in allowed:
        raise BadRequest(f"Invalid parameter: {name}")
    return value.lower()


def links(query: Query, wanted: Selection, found: Sequence[Handled]) -> Json:
    """The next page begins behind the last one found; a page that is not full is the last."""
    if len(found) < wanted.limit:
        return {"next": None}
    replaced = ("gt:", "gte:") if wanted.ascending else ("lt:", "lte:")
    kept = [pair for pair in query if pair[0] != "timestamp" or not pair[1].startswith(replaced)]
    operator = "gt" if wanted.ascending else "lt"
    kept.append(("timestamp", f"{operator}:{time_text(found[-1].at_ns)}"))
    return {"next": "/api/v1/transactions?" + urlencode(kept, safe=":")}
