"""Relays: one id stands for one transaction, and what is not final is found again after any restart."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from operator import methodcaller

import pytest
import trio

from paydaemon.core.relay import Relay, RelayStatus, Transfer
from paydaemon.store.port import Duplicate, Reader, Store, Transaction
from paydaemon.testing.samples import invoice, relay
from paydaemon.testing.store_conformance.base import BOUND_S, StoreFactory, Suite

HUGE = 10**78 - 1


class Relays(Suite):
    """What clients have handed in."""

    async def test_a_relay_comes_back_whole(self, store: Store) -> None:
        whole = relay(
            status=RelayStatus.SUCCEEDED,
            precheck="OK",
            receipt="SUCCESS",
            node="0.0.3",
            invoice_id="inv_0",
            seller_id="shop",
            payer="0.0.1002",
            memo="Zoë's, ANON,POST",
            transfers=(Transfer("a", "X", HUGE, "a:ä"), Transfer("b", "X", -HUGE, "b:")),
            error="a sentence",
            raw=None,
            updated_at_ms=7,
        )
        await store.transact(lambda tx: tx.add_invoice(invoice()))
        await store.transact(lambda tx: tx.add_relay(whole))
        assert await store.read(lambda reader: reader.relay("hedera", whole.transaction_id)) == whole
        assert await store.read(lambda reader: reader.relay("bitcoin", whole.transaction_id)) is None
        assert await store.read(lambda reader: reader.relay("hedera", "another")) is None

    async def test_a_relay_of_before_its_payer_was_kept_is_one_without(self, store: Store) -> None:
        old = relay(payer=None, memo=None)
        await store.transact(lambda tx: _add_all(tx, old, relay(1, memo="")))
        assert await store.read(_unresolved) == [old, relay(1, memo="")]

    async def test_a_relay_needs_the_invoice_it_pays(self, store: Store) -> None:
        with pytest.raises(LookupError):
            await store.transact(lambda tx: tx.add_relay(relay(invoice_id="inv_9")))

    @pytest.mark.parametrize(
        "second", [relay(1, transaction_id=relay(0).transaction_id), replace(relay(1), id="rly_0")]
    )
    async def test_an_id_stands_for_one_transaction(self, store: Store, second: Relay) -> None:
        await store.transact(lambda tx: tx.add_relay(relay()))
        with pytest.raises(Duplicate) as caught:
            await store.transact(lambda tx: tx.add_relay(second))
        assert caught.value.what == "relay"
        assert await store.read(_unresolved) == [relay()]

    async def test_one_that_comes_many_times_at_once_is_recorded_once(self, store: Store) -> None:
        refused: list[str] = []

        async def come(number: int) -> None:
            try:
                await store.transact(lambda tx: tx.add_relay(relay(number, transaction_id="the same")))
            except Duplicate as error:
                refused.append(error.what)

        with trio.fail_after(BOUND_S):
            async with trio.open_nursery() as nursery:
                for number in range(100):
                    nursery.start_soon(come, number)
        assert refused == ["relay"] * 99

    async def test_the_same_id_on_two_chains_is_two_relays(self, store: Store) -> None:
        other = relay(1, chain="testnet", transaction_id=relay().transaction_id)
        await store.transact(lambda tx: _add_all(tx, relay(), other))
        assert await store.read(lambda reader: reader.relay("testnet", other.transaction_id)) == other

    async def test_a_relay_changes_but_not_what_it_stands_for(self, store: Store) -> None:
        moved = relay(
            status=RelayStatus.ACCEPTED, precheck="OK", node="0.0.3", error="slow", invoice_id="inv_0",
            seller_id="shop", updated_at_ms=9,
        )  # fmt: skip
        await store.transact(lambda tx: tx.add_invoice(invoice()))
        await store.transact(lambda tx: tx.add_relay(relay()))
        await store.transact(lambda tx: tx.set_relay(moved))
        assert await store.read(lambda reader: reader.relay("hedera", moved.transaction_id)) == moved
        for other in (
            replace(moved, digest=b"another"),
            replace(moved, transaction_id="another"),
            replace(moved, id="rly_9"),
            replace(moved, chain="testnet"),
        ):
            with pytest.raises(LookupError):
                await store.transact(methodcaller("set_relay", other))
        assert await store.read(_unresolved) == [moved]

    async def test_a_relay_makes_room_for_another_of_its_transactions_id(self, store: Store) -> None:
        first = relay(status=RelayStatus.FAILED, raw=None)
        second = relay(
            1, transaction_id=first.transaction_id, digest=b"another", payer="b", memo="n", expires_at_ms=8,
            created_at_ms=9,
        )  # fmt: skip
        await store.transact(lambda tx: _add_all(tx, first, relay(2)))
        await store.transact(lambda tx: tx.replace_relay(first.id, second))
        assert await store.read(lambda reader: reader.relay("hedera", first.transaction_id)) == second
        assert await store.read(_unresolved) == [second, relay(2)]
        for other in (replace(first, transaction_id="another"), replace(first, chain="testnet")):
            with pytest.raises(LookupError):
                await store.transact(methodcaller("replace_relay", second.id, other))
        with pytest.raises(Duplicate):
            await store.transact(methodcaller("replace_relay", second.id, replace(second, id="rly_2")))

    async def test_what_is_not_final_is_found_again(self, store_factory: StoreFactory) -> None:
        async with store_factory() as store:
            await store.transact(
                lambda tx: _add_all(
                    tx,
                    relay(0),
                    relay(1, status=RelayStatus.FAILED, raw=None),
                    relay(2, status=RelayStatus.UNKNOWN),
                    relay(3, chain="testnet"),
                    relay(4, status=RelayStatus.ACCEPTED),
                )
            )
        async with store_factory() as store:
            assert await store.read(_all_pages) == [f"rly_{number}" for number in range(5)]
            found = await store.read(_unresolved)
            assert [one.id for one in found] == ["rly_0", "rly_2", "rly_4"]
            await store.transact(lambda tx: tx.set_relay(relay(2, status=RelayStatus.FAILED, raw=None)))
            assert await store.read(_pages) == ["rly_0", "rly_4"]
            assert await store.read(lambda reader: _unresolved(reader, after="rly_nope")) == []

    async def test_those_of_an_invoice_are_found_until_they_fail(self, store: Store) -> None:
        for number in range(2):
            await store.transact(partial(_add_invoice, number))
        towards = [
            relay(0, invoice_id="inv_0"),
            relay(1, invoice_id="inv_0", chain="testnet", status=RelayStatus.SUCCEEDED, raw=None),
            relay(2, invoice_id="inv_1"),
            relay(3, invoice_id="inv_0", status=RelayStatus.FAILED, raw=None),
            relay(4, invoice_id="inv_0", status=RelayStatus.UNKNOWN),
            relay(5),
        ]
        await store.transact(lambda tx: _add_all(tx, *towards))
        assert await store.read(_towards) == ["rly_0", "rly_1", "rly_4"]
        await store.transact(
            lambda tx: tx.set_relay(replace(towards[0], status=RelayStatus.FAILED, raw=None))
        )
        await store.transact(lambda tx: tx.set_relay(replace(towards[3], status=RelayStatus.RECEIVED)))
        assert await store.read(_towards) == ["rly_1", "rly_3", "rly_4"]
        assert await store.read(lambda reader: reader.relays_towards("inv_9")) == []


def _towards(reader: Reader) -> list[str]:
    return [one.id for one in reader.relays_towards("inv_0")]


def _add_invoice(number: int, tx: Transaction) -> None:
    tx.add_invoice(invoice(number))


def _add_all(tx: Transaction, *relays: Relay) -> None:
    for one in relays:
        tx.add_relay(one)


def _unresolved(reader: Reader, *, after: str | None = None, limit: int = 100) -> Sequence[Relay]:
    return reader.unresolved_relays("hedera", after=after, limit=limit)


def _all_pages(reader: Reader) -> list[str]:
    found: list[str] = []
    while page := reader.relays(after=found[-1] if found else None, limit=2):
        found += [one.id for one in page]
    assert reader.relays(after="rly_nope", limit=2) == []
    return found


def _pages(reader: Reader) -> list[str]:
    found: list[str] = []
    while page := _unresolved(reader, after=found[-1] if found else None, limit=1):
        found += [one.id for one in page]
    return found
