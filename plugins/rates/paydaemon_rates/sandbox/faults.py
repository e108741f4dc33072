"""What can be wrong with an exchange: each of these it does when it is told to, and nothing by itself."""

from enum import StrEnum


class Fault(StrEnum):
    """How it misbehaves."""

    NONE = "none"
    FROZEN = "frozen"
    """It says the very same for ever: neither its prices nor its clock move on."""
    TIMES_1000 = "times_1000"
    NAN = "nan"
    ZERO = "zero"
    NEGATIVE = "negative"
    GARBAGE = "garbage"
    """Words where there should be prices."""
    ERROR_500 = "error_500"
    LIMITED = "limited"
    """429, with ``Retry-After``."""
    HANG = "hang"
    HALF_CLOSED = "half_closed"
    """It ends what it says within its answer, and goes on listening."""
    WRONG_PAIR = "wrong_pair"
    HTML = "html"
    SKEWED = "skewed"
    """Its clock is three days ahead."""


ON_THE_WIRE = frozenset({Fault.ERROR_500, Fault.LIMITED, Fault.HANG, Fault.HALF_CLOSED, Fault.HTML})
"""Those that are not about what it says, but about how."""
