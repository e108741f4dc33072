"""The table of docs/limits.md says what the code says: every limit, its default, its range, its reload."""

from collections import Counter
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest

from paydaemon.config import Config, Key, LimitSettings, keys, parse_config
from paydaemon.config.changes import differences, taken_over
from paydaemon.limits import AllLimits, limits_of
from paydaemon.plugins import load_plugins
from tests.limits.page import PAGE, ROWS
from tests.limits.trial import with_value
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()
NO_LIMITS = {
    *("invoices.expires_in_s", "invoices.monitor_for_s"),
    *("quotes.quorum", "quotes.pairs.quorum", "quotes.pairs.max_age_s", "quotes.sellers.quorum"),
    *("chains.bitcoin.confirmations", "chains.hedera.tokens.decimals", "notifiers.email.port"),
    *("chains.monero.confirmations", "chains.monero.account"),
    "frontends.spellbook.expires_in_s",
}
"""Terms of an invoice: how long, how deep and at what rate, not how much; what a token is; which account;
where a server listens.
"""
CONFIGURED = {
    "chains": {
        **NOBODY["chains"],
        "hedera": {
            "plugin": "hedera",
            "network": "local",
            "account": "0.0.1001",
            "mirror_url": "http://127.0.0.1:1",
        },
        "monero": {
            "plugin": "monero",
            "network": "regtest",
            "wallet_rpc_url": "http://127.0.0.1:1",
        },
    },
    "rates": {name: {} for name in PLUGINS.rate_sources if name != "fixed"},
    "notifiers": {
        "email": {
            "plugin": "email",
            "host": "127.0.0.1",
            "sender": "payments@shop.example",
            "operators": {"ops": "ops@shop.example"},
        },
        "publisher": {"plugin": "publisher", "socket_url": "http://127.0.0.1:1"},
        "webhook": {"plugin": "webhook"},
    },
    "frontends": {"socketio": {"plugin": "socketio"}},
}
LIMITS = {key.path: key for key in keys(PLUGINS) if key.least is not None and key.path not in NO_LIMITS}
UNITS = {"_per_s": "1/s", "_ms": "ms", "_s": "s", "_bytes": "bytes"}
ELSEWHERE = {"store_queue", "plugin_wait_s", "backlog", "batch_writes", "readers"}
"""Limits that are handed over as plain numbers."""


def test_every_limit_has_a_row_and_every_row_a_limit() -> None:
    assert {key.path for key in keys(PLUGINS)} >= NO_LIMITS
    assert list(ROWS) == list(LIMITS)
    assert PAGE.count("\n| `") >= len(ROWS)


@pytest.mark.parametrize("path", ROWS)
def test_a_row_says_what_the_model_says(path: str) -> None:
    row, key = ROWS[path], LIMITS[path]
    assert (row.default, row.least, row.most) == (key.default, key.least, key.most)
    assert row.bounds == key.description
    unit = next((unit for ending, unit in UNITS.items() if key.name.endswith(ending)), None)
    assert row.unit == unit if unit else row.unit.isalpha()


@pytest.mark.parametrize("path", ROWS)
def test_a_row_says_whether_a_reload_changes_it(path: str) -> None:
    old = configured()
    new = changed(old, LIMITS[path])
    assert list(differences(old, new)) == [path]
    assert list(differences(old, taken_over(old, new))) == ([path] if ROWS[path].changes else [])


@cache
def configured() -> Config:
    """What all rows begin with: it is read once, and nobody can change it."""
    return parse_config(CONFIGURED, PLUGINS)


def changed(old: Config, key: Key) -> Config:
    """The same configuration with another value for this key."""
    value = key.least if key.least != key.default else key.most
    head, _, rest = key.path.partition(".")
    if head in ("chains", "notifiers", "frontends"):
        id, _, name = rest.partition(".")
        tables = getattr(old, head)
        table = replace(tables[id], settings=with_value(tables[id].settings, name, value))
        fresh: dict[str, Any] = {head: {**tables, id: table}}
        return replace(old, **fresh)
    if head == "rates":
        id, _, name = rest.partition(".")
        source = old.rates[id]
        rates = {**old.rates, id: source._replace(settings=with_value(source.settings, name, value))}
        return replace(old, rates=rates)
    return replace(old, **{head: with_value(getattr(old, head), rest, value)})


def test_every_part_keeps_to_what_is_configured_and_to_nothing_else() -> None:
    """By default, and key by key."""
    default = limits_of(LimitSettings())
    parts = [type(getattr(default, part.name)) for part in fields(AllLimits)]
    assert [getattr(default, part.name) for part in fields(AllLimits)] == [part() for part in parts]
    names = Counter(field.name for part in parts for field in fields(part))
    configured = [key.name for path, key in LIMITS.items() if path.startswith("limits.")]
    assert Counter(configured) == names + Counter(ELSEWHERE)
