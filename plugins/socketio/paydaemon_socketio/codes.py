"""Codes: the numbers of Hedera's answers, by their names. Older clients are told numbers.

``codes.txt`` is made from Hedera's own enumeration by ``make protos``.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

OK = "OK"

_NEWER = re.compile(r"CODE_([0-9]{1,6})", re.ASCII)
"""How codes are named that are newer than this release."""


def number_of(name: object) -> int | None:
    """The number of a code; None for what is none."""
    if not isinstance(name, str):
        return None
    newer = _NEWER.fullmatch(name)
    return int(newer[1]) if newer else numbers().get(name)


@cache
def numbers() -> Mapping[str, int]:
    """All of them."""
    lines = files("paydaemon_socketio").joinpath("codes.txt").read_text("ascii").splitlines()
    return {name: int(number) for number, name in (line.split() for line in lines)}
