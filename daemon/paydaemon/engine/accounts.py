"""Accounts: sellers, and the keys that sellers and operators prove themselves with.

A key's secret is shown once; the store holds its SHA-256. Looking up a digest tells nothing about how much of
a wrong secret was right, so no comparison leaks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from paydaemon.core.access import LOCAL_OPERATOR, Key, Principal, Seller
from paydaemon.core.acts import act
from paydaemon.core.errors import ErrorType, Refusal, conflict, invalid, not_found
from paydaemon.core.events import EventType
from paydaemon.engine.clock import Clock
from paydaemon.engine.ids import digest, new_id, new_secret
from paydaemon.engine.limits import EngineLimits
from paydaemon.store.port import Duplicate, Store, Transaction

SELLER_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
MOST_SECRET = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which is told this once and never again."""

    id: str
    secret: str
    seller_id: str | None


class Accounts:
    """Sellers and keys."""

    def __init__(self, store: Store, clock: Clock, limits: EngineLimits | None = None) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits or EngineLimits()
        self._known: dict[bytes, Principal] = {}
        self._revocations = 0

    async def authenticate(self, secret: str) -> Principal:
        """Who holds this secret. Raises `Refusal` (authentication) for an unknown or revoked one."""
        if not secret.isascii() or len(secret) > MOST_SECRET:
            raise wrong_key()
        hashed = digest(secret)
        principal = self._known.get(hashed)
        return principal if principal is not None else await self._look_up(hashed)

    async def sellers(self) -> Sequence[Seller]:
        """Every seller."""
        return await self._store.read(lambda reader: reader.sellers())

    async def keys(self) -> Sequence[Key]:
        """Every key, revoked ones too, oldest first. None holds its secret: nobody has that but its owner."""
        return await self._store.read(lambda reader: reader.keys())

    async def add_seller(self, id: str, name: str | None, *, by: Principal = LOCAL_OPERATOR) -> NewKey:
        """Add a seller with a first key. Raises `Refusal` for a taken or unusable id."""
        if SELLER_ID.fullmatch(id) is None:
            raise invalid("id", "must be 1 to 64 of a-z, 0-9, - and _", "not_an_id")
        seller = Seller(id, name or id, self._clock())
        key, record = self._new_key("seller", id)
        await self._store.transact(lambda tx: _add_seller(tx, seller, record, by, self._clock()))
        return key

    async def set_disabled(self, id: str, disabled: bool, *, by: Principal = LOCAL_OPERATOR) -> Seller:
        """Disable a seller or enable it again; returns it as it is then.

        A disabled seller's keys go on reading, and marking what is there: only new invoices are refused, also
        to operators. What was issued is watched, credited and told as before.
        """
        return await self._store.transact(lambda tx: _set_disabled(tx, id, disabled, by, self._clock()))

    async def set_frames(
        self, id: str, frame_ancestors: Sequence[str] | None, *, by: Principal = LOCAL_OPERATOR
    ) -> Seller:
        """Say which pages may show a seller's checkout pages inside of them; returns it as it is then.

        None leaves that to the configuration, as for every seller at first.
        """
        said = None if frame_ancestors is None else tuple(dict.fromkeys(frame_ancestors))
        return await self._store.transact(lambda tx: _set_frames(tx, id, said, by, self._clock()))

    async def add_operator_key(self, *, by: Principal = LOCAL_OPERATOR) -> NewKey:
        """Make a key that may act for every seller."""
        key, record = self._new_key("operator", None)
        await self._store.transact(lambda tx: _add_key(tx, record, by, self._clock()))
        return key

    async def rotate(self, seller_id: str, *, by: Principal = LOCAL_OPERATOR) -> NewKey:
        """Revoke a seller's keys and make a new one, in one step."""
        key, record = self._new_key("seller", seller_id)
        await self._revoke(lambda tx: _rotate(tx, seller_id, record, by, self._clock()))
        return key

    async def revoke(self, key_id: str, *, by: Principal = LOCAL_OPERATOR) -> Key:
        """Revoke one key, an operator's or a seller's; returns it. Raises `Refusal` where none is valid."""
        return await self._revoke(lambda tx: _revoke(tx, key_id, by, self._clock()))

    async def _revoke(self, fn: Callable[[Transaction], T]) -> T:
        try:
            return await self._store.transact(fn)
        finally:
            # Even a commit that failed may have reached the disk.
            self._forget()

    def _forget(self) -> None:
        """Look every key up anew, those too whose row is being read just now."""
        self._known.clear()
        self._revocations += 1

    def _new_key(self, kind: str, seller_id: str | None) -> tuple[NewKey, Key]:
        secret = new_secret(kind)
        record = Key(new_id("key"), digest(secret), seller_id, self._clock())
        return NewKey(record.id, secret, seller_id), record

    async def _look_up(self, hashed: bytes) -> Principal:
        revocations = self._revocations
        key = await self._store.read(lambda reader: reader.key_by_digest(hashed))
        if key is None or key.revoked_at_ms is not None:
            raise wrong_key()
        principal = Principal(key.id, key.seller_id)
        if revocations == self._revocations:
            self._remember(hashed, principal)
        return principal

    def _remember(self, hashed: bytes, principal: Principal) -> None:
        if len(self._known) >= self._limits.keys_remembered:
            self._known.clear()
        self._known[hashed] = principal


def wrong_key() -> Refusal:
    """The answer to every secret that opens nothing, whatever is wrong with it."""
    return Refusal(ErrorType.AUTHENTICATION, "invalid_key", "this API key is not valid", "Authorization")


def _add_seller(tx: Transaction, seller: Seller, key: Key, by: Principal, now_ms: int) -> None:
    try:
        tx.add_seller(seller)
    except Duplicate:
        raise conflict("seller_exists", f"there is a seller {seller.id!r} already", "id") from None
    tx.add_key(key)
    tx.append(act(EventType.ADMIN_SELLER_ADDED, by, seller_id=seller.id, key_id=key.id), now_ms)


def _set_disabled(tx: Transaction, id: str, disabled: bool, by: Principal, now_ms: int) -> Seller:
    seller = tx.seller(id)
    if seller is None:
        raise not_found("seller", id)
    if seller.disabled == disabled:
        return seller
    tx.set_seller_disabled(id, disabled)
    type = EventType.ADMIN_SELLER_DISABLED if disabled else EventType.ADMIN_SELLER_ENABLED
    tx.append(act(type, by, seller_id=id), now_ms)
    return replace(seller, disabled=disabled)


def _set_frames(
    tx: Transaction, id: str, frame_ancestors: tuple[str, ...] | None, by: Principal, now_ms: int
) -> Seller:
    seller = tx.seller(id)
    if seller is None:
        raise not_found("seller", id)
    if seller.frame_ancestors == frame_ancestors:
        return seller
    tx.set_seller_frames(id, frame_ancestors)
    told = None if frame_ancestors is None else list(frame_ancestors)
    tx.append(act(EventType.ADMIN_SELLER_FRAMED, by, seller_id=id, frame_ancestors=told), now_ms)
    return replace(seller, frame_ancestors=frame_ancestors)


def _add_key(tx: Transaction, key: Key, by: Principal, now_ms: int) -> None:
    tx.add_key(key)
    tx.append(act(EventType.ADMIN_KEY_MADE, by, key_id=key.id, seller_id=key.seller_id), now_ms)


def _rotate(tx: Transaction, seller_id: str, key: Key, by: Principal, now_ms: int) -> None:
    if tx.seller(seller_id) is None:
        raise not_found("seller", seller_id)
    revoked = tx.revoke_keys(seller_id, now_ms)
    tx.add_key(key)
    made = {"key_id": key.id, "seller_id": seller_id, "revoked": revoked}
    tx.append(act(EventType.ADMIN_KEYS_ROTATED, by, **made), now_ms)


def _revoke(tx: Transaction, key_id: str, by: Principal, now_ms: int) -> Key:
    key = tx.revoke_key(key_id, now_ms)
    if key is None:
        raise not_found("key", key_id)
    tx.append(act(EventType.ADMIN_KEY_REVOKED, by, key_id=key.id, seller_id=key.seller_id), now_ms)
    return key
