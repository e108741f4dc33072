"""How an export is written: comma-separated values for spreadsheets, or JSON lines for programs.

CSV is that of RFC 4180 in UTF-8, with one header row that never changes but by columns at its end. Texts
stand between quotes; one that a spreadsheet would take for a formula gets an apostrophe in front of that,
also where it begins in the middle, behind what could separate cells (OWASP, "CSV Injection"). Numbers are
ours and stay as they are, and so does every other character, seen or unseen: a file is for programs, and
whoever compares it finds the text that was given. JSON lines have the very text.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import asdict, dataclass, fields

from quart import Request, Response

from paydaemon.core.bookkeeping import Entry
from paydaemon.core.errors import unavailable
from paydaemon.frontends.openapi.operation import CSV as CSV_MEDIA
from paydaemon.frontends.openapi.operation import JSON_LINES as JSON_LINES_MEDIA
from paydaemon.frontends.settings import Limits

COLUMNS = tuple(field.name for field in fields(Entry))

NUMBERS = frozenset({"amount", "amount_minor", "invoice_amount", "due", "rate", "value", "confirmations"})
"""Columns that are numbers of our own making."""

FORMULAE = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, or may hide that one begins, in one spreadsheet or another."""

LATER_FORMULA = re.compile(r"""([;|\t\r\n]["\s]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""Where a formula would begin if somebody has a file cut at semicolons, bars or tabs, or without regard to
quotes.
"""

END = "\r\n"

Pages = AsyncGenerator[Sequence[Entry], None]

Writer = Callable[[Sequence[Entry]], str]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write lines: what stands above them, and how they are written."""

    media: str
    head: str
    write: Writer


def _in_csv(entries: Sequence[Entry]) -> str:
    return "".join(f"{','.join(_cells(asdict(entry)))}{END}" for entry in entries)


def _cells(line: Mapping[str, object]) -> Iterator[str]:
    for name, value in line.items():
        text = "" if value is None else " ".join(value) if isinstance(value, tuple) else str(value)
        yield text if name in NUMBERS else quoted(inert(text))


def inert(text: str) -> str:
    """A text that no spreadsheet takes for a formula, nor a part of it where it is cut into cells."""
    whole = f"'{text}" if text.startswith(FORMULAE) else text
    return LATER_FORMULA.sub(r"\1'", whole)


def quoted(text: str) -> str:
    """A text between quotes, whatever it holds."""
    return '"' + text.replace('"', '""') + '"'


def _in_json(entries: Sequence[Entry]) -> str:
    return "".join(f"{json.dumps(asdict(entry), separators=(',', ':'))}\n" for entry in entries)


CSV = Format(CSV_MEDIA, f"{','.join(COLUMNS)}{END}", _in_csv)
"""Its media type: RFC 4180, section 3."""

JSON_LINES = Format(JSON_LINES_MEDIA, "", _in_json)

FORMATS: Mapping[str, Format] = {"csv": CSV, "jsonl": JSON_LINES}
"""By the ending of a file's name."""


class ExportSlots:
    """How many exports are written at once. A place is looked for before an answer begins, and taken then."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = 0

    def look_for_one(self) -> None:
        """Raises `Refusal` where there is none left."""
        if self._taken >= self._limits.exports:
            raise unavailable("too_many_exports", "too many exports are being written; try again soon")

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have one inside the block."""
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


def answer(
    asked: Request, pages: Pages, form: Format, slots: ExportSlots, still: Callable[[], Awaitable[object]]
) -> Response:
    """An answer that goes on for as long as there are lines.

    `still` raises `Refusal` once whoever asked may read them no more; then the answer is cut, as it is where
    the database fails, so that nobody takes a part for the whole.
    """
    slots.look_for_one()
    body = b"" if asked.method == "HEAD" else _body(pages, form, slots, still)
    response = Response(body, content_type=form.media)
    response.timeout = None
    return response


async def _body(
    pages: Pages, form: Format, slots: ExportSlots, still: Callable[[], Awaitable[object]]
) -> AsyncIterator[bytes]:
    with slots.taken():
        if form.head:
            yield form.head.encode()
        async with aclosing(pages):
            async for page in pages:
                await still()
                if page:
                    yield form.write(page).encode()
