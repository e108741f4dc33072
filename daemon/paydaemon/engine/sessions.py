"""Sessions: who is logged in at the desk, by which key, and for how long yet.

A session is kept in the database, so that a restart logs nobody out and whoever holds the key can end it from
elsewhere; of its secret only the SHA-256 is there. It is looked up anew for each request, together with its
key: a key that is revoked has no sessions from that moment on.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from paydaemon.core.access import DeskSession, Principal
from paydaemon.core.acts import act
from paydaemon.core.errors import ErrorType, Refusal, not_found
from paydaemon.core.events import EventType
from paydaemon.engine.accounts import Accounts
from paydaemon.engine.clock import Clock
from paydaemon.engine.ids import digest, new_id
from paydaemon.engine.limits import EngineLimits
from paydaemon.store.port import Reader, Store, Transaction

SEEN_EVERY_MS = 60_000
"""How exactly it is known when a session was used last: each time would be a write."""

MOST_SECRET = 100
MOST_AGENT = 200


@dataclass(slots=True)
class SessionRules:
    """After how many seconds without a request, and after how many in all, a session ends; may change."""

    idle_s: int = 1_800
    lasting_s: int = 43_200


@dataclass(frozen=True, slots=True)
class Visit:
    """A request at the desk: whose it is, in which session."""

    principal: Principal
    session: DeskSession
    secret: str

    @property
    def token(self) -> str:
        """What a form of this session must hold: nobody who does not know its secret can make it."""
        return hmac.new(self.secret.encode(), b"paydaemon desk form", hashlib.sha256).hexdigest()

    def is_token(self, given: str) -> bool:
        """Whether that is it, without telling by the time it takes how much of it is right."""
        return given.isascii() and hmac.compare_digest(given, self.token)


class Sessions:
    """Opens, finds and ends sessions. `rules` may be changed at any time."""

    def __init__(
        self,
        store: Store,
        accounts: Accounts,
        clock: Clock,
        limits: EngineLimits | None = None,
        rules: SessionRules | None = None,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._limits = limits or EngineLimits()
        self.rules = rules or SessionRules()

    async def open(self, key: str, address: str, agent: str) -> Visit:
        """Begin a session. Raises `Refusal` (authentication) for a key that opens nothing."""
        principal = await self._accounts.authenticate(key)
        secret, now_ms = secrets.token_urlsafe(32), self._clock()
        session = DeskSession(
            new_id("ses"), digest(secret), principal.key_id, now_ms, now_ms, address, agent[:MOST_AGENT]
        )
        await self._store.transact(lambda tx: self._open(tx, principal, session))
        return Visit(principal, session, secret)

    async def enter(self, secret: str, *, counts: bool = True) -> Visit:
        """The session with this secret, which is used by that unless it does not count.

        Raises `Refusal` (authentication) where there is none, or none any more.
        """
        if not secret.isascii() or len(secret) > MOST_SECRET:
            raise no_session()
        hashed = digest(secret)
        visit = await self._store.read(lambda reader: self._find(reader, hashed, secret))
        now_ms = self._clock()
        if counts and now_ms - visit.session.seen_at_ms >= self._noted_every_ms:
            await self._store.transact(lambda tx: tx.see_desk_session(visit.session.id, now_ms))
            return replace(visit, session=replace(visit.session, seen_at_ms=now_ms))
        return visit

    async def of(self, visit: Visit) -> Sequence[DeskSession]:
        """All sessions by the same key that still hold, the oldest first."""
        found = await self._store.read(lambda reader: reader.desk_sessions(visit.principal.key_id))
        return [one for one in found if self._holds(one)]

    async def end(self, visit: Visit, id: str) -> None:
        """End one session by the same key, be it this one. Raises `Refusal` where there is none."""
        await self._store.transact(lambda tx: self._end(tx, visit, id))

    async def end_others(self, visit: Visit) -> int:
        """End all sessions by the same key but this one; returns how many."""
        return await self._store.transact(lambda tx: self._end_others(tx, visit))

    def ends_at_ms(self, session: DeskSession) -> int:
        """When a session ends if it is not used before."""
        idle_ms, lasting_ms = self._terms_ms
        return min(session.seen_at_ms + idle_ms, session.created_at_ms + lasting_ms)

    @property
    def _terms_ms(self) -> tuple[int, int]:
        return 1_000 * self.rules.idle_s, 1_000 * self.rules.lasting_s

    @property
    def _noted_every_ms(self) -> int:
        """Often enough for the shortest idleness there can be."""
        return min(SEEN_EVERY_MS, self._terms_ms[0] // 10)

    def _holds(self, session: DeskSession) -> bool:
        return self._clock() < self.ends_at_ms(session)

    def _find(self, reader: Reader, hashed: bytes, secret: str) -> Visit:
        session = reader.desk_session(hashed)
        key = None if session is None else reader.key(session.key_id)
        if session is None or key is None or key.revoked_at_ms is not None or not self._holds(session):
            raise no_session()
        return Visit(Principal(key.id, key.seller_id), session, secret)

    def _open(self, tx: Transaction, principal: Principal, session: DeskSession) -> None:
        """With room made among those by the same key, and those forgotten that have ended by themselves."""
        idle_ms, lasting_ms = self._terms_ms
        tx.end_desk_sessions(session.created_at_ms - lasting_ms, session.created_at_ms - idle_ms)
        key = tx.key(principal.key_id)
        if key is None or key.revoked_at_ms is not None:  # since it was looked up
            raise no_session()
        known = tx.desk_sessions(principal.key_id)
        for old in known[: max(0, len(known) + 1 - self._limits.sessions)]:
            tx.end_desk_session(old.id)
        tx.add_desk_session(session)
        self._note(tx, EventType.ADMIN_DESK_OPENED, principal, session.id)

    def _end(self, tx: Transaction, visit: Visit, id: str) -> None:
        if id not in {one.id for one in tx.desk_sessions(visit.principal.key_id)}:
            raise not_found("session", id)
        tx.end_desk_session(id)
        self._note(tx, EventType.ADMIN_DESK_CLOSED, visit.principal, id)

    def _end_others(self, tx: Transaction, visit: Visit) -> int:
        others = [one for one in tx.desk_sessions(visit.principal.key_id) if one.id != visit.session.id]
        for one in others:
            self._end(tx, visit, one.id)
        return len(others)

    def _note(self, tx: Transaction, type: EventType, by: Principal, id: str) -> None:
        tx.append(act(type, by, session_id=id, seller_id=by.seller_id), self._clock())


def no_session() -> Refusal:
    """The answer to every secret of a session that is not there, whatever has become of it."""
    return Refusal(ErrorType.AUTHENTICATION, "invalid_key", "log in again", "session")
