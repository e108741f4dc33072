"""Pauses: how long to wait for a source that failed, and never quite as long as for the next one."""

import random

FIRST_PAUSE_S = 5.0
"""After a first failure. It doubles with each further one in a row."""
JITTER_PERCENT = 10
"""A pause is longer by up to this part of it: sources that failed together are not asked together again."""
_MOST_DOUBLINGS = 20


def after_failures(failures: int, longest_s: float) -> float:
    """The seconds until the next try after so many failures in a row."""
    return jittered(min(FIRST_PAUSE_S * 2 ** min(failures - 1, _MOST_DOUBLINGS), longest_s))


def jittered(pause_s: float) -> float:
    """A little longer."""
    return pause_s * (100 + JITTER_PERCENT * random.random()) / 100
