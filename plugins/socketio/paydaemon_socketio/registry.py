"""The registry: who has a session, and how many there may be.

An id is all that a client needs to speak in a session's name, so it cannot be guessed and is in no log. A
place is given back when all that was under way in a session has come to its end, not when it closes: whoever
opens one session after the other gets no more done than others.
"""

import secrets
from collections import Counter
from collections.abc import Collection

from paydaemon_socketio.attendant import Attendant
from paydaemon_socketio.engineio.refusals import Code, Refused

TOO_MANY = "too many sessions are open here"
TOO_MANY_OF_YOURS = "too many of your sessions are open"


def new_id() -> str:
    """An id of 120 random bits."""
    return secrets.token_urlsafe(15)


class Registry:
    """Visits by their sessions' ids: so many in all, and so many of one client."""

    def __init__(self, most: int, most_per_client: int) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self._attendants: dict[str, Attendant] = {}
        self._places: Counter[str | None] = Counter()

    def __len__(self) -> int:
        """How many places are taken."""
        return len(self._attendants)

    @property
    def attendants(self) -> Collection[Attendant]:
        """All of them."""
        return self._attendants.values()

    def enter(self, attendant: Attendant) -> None:
        """Give an attendant a place, and have it found. Raises `Refused` where there is none."""
        self._require_place(attendant.client)
        self._attendants[attendant.session.id] = attendant
        self._places[attendant.client] += 1

    def leave(self, attendant: Attendant) -> None:
        """Take its place back."""
        del self._attendants[attendant.session.id]
        self._places[attendant.client] -= 1
        if not self._places[attendant.client]:
            del self._places[attendant.client]

    def find(self, id: str) -> Attendant:
        """Raises `Refused` where there is none, or its session is over."""
        found = self._attendants.get(id)
        if found is None or found.session.is_over:
            raise Refused(Code.SESSION_UNKNOWN)
        return found

    def wake(self) -> None:
        """Have everybody that waits for a session look again."""
        for attendant in self._attendants.values():
            attendant.session.bell.ring()

    def _require_place(self, client: str | None) -> None:
        if len(self._attendants) >= self._most:
            raise Refused(Code.FORBIDDEN, TOO_MANY)
        if self._places[client] >= self._most_per_client:
            raise Refused(Code.FORBIDDEN, TOO_MANY_OF_YOURS)
