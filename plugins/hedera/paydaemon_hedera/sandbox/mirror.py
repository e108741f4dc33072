"""The mirror node's REST interface, as far as payments are followed by it.

A mirror node tells the past. What it shows ends `lags_s` ago; where there are several lags, each answer comes
from another replica, so that the end goes back and forth. Balances are those at that end too.
"""

import re
from collections.abc import Callable, Sequence
from itertools import cycle, islice

from paydaemon_hedera.sandbox.addressbook import AddressBook
from paydaemon_hedera.sandbox.mirrorshapes import (
    account_of,
    assessed_of,
    balance_of,
    exchange_rate_of,
    node_of,
    relationship_of,
    token_of,
    transaction_of,
)
from paydaemon_hedera.sandbox.mirrorview import (
    BadRequest,
    Json,
    Query,
    View,
    limit_of,
    links,
    not_found,
    select,
)
from paydaemon_hedera.sandbox.names import SECOND_NS, entity, number, time_text
from paydaemon_hedera.sandbox.network import Network


class Mirror:
    """What a mirror node knows of a network, a while later."""

    def __init__(self, network: Network, nodes: AddressBook, lags_s: Sequence[float] = (0.0,)) -> None:
        self._network = network
        self._nodes = nodes
        self._routes = _routes(self._network_nodes)
        self.set_lags(lags_s)

    @property
    def lags_s(self) -> tuple[float, ...]:
        """How late each replica is."""
        return self._lags_s

    def set_lags(self, lags_s: Sequence[float]) -> None:
        """One replica for each lag. Raises `ValueError`."""
        if not lags_s or any(not lag >= 0 for lag in lags_s):
            raise ValueError("a mirror node is late by 0 seconds or more")
        self._lags_s = tuple(lags_s)
        self._turns = cycle(self._lags_s)

    def answer(self, path: str, query: Query) -> Json:
        """Answer a GET. Raises `BadRequest`."""
        with self._network.lock:
            lag_s = next(self._turns)
            view = View(self._network, self._network.clock.now_ns() - int(lag_s * SECOND_NS))
            for pattern, answer, allowed in self._routes:
                found = pattern.fullmatch(path)
                if found is not None:
                    _refuse_unknown(query, allowed)
                    return answer(view, query, *found.groups())
        raise not_found()

    def _network_nodes(self, _: View, query: Query) -> Json:
        given = dict(query)
        listed = [node_of(place, node) for place, node in enumerate(self._nodes())]
        if given.get("order", "asc") == "desc":
            listed.reverse()
        return {"nodes": listed[: limit_of(given)], "links": {"next": None}}


# --- Answers


def _transactions(view: View, query: Query) -> Json:
    wanted = select(query)
    ordered = view.after(wanted.after_ns) if wanted.ascending else view.newest_first()
    found = list(islice(filter(wanted.wants, ordered), wanted.limit))
    return {"transactions": [transaction_of(one) for one in found], "links": links(query, wanted, found)}


def _transaction_by_id(view: View, query: Query, id: str) -> Json:
    given = dict(query)
    found = view.named(id)
    if given.get("nonce", "0") != "0" or given.get("scheduled", "false") != "false" or not found:
        raise not_found()
    assessed = [
        {**transaction_of(one), "assessed_custom_fees": assessed_of(one.effect.assessed)} for one in found
    ]
    return {"transactions": assessed}


def _account(view: View, query: Query, id: str) -> Json:
    found = view.account(id)
    with_transactions = dict(query).get("transactions", "true") == "true"
    asked = [("account.id", entity(found.number)), *(pair for pair in query if pair[0] != "transactions")]
    listed = (
        _transactions(view, asked) if with_transactions else {"transactions": [], "links": {"next": None}}
    )
    return {**account_of(view, found), **listed}


def _balances(view: View, query: Query) -> Json:
    given = dict(query)
    wanted = given.get("account.id")
    numbers = sorted(view.ledger.accounts, reverse=given.get("order", "desc") == "desc")
    if wanted is not None:
        numbers = [one for one in numbers if one == number(wanted.removeprefix("eq:"))]
    listed = [
        {"account": entity(one), **balance_of(view, view.ledger.accounts[one])}
        for one in numbers[: limit_of(given)]
    ]
    return {"timestamp": time_text(view.end_ns), "balances": listed, "links": {"next": None}}


def _account_tokens(view: View, query: Query, id: str) -> Json:
    given = dict(query)
    found = view.account(id)
    wanted = given.get("token.id")
    tokens = sorted(found.tokens, reverse=given.get("order", "asc") == "desc")
    if wanted is not None:
        tokens = [token for token in tokens if token == number(wanted.removeprefix("eq:"))]
    listed = [relationship_of(view, found, token) for token in tokens[: limit_of(given)]]
    return {"tokens": listed, "links": {"next": None}}


def _token(view: View, _: Query, id: str) -> Json:
    found = view.ledger.tokens.get(number(id))
    if found is None:
        raise not_found()
    return token_of(found)


def _exchange_rate(view: View, _: Query) -> Json:
    return exchange_rate_of(view)


# --- Routes

Route = tuple[re.Pattern[str], Callable[..., Json], frozenset[str]]
_PAGED = frozenset({"limit", "order"})
_LISTED = _PAGED | {"account.id", "timestamp", "result", "type", "transactiontype"}


def _blocks(view: View, query: Query) -> Json:
    """Only ever the newest, whatever is asked for: it ends where the view does, and is a second long."""
    until = {"from": time_text(view.end_ns - SECOND_NS), "to": time_text(view.end_ns)}
    newest = {"number": view.end_ns // SECOND_NS, "timestamp": until}
    return {"blocks": [newest][: limit_of(dict(query))], "links": {"next": None}}


def _routes(network_nodes: Callable[[View, Query], Json]) -> Sequence[Route]:
    """Which path is answered by what, and what may stand behind the question mark."""
    answers: Sequence[tuple[str, Callable[..., Json], set[str] | frozenset[str]]] = (
        ("transactions", _transactions, _LISTED),
        ("transactions/([^/]+)", _transaction_by_id, {"nonce", "scheduled"}),
        ("accounts/([^/]+)", _account, {"transactions", "timestamp", "transactiontype"} | _PAGED),
        ("accounts/([^/]+)/tokens", _account_tokens, {"token.id"} | _PAGED),
        ("blocks", _blocks, _PAGED),
        ("balances", _balances, {"account.id"} | _PAGED),
        ("tokens/([^/]+)", _token, set()),
        ("network/exchangerate", _exchange_rate, set()),
        ("network/nodes", network_nodes, {"file.id", "node.id"} | _PAGED),
    )
    return [(re.compile("/api/v1/" + path), answer, frozenset(allowed)) for path, answer, allowed in answers]


def _refuse_unknown(query: Query, allowed: frozenset[str]) -> None:
    for name, _ in query:
        if name not in allowed:
            raise BadRequest(f"Unknown query parameter: {name}")
