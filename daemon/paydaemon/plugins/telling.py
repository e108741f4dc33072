"""How what is wrong with a plugin is told: in one line, with the place."""

import traceback
from pathlib import Path

from paydaemon.logs import in_one_line


class Broken(Exception):
    """A plugin cannot be used; the message says why."""


def kind_of(value: object) -> str:
    """What something is, in a word."""
    return "None" if value is None else type(value).__name__


def in_words(error: BaseException) -> str:
    """An exception in one line, with where it was raised."""
    text = in_one_line(error)
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename
    ]
    # The first frame is that of whoever caught it.
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames[1:] else text
