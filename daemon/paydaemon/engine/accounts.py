"""Accounts: sellers, and the keys that sellers and operators prove themselves with.

A key's secret is shown once; the store holds its SHA-256. Looking up a digest tells nothing about how much of
a wrong secret was right, so no comparison leaks.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from paydaemon.core.access import Key, Principal, Seller
from paydaemon.core.errors import ErrorType, Refusal, conflict, invalid, not_found
from paydaemon.engine.clock import Clock
from paydaemon.engine.ids import digest, new_id, new_secret
from paydaemon.store.port import Duplicate, Store, Transaction

SELLER_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
MOST_CACHED = 10_000
MOST_SECRET = 200


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which is told this once and never again."""

    id: str
    secret: str
    seller_id: str | None


class Accounts:
    """Sellers and keys."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
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

    async def add_seller(self, id: str, name: str | None) -> NewKey:
        """Add a seller with a first key. Raises `Refusal` for a taken or unusable id."""
        if SELLER_ID.fullmatch(id) is None:
            raise invalid("id", "must be 1 to 64 of a-z, 0-9, - and _", "not_an_id")
        seller = Seller(id, name or id, self._clock())
        key, record = self._new_key("seller", id)
        await self._store.transact(lambda tx: _add_seller(tx, seller, record))
        return key

    async def add_operator_key(self) -> NewKey:
        """Make a key that may act for every seller."""
        key, record = self._new_key("operator", None)
        await self._store.transact(lambda tx: tx.add_key(record))
        return key

    async def rotate(self, seller_id: str) -> NewKey:
        """Revoke a seller's keys and make a new one, in one step."""
        key, record = self._new_key("seller", seller_id)
        now_ms = self._clock()
        try:
            await self._store.transact(lambda tx: _rotate(tx, seller_id, record, now_ms))
        finally:
            # Even a commit that failed may have reached the disk.
            self._forget()
        return key

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
        if len(self._known) >= MOST_CACHED:
            self._known.clear()
        self._known[hashed] = principal


def wrong_key() -> Refusal:
    """The answer to every secret that opens nothing, whatever is wrong with it."""
    return Refusal(ErrorType.AUTHENTICATION, "invalid_key", "this API key is not valid", "Authorization")


def _add_seller(tx: Transaction, seller: Seller, key: Key) -> None:
    try:
        tx.add_seller(seller)
    except Duplicate:
        raise conflict("seller_exists", f"there is a seller {seller.id!r} already", "id") from None
    tx.add_key(key)


def _rotate(tx: Transaction, seller_id: str, key: Key, now_ms: int) -> None:
    if tx.seller(seller_id) is None:
        raise not_found("seller", seller_id)
    tx.revoke_keys(seller_id, now_ms)
    tx.add_key(key)
