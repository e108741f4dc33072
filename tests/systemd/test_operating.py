"""docs/operating.md: what it says to write is taken, and what it says is laid out is."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.config.changes import CHANGEABLE
from paydaemon.frontends import Limits
from paydaemon.hooks.frontend import Route
from paydaemon.plugins import load_plugins
from tests.config.test_example import ZPUB
from tests.systemd.test_install import LAID_OUT
from tests.systemd.units import ROOT, SERVICE

GUIDE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bitcoin-rpc").write_text("a password")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path


def problems(document: dict[str, Any]) -> list[str]:
    try:
        parse_config(document, load_plugins())
    except ConfigError as error:
        return [problem.path for problem in error.problems]
    return []


def test_its_configuration_is_one(credentials: Path) -> None:
    whole, tls = (tomllib.loads(block) for block in blocks("toml"))
    whole["chains"]["bitcoin"]["descriptor"] = ZPUB
    assert problems(whole) == []
    # The files of the other are nobody's here; nothing else is wrong with it.
    assert problems({**whole, **tls}) == ["http.tls_certificate", "http.tls_key"]


FRONTENDS: dict[str, dict[str, object]] = {"socketio": {}, "spellbook": {"seller": "shop"}}
"""What the table of each shipped frontend needs."""


def test_its_proxy_lets_through_what_every_route_takes() -> None:
    shipped = load_plugins().frontends
    assert set(shipped) == set(FRONTENDS)
    made = [kind.build(id, kind.config.model_validate(FRONTENDS[id])) for id, kind in shipped.items()]
    routes = [route for frontend in made for route in frontend.routes if isinstance(route, Route)]
    [most_kib] = re.findall(r"client_max_body_size (\d+)k;", GUIDE)
    assert 1024 * int(most_kib) >= max(Limits().body_bytes, *(route.body_bytes or 0 for route in routes))


def test_what_it_adds_to_the_unit_the_unit_knows() -> None:
    unit = SERVICE.read_text()
    added = [line.partition("=")[0] for block in blocks("ini") for line in block.splitlines() if "=" in line]
    assert {"LoadCredential", "IPAddressAllow"} == set(added)
    assert all(f"\n{name}=" in unit or f"\n#{name}=" in unit for name in added)


def test_where_things_are() -> None:
    places = [f"/{path}" for path in LAID_OUT]
    for place in re.findall(r"^\|[^|]*\| `(/[^`]+)`", GUIDE, re.MULTILINE):
        assert any(path.startswith(place) for path in (*places, "/usr/local/lib/paydaemon/")) or (
            place == "/usr/local/share/paydaemon/paydaemon.toml"
        ), place


def test_what_it_says_of_a_reload_is_so() -> None:
    for table in ("invoices", "quotes", "health", "limits"):
        assert CHANGEABLE[table] is None
    assert f"have {Limits().grace_s:g} seconds" in GUIDE


def test_every_heading_is_in_its_contents() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE, re.MULTILINE)
    contents = re.findall(r"^- \[(.+)\]\(#(.+)\)$", GUIDE, re.MULTILINE)
    assert contents == [(heading, heading.lower().replace(" ", "-")) for heading in headings]
