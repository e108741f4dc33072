"""docs/events.md tells every field that events show, in the words of the document."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paydaemon.core.events import DATA
from paydaemon.frontends.openapi.shapes import shapes

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
TABLES = {
    "An invoice": "JournaledInvoice",
    "An option": "Option",
    "A source's price": "SourcePrice",
    "A payment": "Payment",
    "A relay": "Relay",
    "Other fields": "EventData",
}


def rows(name: str) -> Iterator[str]:
    """The table of a shape."""
    yield from ("| field | |", "|---|---|")
    for field, schema in _fields(shapes()[name]):
        yield f"| `{field}` | {schema['description']} |"


def _fields(shape: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, schema in shape["properties"].items():
        found = shapes()[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if found is not schema and name in ("invoice", "payment", "relay"):
            continue  # these have tables of their own
        if found.get("description"):
            yield within + name, found
        if "properties" in found:
            yield from _fields(found, f"{within}{name}.")


@pytest.mark.parametrize("heading", TABLES)
def test_every_field_is_told(heading: str) -> None:
    section = PAGE.partition(f"\n### {heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert table is not None
    assert table[0].splitlines() == list(rows(TABLES[heading]))


def test_the_document_has_every_field_that_an_event_may_hold_and_no_other() -> None:
    held = {field for holds in DATA.values() for field in (*holds.always, *holds.sometimes)}
    assert set(shapes()["EventData"]["properties"]) == held
