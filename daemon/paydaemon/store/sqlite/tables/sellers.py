"""Sellers and keys."""

from collections.abc import Sequence
from dataclasses import asdict

from paydaemon.core.access import Key, Seller
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session


class ReadSellers(Session):
    """What can be read of sellers and keys."""

    def seller(self, id: str) -> Seller | None:
        row = self._row("seller", id=id)
        return None if row is None else rows.seller(row)

    def sellers(self) -> Sequence[Seller]:
        return [rows.seller(row) for row in self._rows("sellers")]

    def keys(self) -> Sequence[Key]:
        return [Key(**row) for row in self._rows("keys")]

    def key_by_digest(self, digest: bytes) -> Key | None:
        row = self._row("key_by_digest", digest=digest)
        return None if row is None else Key(**row)


class WriteSellers(ReadSellers):
    """What can be written of them."""

    def add_seller(self, seller: Seller) -> None:
        self._change("add_seller", **rows.seller_values(seller))

    def set_seller_disabled(self, id: str, disabled: bool) -> None:
        if self._change("set_seller_disabled", id=id, disabled=int(disabled)) == 0:
            raise LookupError(f"there is no seller {id!r}")

    def set_seller_frames(self, id: str, frame_ancestors: Sequence[str] | None) -> None:
        listed = rows.list_or_null(frame_ancestors)
        if self._change("set_seller_frames", id=id, frame_ancestors=listed) == 0:
            raise LookupError(f"there is no seller {id!r}")

    def add_key(self, key: Key) -> None:
        self._change("add_key", **asdict(key))

    def revoke_key(self, id: str, at_ms: int) -> Key | None:
        row = self._row("revoke_key", id=id, at_ms=at_ms)
        return None if row is None else Key(**row)

    def revoke_keys(self, seller_id: str | None, at_ms: int) -> int:
        return self._change("revoke_keys", seller_id=seller_id, at_ms=at_ms)
