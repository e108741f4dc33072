"""What an operation is: one method of one path, with all that can be sent to it and all that it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from paydaemon.core.ids import ID
from paydaemon.frontends.models import Body
from paydaemon.frontends.openapi.schema import Schema
from paydaemon.frontends.requests import DEFAULT_LIMIT, MAX_LIMIT, MAX_QUERY_TEXT

JSON = "application/json"
HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
EVENT_STREAM = "text/event-stream"
"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
"""Its text format: https://prometheus.io/docs/instrumenting/exposition_formats/"""


class Needs(StrEnum):
    """Whose key an operation needs on TCP. Through the Unix socket none is needed for anything."""

    NOTHING = "nothing"
    KEY = "key"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path or query, or a header. `example` is as it stands in a URL."""

    name: str
    description: str
    schema: Schema
    example: str
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers where all goes well. `body` is None where it has none."""

    description: str
    body: Schema | None = None
    example: object = None
    status: int = 200
    media: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path.

    `refusals` are the codes of errors that are its own; `codes.of` adds those that any operation of its kind
    can answer. `messages` are what a websocket at the same path is sent; `more` goes into the document as it
    is.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: type[Body] | None = None
    examples: Mapping[str, object] = field(default_factory=dict)
    messages: tuple[type[Body], ...] = ()
    answers: tuple[Answer, ...]
    refusals: tuple[str, ...] = ()
    needs: Needs = Needs.KEY
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lasts(self) -> bool:
        """Whether its answer goes on for as long as its client listens."""
        return self.answers[-1].media == EVENT_STREAM

    @property
    def takes_body(self) -> bool:
        """Whether a body is read, if only to see that there is none."""
        return self.method not in ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Tag:
    """Operations that belong together. Those for `administration` are on the Unix socket alone."""

    name: str
    description: str
    operations: tuple[Operation, ...]
    administration: bool = False


def path_id(what: str, example: str) -> Parameter:
    """The id in a path."""
    return Parameter("id", f"The {what}'s id.", identifier(), example, "path")


def identifier() -> Schema:
    """Any id; more than that it says nothing."""
    return {"type": "string", "pattern": f"^{ID.pattern}$", "maxLength": 64}


LIMIT = Parameter(
    "limit",
    "How many items the page holds at most.",
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "10",
)


def cursor(example: str) -> Parameter:
    """Where a list goes on."""
    words = "The `next_cursor` of the page before; none for the first."
    return Parameter("cursor", words, identifier(), example)


def printable(description: str, **more: object) -> Schema:
    """A parameter's text."""
    return {
        "type": "string", "description": description, "minLength": 1, "maxLength": MAX_QUERY_TEXT, **more
    }  # fmt: skip
