"""Which differences a running daemon takes over: every key is either one of them or named."""

from dataclasses import replace
from pathlib import Path

import pytest

from paydaemon.config import Config, keys, parse_config
from paydaemon.config.changes import CHANGEABLE, FOR_GOOD, differences, taken_over
from paydaemon.config.parse import TABLES
from paydaemon.plugins import load_plugins
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()


def config(**tables: object) -> Config:
    return parse_config({**NOBODY, **tables}, PLUGINS, folder=Path("/"))


def test_the_same_twice_differs_in_nothing() -> None:
    assert list(differences(config(), config())) == []


@pytest.mark.parametrize(
    ("tables", "path", "changes"),
    [
        ({"daemon": {"log_level": "debug"}}, "daemon.log_level", True),
        ({"daemon": {"database": "/x"}}, "daemon.database", False),
        ({"limits": {"connections": 7}}, "limits.connections", True),
        ({"limits": {"store_queue": 7}}, "limits.store_queue", False),
        ({"limits": {"http": {"head_bytes": 4096}}}, "limits.http.head_bytes", True),
        ({"limits": {"http": {"backlog": 7}}}, "limits.http.backlog", False),
        ({"limits": {"store": {"readers": 7}}}, "limits.store.readers", False),
        ({"invoices": {"late": "settle"}}, "invoices.late", True),
        ({"quotes": {"max_age_s": 60}}, "quotes.max_age_s", True),
        ({"health": {"stale_after_s": 60}}, "health.stale_after_s", True),
        ({"http": {"trusted_proxies": ["::1"]}}, "http.trusted_proxies", False),
        ({"relay": {"public": True}}, "relay.public", False),
        ({"limits": {"relay": {"in_flight": 7}}}, "limits.relay.in_flight", True),
        ({"plugins": {"disabled": ["rates"]}}, "plugins.disabled", False),
        ({"rates": {"fixed": {"prices": {"BTC/EUR": "1"}}}}, "rates.fixed", True),
    ],
)
def test_a_change_is_taken_over_or_remains(tables: dict[str, object], path: str, changes: bool) -> None:
    old, new = config(), config(**tables)
    assert list(differences(old, new)) == [path]
    taken = taken_over(old, new)
    assert list(differences(old, taken)) == ([path] if changes else [])
    assert list(differences(taken, new)) == ([] if changes else [path])


def test_what_changes_is_keys_that_there_are() -> None:
    known = {key.path for key in keys(PLUGINS)} | {key.table for key in keys(PLUGINS)}
    for table, names in CHANGEABLE.items():
        assert {f"{table}.{name}" for name in names or TABLES[table].model_fields} <= known
    assert known >= FOR_GOOD


def test_chains_are_told_apart() -> None:
    old, both = config(), config(chains={**NOBODY["chains"], "second": NOBODY["chains"]["bitcoin"]})
    assert list(differences(old, both)) == ["chains.second"]
    assert list(differences(both, old)) == ["chains.second"]
    assert taken_over(old, both).chains == old.chains
    assert replace(old) == old
