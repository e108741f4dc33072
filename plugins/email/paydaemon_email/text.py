"""Text of others, made fit for a mail: a note may hold whatever its seller, or a buyer, has typed."""

import re
from collections.abc import Iterator
from textwrap import wrap

MAX_LINE = 200
"""The most characters of a subject, and of anybody's name."""
MAX_EXCERPT_LINES = 20
EXCERPT_WIDTH = 74
"""How long a quoted line may be: a mail program that broke it would show a part of it without its mark."""
QUOTE = "> "
CUT = "[…]"

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that turn the order of what stands around them: they can make one address look like another."""
_UNWANTED = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff{_BIDI}]")


def one_line(text: str, most: int = MAX_LINE) -> str:
    """In one line, with nothing in it that ends a line anywhere, or controls anything; cut at `most`."""
    line = " ".join(_UNWANTED.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def in_lines(text: str) -> str:
    """The lines of a body, with nothing in them that controls anything. They end in one newline."""
    lines = (_UNWANTED.sub("", line) for line in re.split(r"\r\n|[\r\n\u2028\u2029]", text))
    return "\n".join(lines).strip("\n") + "\n"


def excerpt(text: str) -> str:
    """What somebody has typed, in its own lines: none is long, and there are not many."""
    lines = list(_folded(text))
    if len(lines) > MAX_EXCERPT_LINES:
        lines[MAX_EXCERPT_LINES - 1 :] = [CUT]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """The same with a mark before every line, so that none can be taken for one of ours."""
    return "\n".join((QUOTE + line).rstrip() for line in excerpt(text).split("\n"))


def _folded(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield from wrap(one_line(line, len(text)), EXCERPT_WIDTH, break_on_hyphens=False) or [""]
