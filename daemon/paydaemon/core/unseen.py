"""Characters that are there and not seen: what turns the direction of writing, has no width, or moves a
terminal's cursor.

In a text that somebody else wrote they can make it look like another one (Unicode Technical Report 36,
section 2.9; UAX 9). They are no error, since some languages need a few of them. So they are kept as they
are, and shown by their number wherever people look.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Controls, formats, and the separators of lines and paragraphs (Unicode, section 4.5)."""

BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and signs that are drawn as nothing."""


def is_unseen(character: str) -> bool:
    """Whether nobody sees this character itself."""
    return character in BLANKS or unicodedata.category(character) in CATEGORIES


def by_number(text: str) -> str:
    """Each character by its number, such as ``⟨U+202E⟩``."""
    return "".join(f"\u27e8U+{ord(character):04X}\u27e9" for character in text)


def parts(text: str, kept: str = "") -> Iterator[tuple[bool, str]]:
    """A text in its order: what is seen, and what is not but for the characters `kept`."""
    for unseen, found in groupby(text, lambda one: one not in kept and is_unseen(one)):
        yield unseen, "".join(found)


def visible(text: str, kept: str = "") -> str:
    """A text in which nothing is hidden, but for the characters `kept`."""
    return "".join(by_number(part) if unseen else part for unseen, part in parts(text, kept))
