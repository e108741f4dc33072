"""Sellers and keys."""

from dataclasses import replace
from operator import methodcaller

import pytest

from paydaemon.core.access import Key, Seller
from paydaemon.store.port import Duplicate, Store, Transaction
from paydaemon.testing.samples import SELLER
from paydaemon.testing.store_conformance.base import Suite

SELLERS_KEY = Key("key_1", b"\x00" * 32, SELLER.id, 1)
OPERATORS_KEY = Key("key_2", b"\xff" * 32, None, 2)


class Sellers(Suite):
    """Who may ask."""

    async def test_sellers_come_back_whole(self, store: Store) -> None:
        other = Seller("other", "Größe & 店", 5, disabled=True, frame_ancestors=("https://a", "*"))
        await store.transact(lambda tx: tx.add_seller(other))
        assert await store.read(lambda reader: reader.seller("other")) == other
        assert await store.read(lambda reader: reader.seller("nobody")) is None
        assert await store.read(lambda reader: reader.sellers()) == [other, SELLER]

    @pytest.mark.parametrize("framed", [("https://shop.example", "*"), (), None])
    async def test_pages_that_frame_a_seller_come_back(
        self, store: Store, framed: tuple[str, ...] | None
    ) -> None:
        for said in (("https://before",), framed):
            await store.transact(methodcaller("set_seller_frames", SELLER.id, said))
        expected = replace(SELLER, frame_ancestors=framed)
        assert await store.read(lambda reader: reader.seller(SELLER.id)) == expected
        with pytest.raises(LookupError):
            await store.transact(methodcaller("set_seller_frames", "nobody", framed))

    async def test_a_seller_is_added_once(self, store: Store) -> None:
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_seller(SELLER))
        assert caught.value.what == "seller"

    async def test_a_key_is_found_by_its_digest_alone(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_key(SELLERS_KEY))
        await store.transact(lambda tx: tx.add_key(OPERATORS_KEY))
        assert await store.read(lambda reader: reader.key_by_digest(SELLERS_KEY.digest)) == SELLERS_KEY
        assert await store.read(lambda reader: reader.key_by_digest(OPERATORS_KEY.digest)) == OPERATORS_KEY
        assert await store.read(lambda reader: reader.key_by_digest(b"\x01" * 32)) is None

    @pytest.mark.parametrize(
        "same", [Key("key_1", b"other", SELLER.id, 1), Key("key_9", SELLERS_KEY.digest, None, 1)]
    )
    async def test_a_key_is_added_once(self, store: Store, same: Key) -> None:
        await store.transact(lambda tx: tx.add_key(SELLERS_KEY))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_key(same))
        assert caught.value.what == "key"

    async def test_a_key_needs_its_seller(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_key(Key("key_3", b"3", "nobody", 1)))

    @pytest.mark.parametrize(("seller_id", "revoked"), [(SELLER.id, SELLERS_KEY), (None, OPERATORS_KEY)])
    async def test_keys_are_revoked_together_and_kept(
        self, store: Store, seller_id: str | None, revoked: Key
    ) -> None:
        def revoke(tx: Transaction) -> list[int]:
            tx.add_key(SELLERS_KEY)
            tx.add_key(OPERATORS_KEY)
            return [tx.revoke_keys(seller_id, 77), tx.revoke_keys(seller_id, 88)]

        assert await store.transact(revoke) == [1, 0]
        for key in (SELLERS_KEY, OPERATORS_KEY):
            kept = await store.read(methodcaller("key_by_digest", key.digest))
            assert kept is not None
            assert kept.revoked_at_ms == (77 if key is revoked else None)

    async def test_a_seller_is_disabled_and_enabled(self, store: Store) -> None:
        for disabled in (True, True, False):
            await store.transact(methodcaller("set_seller_disabled", SELLER.id, disabled))
            assert await store.read(lambda reader: reader.seller(SELLER.id)) == replace(
                SELLER, disabled=disabled
            )
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.set_seller_disabled("nobody", True))

    async def test_keys_come_in_the_order_they_were_made(self, store: Store) -> None:
        oldest = Key("key_3", b"3", None, 0, revoked_at_ms=9)
        for key in (OPERATORS_KEY, SELLERS_KEY, oldest):
            await store.transact(methodcaller("add_key", key))
        assert await store.read(lambda reader: reader.keys()) == [oldest, SELLERS_KEY, OPERATORS_KEY]

    async def test_one_key_is_revoked_once(self, store: Store) -> None:
        def revoke(tx: Transaction) -> list[Key | None]:
            tx.add_key(SELLERS_KEY)
            tx.add_key(OPERATORS_KEY)
            return [tx.revoke_key(id, 77) for id in (SELLERS_KEY.id, SELLERS_KEY.id, "key_none")]

        revoked = replace(SELLERS_KEY, revoked_at_ms=77)
        assert await store.transact(revoke) == [revoked, None, None]
        assert await store.read(lambda reader: reader.keys()) == [revoked, OPERATORS_KEY]
