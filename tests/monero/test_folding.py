"""From answers to observations: the rules, without a network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from paydaemon.core.money import Asset
from paydaemon.core.payment import ObservedState, PaymentState
from paydaemon_monero.answers import Credit, NodeInfo, Transfer, Whereabouts
from paydaemon_monero.book import Book
from paydaemon_monero.cursor import Cursor
from paydaemon_monero.errors import Unavailable
from paydaemon_monero.limits import MoneroLimits
from paydaemon_monero.locks import BLOCKS_BELOW, is_locked
from paydaemon_monero.observations import FINAL, Finding, Placed, credit_of, fate_of, in_block, observation
from paydaemon_monero.patience import Patience
from paydaemon_monero.teller import Teller
from paydaemon_monero.watcher import Watcher
from tests.support.host import FakeHost

XMR = Asset("monero", "XMR", "XMR", 12)
INFO = NodeInfo(200, "tip", 0, True, "fakechain", 1_000_000, None, "")
PATIENCE = Patience(30, lambda reason: None)
CREDIT = Credit("ab" * 32, 3, 5, "8A")


@dataclass
class Net:
    """What a node and its wallet say, whatever they say."""

    info_now: NodeInfo = INFO
    listed: Sequence[Transfer] = ()
    where: Mapping[str, Whereabouts] = field(default_factory=dict)
    by_id: Sequence[Transfer] = ()
    is_another: bool = False
    known: int | None = None

    async def info(self) -> NodeInfo:
        return self.info_now

    async def block_at(self, height: int) -> str:
        return f"block {height}"

    async def has_block(self, height: int, block: str) -> bool:
        return True

    async def whereabouts(self, txids: Sequence[str]) -> Mapping[str, Whereabouts]:
        return {txid: self.where[txid] for txid in txids if txid in self.where}

    async def check(self) -> None:
        if self.is_another:
            raise Unavailable("another wallet")

    async def height(self) -> int:
        return self.info_now.blocks if self.known is None else self.known

    async def catch_up(self) -> int:
        return self.info_now.blocks

    async def transfers(self, above: int) -> Sequence[Transfer]:
        return [one for one in self.listed if one.height is None or one.height > above]

    async def transfer(self, txid: str) -> Sequence[Transfer]:
        return [one for one in self.by_id if one.credit.txid == txid]


async def looking(net: Net, host: FakeHost, patience: Patience = PATIENCE) -> Watcher:
    return await Watcher.load(net, net, host, XMR, "regtest", MoneroLimits(), patience)  # type: ignore[arg-type]


def states(host: FakeHost) -> dict[int, PaymentState]:
    return {payment.amount_minor: payment.state for payment in host.payments.values()}


async def test_what_the_wallet_credits_less_in_a_block_is_another_credit() -> None:
    """One of two outputs has a key that was used before: in the block it is worth nothing."""
    host, less = FakeHost(), replace(CREDIT, amount_minor=2)
    net = Net(listed=[Transfer(CREDIT, None, 1_000, 0)], where={CREDIT.txid: Whereabouts(None)})
    watcher = await looking(net, host)
    assert await watcher.look() is None
    mined = Transfer(less, 200, 1_100, 0)
    net.listed = net.by_id = [mined]
    net.where = {CREDIT.txid: Whereabouts(200)}
    net.info_now = replace(INFO, blocks=201, tip="next")
    assert await watcher.look() is None
    assert states(host) == {5: PaymentState.DROPPED, 2: PaymentState.PENDING}
    assert max(host.most_counted_minor.values()) == 5, "never both at once"


async def test_what_a_wallet_has_forgotten_stays_while_the_chain_holds_it() -> None:
    host = FakeHost()
    net = Net(listed=[Transfer(CREDIT, 190, 1_000, 0)])
    watcher = await looking(net, host)
    await watcher.look()
    net.listed, net.where = (), {CREDIT.txid: Whereabouts(190)}
    again = await looking(net, host)
    assert await again.look() is None
    assert states(host) == {5: PaymentState.CONFIRMED}
    assert len(list(host.said("8A"))) == 1


async def test_a_long_lock_outlives_restarts_and_blocks() -> None:
    host, locked = FakeHost(), Transfer(CREDIT, 190, 1_000, unlock_time=1_000)
    net = Net(listed=[locked], by_id=[locked], where={CREDIT.txid: Whereabouts(190)})
    for blocks in (200, 400, 999, 1_000):
        net.info_now = replace(INFO, blocks=blocks, tip=f"tip {blocks}")
        watcher = await looking(net, host)
        assert await watcher.look() is None
        assert states(host) == {5: PaymentState.CONFIRMED if blocks == 1_000 else PaymentState.PENDING}
    assert host.payments[CREDIT.ref].final, "it is deep enough by then"
    assert host.payments[CREDIT.ref].height == 190


async def test_a_wallet_that_is_behind_tells_nothing() -> None:
    host, net = FakeHost(), Net(listed=[Transfer(CREDIT, 190, 1_000, 0)])
    watcher = await looking(net, host)

    async def behind() -> int:
        return 190

    net.catch_up = behind  # type: ignore[method-assign]
    assert await watcher.look() == "the wallet knows 190 blocks, and monerod 200"
    net.info_now = replace(INFO, synchronized=False, target=400)
    assert await watcher.look() == "monerod is catching up with the chain (50 %)"
    assert host.told == []


async def test_what_another_wallet_lists_is_not_told_although_it_was_opened_in_mid_look() -> None:
    host = FakeHost()
    net = Net(listed=[Transfer(CREDIT, 190, 1_000, 0)])

    async def listed_by_another(above: int) -> Sequence[Transfer]:
        net.is_another = True
        return ()

    watcher = await looking(net, host)
    assert await watcher.look() is None
    told = list(host.told)
    right, net.transfers = net.transfers, listed_by_another  # type: ignore[method-assign]
    with pytest.raises(Unavailable, match="another wallet"):
        await watcher.look()
    assert host.told == told, "not even up to when the chain was seen complete"
    net.is_another, net.transfers = False, right  # type: ignore[method-assign]
    assert await watcher.look() is None
    assert states(host) == {5: PaymentState.CONFIRMED}


async def test_a_wallet_that_is_silent_for_long_is_waited_for_and_told_of(autojump_clock: MockClock) -> None:
    host, net, told = FakeHost(), Net(), list[str]()
    watcher = await looking(net, host, Patience(3, told.append))

    async def slow() -> int:
        await trio.sleep(7)
        return net.info_now.blocks

    net.catch_up = slow  # type: ignore[method-assign]
    assert await watcher.look() is None
    assert (told, len(host.told)) == (["the wallet does not answer in time"] * 3, 1)


async def test_a_wallet_that_waits_for_its_node_says_so(autojump_clock: MockClock) -> None:
    net, told = Net(known=3), list[str]()
    watcher = await looking(net, FakeHost(), Patience(3, told.append))

    async def away() -> NodeInfo:
        raise Unavailable("monerod does not answer in time")

    async def waits() -> int:
        net.info = away  # type: ignore[method-assign]
        await trio.sleep_forever()
        raise AssertionError("for ever")

    net.catch_up = waits  # type: ignore[method-assign]
    with trio.move_on_after(6.5):
        await watcher.look()
    behind = "the wallet catches up with the chain (3 of 200 blocks)"
    away_told = "monerod does not answer in time"
    assert told == [behind, f"{behind}, or hangs", away_told, away_told]


async def test_the_time_of_a_payment_is_the_node_s_and_the_earliest() -> None:
    host = FakeHost()
    net = Net(
        listed=[Transfer(CREDIT, None, 2_000, 0)], where={CREDIT.txid: Whereabouts(None, received_s=1_500)}
    )
    watcher = await looking(net, host)
    await watcher.look()
    assert host.only("8A").seen_at_ms == 1_500_000
    net.listed = [Transfer(CREDIT, 199, 1_900, 0)]
    net.info_now = replace(INFO, tip="next")
    await watcher.look()
    assert (host.only("8A").seen_at_ms, host.only("8A").height) == (1_500_000, 199)


@given(st.integers(0, 2**64 - 1), st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 2**40))
def test_a_lock_ends_once_and_nothing_usual_is_one(
    unlock: int, height: int, depth: int, clock_s: int
) -> None:
    blocks = height + depth
    locked = is_locked(unlock, height, blocks, clock_s)
    if unlock < BLOCKS_BELOW:
        assert locked == (height + 10 < unlock and blocks < unlock)
    else:
        assert locked == (clock_s < unlock)
    assert locked or not is_locked(unlock, height, blocks + 1, clock_s + 1)


@given(st.integers(0, 300), st.sampled_from([0, 150, 2_000_000]))
def test_an_observation_says_all_that_the_book_needs(height: int, unlock: int) -> None:
    place = Placed(height, 1_000, unlock)
    fate = in_block(place, "block", replace(INFO, blocks=301))
    said = observation(Finding(CREDIT, fate, place), XMR, 7)
    assert (credit_of(said), fate_of(said)) == (CREDIT, fate)
    assert not Book([said]).is_news(Finding(CREDIT, fate))
    assert Book().is_news(Finding(CREDIT, fate))
    assert fate.final == (fate.height is not None and 300 - height + 1 >= FINAL)
    assert said.state is ObservedState.SEEN


async def test_a_loss_is_told_before_a_gain_in_one_go() -> None:
    host, other = FakeHost(), replace(CREDIT, txid="cd" * 32)
    net = Net(listed=[Transfer(CREDIT, None, 1_000, 0)], where={CREDIT.txid: Whereabouts(None)})
    watcher = await looking(net, host)
    await watcher.look()
    net.listed = [Transfer(other, None, 1_000, 0), Transfer(CREDIT, None, 1_000, 0)]
    net.where = {other.txid: Whereabouts(None)}
    await watcher.look()
    said = [observation.state for observation in host.told[-1].observations]
    assert said == [ObservedState.DROPPED, ObservedState.SEEN]
    views = [observation.position for told in host.told for observation in told.observations]
    assert views == sorted(views)


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(7, "tip", 3)
    assert (Cursor.load(cursor.dump()), Cursor.load(None)) == (cursor, Cursor())
    assert Teller(FakeHost(), XMR, Book(), Cursor(200, "tip", 1)).base == 90
