"""Rates: the newest of each pair, what there was between two times, and nothing of long ago."""

from collections.abc import Sequence
from operator import methodcaller

from paydaemon.core.invoice import QuoteMethod
from paydaemon.store.port import Reader, Store
from paydaemon.store.rateport import KeptRate
from paydaemon.testing.samples import kept_rate
from paydaemon.testing.store_conformance.base import StoreFactory, Suite

DIGITS = "9" * 30


class Rates(Suite):
    """What rates there were."""

    async def test_a_rate_comes_back_whole(self, store_factory: StoreFactory) -> None:
        whole = kept_rate(-5, rate=f"{DIGITS}.{DIGITS}", method=QuoteMethod.FALLBACK, source='"ä", b')
        async with store_factory() as store:
            await store.transact(lambda tx: tx.keep_rate(whole))
        async with store_factory() as store:
            assert await store.read(lambda reader: reader.last_rates()) == [whole]

    async def test_the_newest_of_each_pair_is_known(self, store: Store) -> None:
        assert await store.read(lambda reader: reader.last_rates()) == []
        for at_ms, pair in ((5, "HBAR/EUR"), (9, "BTC/EUR"), (3, "BTC/EUR"), (7, "BTC/CHF")):
            await store.transact(methodcaller("keep_rate", kept_rate(at_ms, pair)))
        assert await store.read(lambda reader: reader.last_rates()) == [
            kept_rate(7, "BTC/CHF"),
            kept_rate(9, "BTC/EUR"),
            kept_rate(5, "HBAR/EUR"),
        ]

    async def test_of_one_time_the_first_stays(self, store: Store) -> None:
        first = kept_rate(5)
        for one in (first, kept_rate(5, rate="1", method=QuoteMethod.SET, source="late")):
            await store.transact(methodcaller("keep_rate", one))
        assert await store.read(lambda reader: reader.last_rates()) == [first]

    async def test_a_pair_is_read_between_two_times_newest_first(self, store: Store) -> None:
        await _keep(store, range(10))
        await store.transact(lambda tx: tx.keep_rate(kept_rate(4, "EUR/BTC")))
        assert await store.read(lambda reader: _times(reader, 3, 7)) == [6, 5, 4, 3]
        assert await store.read(lambda reader: _times(reader, 3, 7, limit=2)) == [6, 5]
        assert await store.read(lambda reader: _times(reader, 3, 5, limit=2)) == [4, 3]
        assert await store.read(lambda reader: _times(reader, 10, 99)) == []
        assert await store.read(lambda reader: _times(reader, 7, 3)) == []
        assert await store.read(lambda reader: _times(reader, 0, 99, limit=0)) == []
        assert await store.read(lambda reader: _times(reader, 0, 99, "EUR/BTC")) == [4]
        assert await store.read(lambda reader: _times(reader, 0, 99, "EUR/CHF")) == []

    async def test_what_is_old_is_forgotten_a_little_at_a_time(self, store: Store) -> None:
        await _keep(store, range(5))
        await _keep(store, (2, 9), "HBAR/EUR")
        pruned = [await store.transact(lambda tx: tx.prune_rates(4, 3)) for _ in range(3)]
        assert pruned == [3, 2, 0], "0, 1, 2 of the one pair; 3 of it and 2 of the other"
        assert await store.read(lambda reader: _times(reader, 0, 99)) == [4]
        assert await store.read(lambda reader: _times(reader, 0, 99, "HBAR/EUR")) == [9]

    async def test_a_pair_may_be_forgotten_whole_and_come_again(self, store: Store) -> None:
        await _keep(store, (1, 2))
        assert await store.transact(lambda tx: tx.prune_rates(9, 9)) == 2
        assert await store.read(lambda reader: reader.last_rates()) == []
        await _keep(store, (9,))
        assert await store.read(lambda reader: reader.last_rates()) == [kept_rate(9)]


async def _keep(store: Store, times_ms: Sequence[int], pair: str = "BTC/EUR") -> None:
    for at_ms in times_ms:
        await store.transact(methodcaller("keep_rate", kept_rate(at_ms, pair)))


def _times(
    reader: Reader, from_ms: int, before_ms: int, pair: str = "BTC/EUR", *, limit: int = 99
) -> list[int]:
    base, quote = pair.split("/")
    found: Sequence[KeptRate] = reader.rate_history(
        base, quote, from_ms=from_ms, before_ms=before_ms, limit=limit
    )
    return [one.at_ms for one in found]
