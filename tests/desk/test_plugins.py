"""The page of plugins shows of each what ``paydaemon plugins`` does."""

from collections.abc import Mapping

import pytest

from paydaemon.cli.plugins import BROUGHT
from paydaemon.frontends.desk import words
from paydaemon.frontends.openapi.samples import PLUGIN
from tests.desk.visitor import Page, visitor
from tests.support.served import Served, StatusOf

SERVICE = {"name": "chain main", "state": "waiting", "since": "2026-01-31T11:58:00.000Z"}
WHOLE = {
    **PLUGIN,
    "rate_sources": ["kraken", "coinbase"],
    "commands": ["dig"],
    "health": [{"chain": "main", "state": "stale", "reason": "its node is <away>"}],
    "services": [{**SERVICE, "restarts": 1, "last_error": "gone"}],
    "deprecated": ["register_chains is deprecated"],
}
BROKEN = {
    **dict.fromkeys((*BROUGHT, "health", "services", "deprecated"), ()),
    **dict.fromkeys(("distribution", "version", "api")),
    "name": "toy",
    "status": "broken",
    "reason": "cannot be imported",
}


async def shown(daemon: Served, row: Mapping[str, object], patch: pytest.MonkeyPatch) -> str:
    """The page's text, of one plugin."""
    patch.setattr(StatusOf, "plugins", lambda _: [row])
    async with visitor(daemon) as operator:
        page = Page((await operator.page("plugins")).partition("</h1>")[2].replace("><", "> <"))
    return " ".join(page.text.split())


async def test_everything_that_is_known_of_one_is_shown(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = await shown(daemon, WHOLE, monkeypatch)
    places = [
        text.index(told)
        for told in (
            "bitcoin loaded",
            "Distribution paydaemon-bitcoin 0.1.0",
            "Plugin API 1.0",
            "Chains bitcoin",
            "Rate sources kraken, coinbase",
            "Sandboxes bitcoin",
            "Commands dig",
            "register_chains is deprecated",
            "stale main as a chain its node is <away>",
            "waiting chain main since 2026-01-31 11:58:00, restarted 1 time gone",
        )
    ]
    assert places == sorted(places)
    assert "Notifiers" not in text, "it brings none"


async def test_one_that_cannot_be_used_says_why(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    text = await shown(daemon, BROKEN, monkeypatch)
    assert text.startswith("toy broken cannot be imported Distribution handed over")
    assert "Plugin API" not in text


def test_what_a_plugin_brings_is_said_as_the_command_line_says_it() -> None:
    assert [(name, said.lower()) for name, said in words.BROUGHT.items()] == list(BROUGHT.items())
