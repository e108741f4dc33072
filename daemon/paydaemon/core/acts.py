"""Acts: what people do to the daemon, as events. Who did it is part of each, and no secret ever is."""

from paydaemon.core.access import LOCAL_OPERATOR, Principal
from paydaemon.core.events import Draft, EventType


def act(type: EventType, by: Principal, **data: object) -> Draft:
    """An ``admin.…`` event, to be appended in the transaction that does what it says. For the operator alone.

    `data` is JSON as in any event. It names sellers, keys, invoices and payments by their ids.
    """
    return Draft(type, {"by": who(by), **data})


def who(principal: Principal) -> dict[str, object]:
    """Whoever it was: the id of a key, or the user who opened the Unix socket where that is known."""
    key_id = None if principal.key_id == LOCAL_OPERATOR.key_id else principal.key_id
    return {"key_id": key_id, "uid": principal.uid}
