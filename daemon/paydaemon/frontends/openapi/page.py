"""What the page shows, in the order it shows it; `layout` fills it in."""

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape, or one parameter. `link` names the shape it is of."""

    name: str
    kind: str
    link: str | None
    note: str
    description: Markup
    rules: str
    choices: tuple[str, ...]
    fields: tuple["Field", ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One example, as it is sent."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Content:
    """What a body holds."""

    kind: str
    link: str | None
    examples: tuple[Example, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What one status comes with; `codes` are those of errors."""

    status: str
    description: Markup
    content: Content | None
    codes: tuple[str, ...]
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A websocket at an operation's path."""

    summary: str
    description: Markup
    messages: tuple[tuple[str, Content], ...]
    close_codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    id: str
    method: str
    path: str
    summary: str
    description: Markup
    needs: str
    curl: str
    parameters: tuple[Field, ...]
    body: Content | None
    answers: tuple[Told, ...]
    errors: tuple[Told, ...]
    stream: Stream | None


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one tag."""

    id: str
    name: str
    description: Markup
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema among the components."""

    name: str
    description: Markup
    kind: str
    rules: str
    choices: tuple[str, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """One code of an error."""

    name: str
    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the page shows."""

    title: str
    version: str
    server: str
    about: Markup
    chapters: tuple[Chapter, ...]
    shapes: tuple[Shape, ...]
    codes: tuple[Code, ...]
    limits: tuple[tuple[str, str, str], ...]


def prose(text: str) -> Markup:
    """Text with `code` between backticks and an empty line between paragraphs; all else is only text."""
    return Markup("").join(
        Markup("<p>{}</p>").format(in_line(paragraph)) for paragraph in text.split("\n\n") if paragraph
    )


def in_line(text: str) -> Markup:
    """The same within a line: no paragraphs."""
    pieces = _CODE.split(text)  # text, code, text, code, …, text
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )
