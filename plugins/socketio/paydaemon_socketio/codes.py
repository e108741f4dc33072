"""The network's codes: ResponseCodeEnum's names and numbers (hedera: response_code.proto)."""

from functools import cache
from importlib.resources import files


def number_of(name: str) -> int | None:
    """A code's number; None for a name that is not known."""
    return _numbers().get(name)


@cache
def _numbers() -> dict[str, int]:
    lines = files(__package__).joinpath("codes.txt").read_text(encoding="ascii").split("\n")
    return {name: int(number) for name, number in map(str.split, filter(None, lines))}
