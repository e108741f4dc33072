"""What is there and not seen is told apart from what is, and shown by its number."""

import pytest

from paydaemon.core.unseen import is_unseen, visible

UNSEEN = "\x00\x1b\x7f\x9b\u00ad\u034f\u061c\u200b\u200d\u200e\u2028\u202e\u2066\u2069\u3164\ufeff\U000e0041"
SEEN = "aÄ店ع\u0301 \u00a0\u202f😀\ufe0f"


@pytest.mark.parametrize("character", UNSEEN)
def test_nothing_is_hidden(character: str) -> None:
    assert visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


def test_what_is_seen_is_left_alone() -> None:
    assert not any(map(is_unseen, SEEN))
    assert visible(SEEN) == SEEN


def test_line_breaks_may_be_kept() -> None:
    assert visible("a\nb\u202e\t", kept="\n") == "a\nb⟨U+202E⟩⟨U+0009⟩"
