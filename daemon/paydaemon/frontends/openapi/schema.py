"""Words for JSON Schema (draft 2020-12), so that a shape reads as what it says.

Answers are open: a later release may add fields, and a client ignores what it does not know. The tests close
them, so that nothing is answered that is not told of.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

Schema = dict[str, Any]

AMOUNT = r"^(0|[1-9][0-9]*)(\.[0-9]+)?$"
MINOR = r"^(0|[1-9][0-9]*)$"
MOVED = r"^(0|-?[1-9][0-9]*)$"
TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"


def ref(name: str, kind: str = "schemas") -> Schema:
    """What is declared once, among the components."""
    return {"$ref": f"#/components/{kind}/{name}"}


def text(description: str, **more: object) -> Schema:
    """A string."""
    return {"type": "string", "description": description, **more}


def amount(description: str) -> Schema:
    """A decimal string of whole units."""
    return text(description, pattern=AMOUNT)


def minor(description: str) -> Schema:
    """A decimal string of an asset's smallest units."""
    return text(description, pattern=MINOR)


def moved(description: str) -> Schema:
    """The same, or less than nothing."""
    return text(description, pattern=MOVED)


def time(description: str) -> Schema:
    """A point in time, in UTC, with milliseconds."""
    return text(description, format="date-time", pattern=TIME)


def whole(description: str, least: int = 0) -> Schema:
    """A count."""
    return {"type": "integer", "minimum": least, "description": description}


def flag(description: str) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description}


def choice(kinds: type[StrEnum], description: str) -> Schema:
    """A member of an enumeration."""
    return text(description, enum=[kind.value for kind in kinds])


def listing(items: Schema, description: str) -> Schema:
    """A list."""
    return {"type": "array", "items": items, "description": description}


def record(description: str, fields: Mapping[str, Schema], optional: Collection[str] = ()) -> Schema:
    """An object with these fields; those that are not `optional` are always there."""
    required = [name for name in fields if name not in optional]
    return {"type": "object", "description": description, "properties": dict(fields), "required": required}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "enum" in schema:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def page_of(what: str, items: str) -> Schema:
    """One page of a list."""
    return record(
        f"One page of {what}.",
        {
            "data": listing(ref(items), f"The {what} of this page."),
            "has_more": flag("Whether there are more after these."),
            "next_cursor": nullable(text("Asks for the page after this one; null on the last.")),
        },
    )
