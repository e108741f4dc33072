"""Where somebody who reads the journal left off, as their request says it."""

import re

from paydaemon.core.errors import invalid
from paydaemon.engine.api import Api
from paydaemon.frontends.requests import whole_number

MAX_SEQ = 10**18
EVENT_ID = re.compile(r"evt_[0-9a-z]{1,32}_([0-9]{1,18})", re.ASCII)


async def left_off(given: str | None, name: str, api: Api) -> int | None:
    """Where to go on from: a `seq`, or the id of an event, which must still be the one of that number.

    Beyond the newest event there is nothing to go on from: the journal is another.
    """
    if given is None:
        return None
    match = EVENT_ID.fullmatch(given)
    after = int(match[1]) if match else whole_number(name, given, 0, MAX_SEQ)
    if after > api.journal.last_seq:
        message = f"is beyond the newest event, {api.journal.last_seq}: read again from 0"
        raise invalid(name, message, "beyond_the_journal")
    if match and not await api.journal.holds(after, match[0]):
        message = "is not in this journal, or is no more since a backup was restored: read again from 0"
        raise invalid(name, message, "beyond_the_journal")
    return after
