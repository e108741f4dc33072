"""What wakes the watcher, and the scripts that a raw transaction is matched against."""

import pytest
import trio
from embit.script import Script
from embit.transaction import Transaction, TransactionInput, TransactionOutput

from paydaemon.core.payment import ObservedState
from paydaemon_bitcoin.book import Book
from paydaemon_bitcoin.descriptors import Network, parse
from paydaemon_bitcoin.inbox import Inbox
from paydaemon_bitcoin.notifications import Added, BlocksChanged, Missed, RawTransaction, Removed
from paydaemon_bitcoin.observations import Credit, Fate
from paydaemon_bitcoin.sandbox import seller_descriptor
from paydaemon_bitcoin.scripts import Scripts

OURS = parse(seller_descriptor(), Network.REGTEST)
THEIRS = parse(seller_descriptor(), Network.REGTEST)
MEMPOOL = Fate(ObservedState.SEEN, 1_000)
LOST = Fate(ObservedState.DROPPED, 1_000)


def raw(script: bytes, locktime: int = 0) -> bytes:
    paid = [TransactionOutput(5_000, Script(THEIRS.script(9))), TransactionOutput(20_834, Script(script))]
    return bytes(Transaction(2, [TransactionInput(bytes(32), 0)], paid, locktime).serialize())


def inbox(book: Book | None = None, most: int = 10_000) -> Inbox:
    scripts = Scripts()
    scripts.add(OURS.address(0))
    return Inbox(scripts, Book() if book is None else book, most)


def test_a_transaction_that_pays_us_is_a_suspect_once() -> None:
    box = inbox()
    box.hear(RawTransaction(raw(OURS.script(0))))
    box.hear(RawTransaction(raw(OURS.script(0))))
    box.hear(RawTransaction(raw(THEIRS.script(0))))
    (suspect,) = box.take_suspects().new.values()
    assert list(Scripts().credits(suspect)) == []
    assert not box.take_suspects().new
    assert not box.chain_due


def test_one_that_is_told_again_means_that_a_block_came() -> None:
    book = Book()
    box = inbox(book)
    box.hear(RawTransaction(raw(OURS.script(0))))
    (txid,) = box.take_suspects().new
    book.write(txid, [Credit(txid, 1, 20_834, OURS.address(0))], MEMPOOL)
    box.hear(RawTransaction(raw(OURS.script(0))))
    assert box.chain_due
    assert not box.take_suspects().new
    book.write(txid, [], LOST)
    box.hear(RawTransaction(raw(OURS.script(0))))
    assert list(box.take_suspects().new) == [txid]


def test_comings_and_goings_matter_where_they_are_known() -> None:
    book = Book()
    book.write("aa", [], MEMPOOL)
    box = inbox(book)
    for wake in (Added("aa"), Removed("aa"), Added("bb"), Removed("bb")):
        box.hear(wake)
    assert box.take_suspects().known == {"aa"}


def test_blocks_and_gaps_make_a_look_due() -> None:
    box = inbox()
    box.hear(BlocksChanged())
    assert (box.chain_due, box.all_due) == (True, False)
    assert not box.take_due()
    assert (box.chain_due, box.all_due) == (False, False)
    box.hear(Missed("why not"))
    assert (box.chain_due, box.all_due) == (True, True)
    assert box.take_due()
    assert (box.chain_due, box.all_due) == (False, False)


@pytest.mark.parametrize("garbage", [b"", b"\x00" * 9, b"\xff" * 500, raw(OURS.script(0))[:-1]])
def test_what_cannot_be_read_makes_everything_due(garbage: bytes) -> None:
    box = inbox()
    box.hear(RawTransaction(garbage))
    assert box.take_due()


def test_too_many_suspects_become_a_look_at_everything() -> None:
    box = inbox(most=10)
    for locktime in range(11):
        box.hear(RawTransaction(raw(OURS.script(0), locktime)))
    assert not box.take_suspects().new
    assert box.take_due()


async def test_waiting_ends_with_the_first_wake() -> None:
    box = inbox()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.wait)
        await trio.testing.wait_all_tasks_blocked()
        box.hear(RawTransaction(raw(THEIRS.script(0))))
        await trio.testing.wait_all_tasks_blocked()
        assert nursery.child_tasks
        box.hear(BlocksChanged())
    with trio.fail_after(1):
        await box.wait()
    box.take_suspects()
    with trio.move_on_after(0.01) as scope:
        await box.wait()
    assert scope.cancelled_caught


def test_scripts_tell_which_outputs_pay_whom() -> None:
    scripts = Scripts()
    scripts.add(OURS.address(0))
    box = Inbox(scripts, Book())
    box.hear(RawTransaction(raw(OURS.script(0))))
    (transaction,) = box.take_suspects().new.values()
    assert list(scripts.credits(transaction)) == [Credit(transaction.txid, 1, 20_834, OURS.address(0))]


def test_of_very_many_scripts_the_newest_are_kept() -> None:
    scripts = Scripts(most=3)
    for index in range(5):
        scripts.add(OURS.address(index))
    assert len(scripts) == 3
    assert [scripts.match([(OURS.script(index), 1)]) for index in range(5)] == [
        False,
        False,
        True,
        True,
        True,
    ]
