"""docs/frontends.md tells all that whoever writes a frontend fills in, is handed, or may ask for."""

from dataclasses import fields
from pathlib import Path

import pytest

from paydaemon.hooks.frontend import Answer, FrontendHost, Request, Route, SocketRoute

PAGE = (Path(__file__).parents[2] / "docs" / "frontends.md").read_text(encoding="utf-8")
PLAIN = {"method"}
"""Told by their names alone."""


@pytest.mark.parametrize("kind", [Route, SocketRoute, Request, Answer])
def test_every_field_is_told(kind: type) -> None:
    for field in fields(kind):
        told = f"`{field.name}" in PAGE or f"request.{field.name}(" in PAGE
        assert told or (field.name in PLAIN and field.name in PAGE), field.name


def test_every_call_of_the_host_is_told() -> None:
    calls = [name for name in vars(FrontendHost) if not name.startswith("_")]
    assert len(calls) > 5
    for call in calls:
        assert f"`{call}(" in PAGE or f"`host.{call}`" in PAGE, call
