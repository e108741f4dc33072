"""What the daemon is told, in which order and in which portions."""

import json

from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, ObservedState
from paydaemon_bitcoin.book import Book
from paydaemon_bitcoin.cursor import Cursor
from paydaemon_bitcoin.inquiry import Finding
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.observations import Credit, Fate
from paydaemon_bitcoin.teller import Teller
from tests.support.host import FakeHost

AT_ONCE = BitcoinLimits().told_at_once
BTC = Asset("bitcoin", "BTC", "BTC", 8)
MEMPOOL = Fate(ObservedState.SEEN, 1_000)
REPLACED = Fate(ObservedState.REPLACED, 1_000)
AS_OF = ChainTime(9_000, 111)


def finding(txid: str, fate: Fate, outputs: int = 1) -> Finding:
    return Finding(txid, [Credit(txid, vout, 1_000, "address") for vout in range(outputs)], fate)


def teller(host: FakeHost) -> Teller:
    return Teller(host, BTC, Book(), Cursor(tip="old", base="deep", view=41))


async def test_losses_are_told_before_gains() -> None:
    host = FakeHost()
    told = teller(host)
    await told.tell([finding("aa", MEMPOOL)])
    await told.tell([finding("bb", MEMPOOL), finding("aa", REPLACED)])
    assert [seen.transaction_id for seen in host.told[1].observations] == ["aa", "bb"]
    assert host.most_counted_minor["address"] == 1_000


async def test_each_portion_is_bounded_and_raises_the_view_that_is_kept_with_it() -> None:
    host = FakeHost()
    await teller(host).complete([finding("aa", MEMPOOL, 2 * AT_ONCE + 1)], AS_OF, "new", "base")
    assert [len(told.observations) for told in host.told] == [AT_ONCE, AT_ONCE, 1]
    assert [told.as_of for told in host.told] == [None, None, AS_OF]
    cursors = [json.loads(told.cursor or "") for told in host.told]
    assert [cursor["tip"] for cursor in cursors] == ["old", "old", "new"]
    assert [cursor["view"] for cursor in cursors] == [42, 43, 44]
    assert [{seen.position for seen in told.observations} for told in host.told] == [{42}, {43}, {44}]


async def test_nothing_new_is_told_only_where_the_chain_was_seen_complete() -> None:
    host = FakeHost()
    told = teller(host)
    await told.tell([])
    await told.tell([finding("aa", REPLACED)])
    assert host.told == []
    await told.complete([], AS_OF, "new", "base")
    assert [(len(one.observations), one.as_of) for one in host.told] == [(0, AS_OF)]
    assert told.cursor == Cursor(tip="new", base="base", view=42)
