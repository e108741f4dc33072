"""Text of others, made fit for a mail: a note may hold whatever its seller, or a buyer, has typed."""

import re

MAX_LINE = 200
"""The most characters of a subject, and of anybody's name."""

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
