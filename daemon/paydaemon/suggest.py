"""'did you mean …': the known word that a mistyped one is closest to."""

import difflib
from collections.abc import Iterable

_MAX_LETTERS = 64
"""difflib takes quadratic time, and no known word is longer."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, if there is one."""
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(word[:_MAX_LETTERS].lower(), by_lower_case, n=1, cutoff=0.6)
    return by_lower_case[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean "rpc_url"?``, to be put behind a message; empty where nothing is close."""
    found = nearest(word, known)
    return f'; did you mean "{found}"?' if found else ""
