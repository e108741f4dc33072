"""The older system's words for where a payment request stands: one table, and the function that reads it.

It had six of them, and a number of confirmations. They say less than an invoice does, so each is only said
where it misleads nobody who acts on it: on ``Confirmed``, on the number of confirmations, or on there being a
transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from paydaemon.core.invoice import Flag, Status


class Came(StrEnum):
    """How much of what is due has come, in time or late."""

    NOTHING = "nothing"
    PART = "part of it"
    ALL = "all of it"


class Stand(StrEnum):
    """Where a payment request stands, as far as the older system's words go."""

    CREATED = "Created"
    INSUFFICIENT = "Insufficient amount received"
    HELD = "Transaction received, and no further"
    UNDER_WAY = "Transaction received, and on its way"
    CONFIRMED = "Confirmed"


RECEIVED = "Transaction received"
EXCESS = "Excess amount received"

TABLE: Mapping[tuple[Status, Came], Stand] = {
    (Status.NEW, Came.NOTHING): Stand.CREATED,
    (Status.NEW, Came.PART): Stand.INSUFFICIENT,
    (Status.NEW, Came.ALL): Stand.HELD,
    (Status.PROCESSING, Came.NOTHING): Stand.CREATED,
    (Status.PROCESSING, Came.PART): Stand.INSUFFICIENT,
    (Status.PROCESSING, Came.ALL): Stand.UNDER_WAY,
    (Status.SETTLED, Came.NOTHING): Stand.CONFIRMED,
    (Status.SETTLED, Came.PART): Stand.CONFIRMED,
    (Status.SETTLED, Came.ALL): Stand.CONFIRMED,
    (Status.EXPIRED, Came.NOTHING): Stand.CREATED,
    (Status.EXPIRED, Came.PART): Stand.INSUFFICIENT,
    (Status.EXPIRED, Came.ALL): Stand.HELD,
    (Status.INVALID, Came.NOTHING): Stand.CREATED,
    (Status.INVALID, Came.PART): Stand.INSUFFICIENT,
    (Status.INVALID, Came.ALL): Stand.UNDER_WAY,
}
"""What is said of an invoice with this status, by how much has come.

- ``settled`` is ``Confirmed``, and nothing else is: also where somebody marked it so.
- What came, but late, is there and goes no further until somebody marks it, or the invoice settles by itself.
- ``invalid`` is what is still on its way after a week. Where somebody marked it so, all that came is too
  little: see `words`.
- Of ``processing`` with less than all there is nothing to see: it is here so that the table is whole.

`Flag.OVER` only decides between two words for what no block holds yet, as it did there. `Flag.REVERSED`
changes nothing: a request that was ``Confirmed`` says again how far it is.
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What a payment request says of itself. `names_transaction` is whether it says by which transaction."""

    status: str
    confirmations: int = 0
    names_transaction: bool = False


def words(status: Status, flags: Collection[Flag], came: Came, depth: int, required: int) -> Words:
    """What an invoice says where its last needed payment is `depth` deep and `required` deep enough.

    Confirmations are counted only while they lead to ``Confirmed``, and are all there only then: nobody who
    looks at the number alone takes what is held, or too little, for paid.
    """
    refused = status is Status.INVALID and Flag.MARKED in flags
    stand = TABLE[status, Came.PART if refused and came is Came.ALL else came]
    match stand:
        case Stand.CREATED | Stand.INSUFFICIENT:
            return Words(stand.value)
        case Stand.HELD:
            return Words(_seen(flags), names_transaction=True)
        case Stand.UNDER_WAY:
            return _under_way(flags, depth, required)
        case Stand.CONFIRMED:
            return Words(stand.value, depth, names_transaction=True)


def _under_way(flags: Collection[Flag], depth: int, required: int) -> Words:
    counted = max(0, min(depth, required - 1))
    said = f"{counted} of {required} confirmations" if counted else _seen(flags)
    return Words(said, counted, names_transaction=True)


def _seen(flags: Collection[Flag]) -> str:
    return EXCESS if Flag.OVER in flags else RECEIVED
