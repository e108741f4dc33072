"""Sums that find a plugin out: those that lose a unit where anybody counts in floating point."""


def awkward(least_minor: int, decimals: int) -> int:
    """The smallest sum from `least_minor` on that ``int(whole * 10**decimals)`` makes another one of.

    Where there is none below its double, as in an asset without decimals, it is `least_minor` itself.
    """
    near = range(least_minor, 2 * least_minor)
    return next((minor for minor in near if _by_floats(minor, decimals) != minor), least_minor)


def _by_floats(minor: int, decimals: int) -> int:
    """What many a program makes of a sum that it read from JSON."""
    return int(minor / 10**decimals * 10**decimals)
