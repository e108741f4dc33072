"""Targets: whom to tell, up to where they were told, and how they are doing."""

from dataclasses import replace
from operator import methodcaller

import pytest

from paydaemon.core.delivery import WELL, Condition, SigningSecret, Target, Wanted
from paydaemon.core.events import EventType
from paydaemon.store.port import Duplicate, Reader, Store
from paydaemon.testing.samples import delivery, draft, target
from paydaemon.testing.store_conformance.base import StoreFactory, Suite

WHOLE = target(
    7,
    name="operator",
    wanted=Wanted(frozenset({EventType.INVOICE_SETTLED, EventType.CHAIN_STALE}), None),
    cursor=3,
    settings={"url": "https://shop.example/hook", "deep": {"ä": [1, None]}},
    secrets=(SigningSecret("whsec_new"), SigningSecret("whsec_old", 17)),
    description="Zoë's",
    disabled=True,
    condition=Condition(1, 2, 3, 4),
)


class Targets(Suite):
    """Whom to tell."""

    async def test_a_target_comes_back_whole(self, store_factory: StoreFactory) -> None:
        async with store_factory() as store:
            await store.transact(lambda tx: tx.add_target(WHOLE))
        async with store_factory() as store:
            assert await store.read(lambda reader: reader.target(WHOLE.id)) == WHOLE
            assert await store.read(lambda reader: reader.target("we_0")) is None

    async def test_an_id_is_given_once(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_target(WHOLE))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_target(target(7)))
        assert caught.value.what == "target"

    async def test_a_target_needs_its_seller(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_target(target(wanted=Wanted(seller_id="nobody"))))

    async def test_a_target_changes(self, store: Store) -> None:
        changed = replace(
            WHOLE, disabled=False, secrets=(), wanted=Wanted(), condition=WELL, description=None
        )
        await store.transact(lambda tx: tx.add_target(WHOLE))
        await store.transact(lambda tx: tx.set_target(changed))
        await store.transact(lambda tx: tx.set_condition(WHOLE.id, Condition(9, 8, 7, 6)))
        expected = replace(changed, condition=Condition(9, 8, 7, 6))
        assert await store.read(lambda reader: reader.target(WHOLE.id)) == expected
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.set_target(target(8)))
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.set_condition("we_8", WELL))

    async def test_a_cursor_never_goes_back(self, store: Store) -> None:
        await store.transact(lambda tx: tx.add_target(WHOLE))
        for seq in (9, 5, 9):
            await store.transact(methodcaller("move_cursor", WHOLE.id, seq))
        found = await store.read(lambda reader: reader.target(WHOLE.id))
        assert found is not None
        assert found.cursor == 9

    async def test_lists_leave_out_the_removed(self, store: Store) -> None:
        own = target(3, wanted=Wanted())
        for one in (target(2), WHOLE, own, target(1, removed_at_ms=5)):
            await store.transact(methodcaller("add_target", one))
        assert await store.read(_pages) == ["we_2", "we_7", "we_3"]
        assert await store.read(lambda reader: reader.endpoints("shop")) == [target(2)]
        assert await store.read(lambda reader: reader.endpoints(None)) == [own]
        assert await store.read(lambda reader: reader.targets(after="we_nope", limit=9)) == []

    async def test_a_removed_target_goes_when_its_deliveries_are_gone(self, store: Store) -> None:
        gone = target(1, removed_at_ms=5)
        await store.transact(lambda tx: tx.add_target(gone))
        for _ in range(3):
            await store.transact(lambda tx: tx.add_delivery(delivery(tx.append(draft(), 0), "we_1")))
        assert await store.transact(lambda tx: tx.prune_targets(2)) == 2
        assert await store.read(lambda reader: reader.target("we_1")) == gone
        assert await store.transact(lambda tx: tx.prune_targets(2)) == 2
        assert await store.read(lambda reader: reader.target("we_1")) is None
        assert await store.transact(lambda tx: tx.prune_targets(2)) == 0


def _pages(reader: Reader) -> list[str]:
    found: list[Target] = []
    while page := reader.targets(after=found[-1].id if found else None, limit=1):
        found += page
    return [one.id for one in found]
