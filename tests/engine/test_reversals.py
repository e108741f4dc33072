"""What the network takes back: replaced, dropped, conflicted and reorganised, before and after settling."""

from collections.abc import AsyncIterator

import pytest

from paydaemon.core.invoice import Flag, Invoice, Status
from paydaemon.core.payment import ObservedState, PaymentState
from paydaemon.testing.fakenetwork import Credit
from tests.engine.world import DUE, World, credit, world


@pytest.fixture
async def daemon() -> AsyncIterator[World]:
    async with world() as daemon:
        yield daemon


async def states(daemon: World, invoice: Invoice) -> list[PaymentState]:
    return [payment.state for payment in (await daemon.view(invoice.id)).payments]


async def settled(daemon: World) -> tuple[Invoice, str]:
    """A settled invoice and the transaction that paid it; all of it told already."""
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    await daemon.told(invoice)
    return invoice, txid


async def test_a_fee_bump_that_pays_the_same_counts_once(daemon: World) -> None:
    invoice = await daemon.invoice()
    old = await daemon.pay((invoice.options[0], DUE))
    new = daemon.bitcoin.replace(old, credit(invoice.options[0], DUE))
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.PROCESSING, set())
    assert await states(daemon, invoice) == [PaymentState.REPLACED, PaymentState.PENDING]
    assert (await daemon.view(invoice.id)).payments[0].replaced_by == new
    assert (await daemon.told(invoice))[3:] == ["payment.replaced", "invoice.payment_seen"]
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    assert await states(daemon, invoice) == [PaymentState.CONFLICTED, PaymentState.CONFIRMED]


async def test_a_replacement_that_is_told_before_what_it_replaces_counts_once_in_the_end(
    daemon: World,
) -> None:
    invoice = await daemon.invoice()
    old = await daemon.pay((invoice.options[0], DUE))
    new = daemon.bitcoin.replace(old, credit(invoice.options[0], DUE))
    await daemon.chains["bitcoin"].tell_only(new)
    assert Flag.OVER in (await daemon.stands(invoice))[1]
    await daemon.chains["bitcoin"].tell_only(old)
    assert await daemon.stands(invoice) == (Status.PROCESSING, set())


async def test_replaced_away_from_us_reverts(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    daemon.bitcoin.replace(txid)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.NEW, set())
    assert await states(daemon, invoice) == [PaymentState.REPLACED]
    await daemon.mine(6)
    assert await states(daemon, invoice) == [PaymentState.CONFLICTED]
    assert await daemon.stands(invoice) == (Status.NEW, set())


async def test_replaced_by_less_leaves_it_partial(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    daemon.bitcoin.replace(txid, credit(invoice.options[0], DUE - 1))
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL})


async def test_a_conflicting_spend_is_mined(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    rival = daemon.bitcoin.conflict(txid)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.NEW, set())
    [payment] = (await daemon.view(invoice.id)).payments
    assert (payment.state, payment.replaced_by) == (PaymentState.CONFLICTED, rival)
    assert (await daemon.told(invoice))[3:] == ["payment.conflicted"]


async def test_dropped_and_sent_again(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    daemon.bitcoin.drop(txid)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.NEW, set())
    assert daemon.bitcoin.rebroadcast(txid)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.PROCESSING, set())
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    assert (await daemon.told(invoice))[3:] == [
        "payment.dropped",
        "invoice.payment_seen",
        "invoice.processing",
        "payment.confirmed",
        "invoice.settled",
    ]


async def test_sent_again_after_expiry_was_first_seen_in_time(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    daemon.bitcoin.drop(txid)
    await daemon.pass_by(901)
    assert await daemon.stands(invoice) == (Status.EXPIRED, set())
    assert daemon.bitcoin.rebroadcast(txid)
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_reorganised_before_it_settled(daemon: World) -> None:
    invoice = await daemon.invoice()
    await daemon.pay((invoice.options[0], DUE))
    await daemon.mine(3)
    daemon.bitcoin.undo(3)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.PROCESSING, set())
    assert (await daemon.told(invoice))[3:] == ["payment.unconfirmed"]
    await daemon.mine(5)
    assert await daemon.stands(invoice) == (Status.PROCESSING, set())
    await daemon.mine()
    assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_reorganised_after_it_settled_is_reversed_and_settles_again(daemon: World) -> None:
    invoice, _ = await settled(daemon)
    daemon.bitcoin.undo(6)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.PROCESSING, {Flag.REVERSED})
    assert await daemon.told(invoice) == ["payment.unconfirmed", "invoice.reversed", "invoice.processing"]
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.REVERSED})
    assert await daemon.told(invoice) == ["payment.confirmed", "invoice.settled"]


async def test_double_spent_after_it_settled_is_reversed_for_good(daemon: World) -> None:
    invoice, txid = await settled(daemon)
    daemon.bitcoin.reorganise(6, lost=[txid])
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.NEW, {Flag.REVERSED})
    assert await daemon.told(invoice) == ["payment.conflicted", "invoice.reversed"]
    await daemon.mine(100)
    assert await daemon.stands(invoice) == (Status.NEW, {Flag.REVERSED})


async def test_a_conflict_that_is_reorganised_away_counts_again(daemon: World) -> None:
    invoice, txid = await settled(daemon)
    daemon.bitcoin.reorganise(6, lost=[txid])
    await daemon.look()
    daemon.bitcoin.undo(7)
    rival = next(rival for rival in daemon.bitcoin.mempool if rival != txid)
    daemon.bitcoin.drop(rival)
    assert daemon.bitcoin.rebroadcast(txid)
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.REVERSED})


async def test_mined_at_another_height_by_the_new_branch_stays_settled(daemon: World) -> None:
    """Seven blocks take the place of six, and the payment is as deep as before: nothing was ever untrue."""
    invoice, _ = await settled(daemon)
    daemon.bitcoin.reorganise(6)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    assert await daemon.told(invoice) == []
    [payment] = (await daemon.view(invoice.id)).payments
    assert payment.block == daemon.bitcoin.block_hash(1)


async def test_a_shorter_reorganisation_leaves_a_settled_invoice_alone(daemon: World) -> None:
    invoice, _ = await settled(daemon)
    daemon.bitcoin.undo(2)
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    await daemon.mine(4)
    assert await daemon.told(invoice) == []


async def test_reversed_after_expiry_says_so(daemon: World) -> None:
    invoice, txid = await settled(daemon)
    await daemon.pass_by(901)
    assert await daemon.told(invoice) == []
    daemon.bitcoin.reorganise(6, lost=[txid])
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.REVERSED})
    assert await daemon.told(invoice) == ["payment.conflicted", "invoice.reversed", "invoice.expired"]


async def test_while_we_were_down_the_chain_was_reorganised(daemon: World) -> None:
    invoice, txid = await settled(daemon)
    daemon.bitcoin.reorganise(6, lost=[txid])
    await daemon.restart()
    assert await daemon.stands(invoice) == (Status.NEW, {Flag.REVERSED})
    assert "invoice.reversed" in await daemon.told(invoice)


async def test_one_of_two_payments_falls_back(daemon: World) -> None:
    """A transaction may fall back while another to the same invoice stays deep enough."""
    invoice = await daemon.invoice()
    await daemon.pay((invoice.options[0], DUE))
    await daemon.mine(10)
    extra = await daemon.pay((invoice.options[0], 100))
    await daemon.mine(6)
    await daemon.told(invoice)
    daemon.bitcoin.reorganise(6, lost=[extra])
    await daemon.look()
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    assert await daemon.told(invoice) == ["payment.conflicted"]


async def test_a_replacement_pays_another_invoice(daemon: World) -> None:
    one, other = await daemon.invoice(), await daemon.invoice()
    txid = await daemon.pay((one.options[0], DUE))
    daemon.bitcoin.replace(txid, credit(other.options[0], DUE))
    await daemon.look()
    assert await daemon.stands(one) == (Status.NEW, set())
    assert await daemon.stands(other) == (Status.PROCESSING, set())


async def test_what_is_unfinal_is_what_the_network_may_still_change(daemon: World) -> None:
    invoice, txid = await settled(daemon)
    [seen] = await daemon.hosts["bitcoin"].unfinal()
    chain = daemon.chains["bitcoin"]
    assert seen == next(chain.observed(daemon.bitcoin.transactions[txid]))
    await daemon.mine(93)
    assert len(await daemon.hosts["bitcoin"].unfinal()) == 1
    await daemon.mine(1)
    assert await daemon.hosts["bitcoin"].unfinal() == []
    assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_what_is_gone_for_long_is_named_no_more_and_is_the_same_payment_if_it_comes_back(
    daemon: World,
) -> None:
    invoice = await daemon.invoice(expires_in_s=90 * 86_400)
    txid = await daemon.pay((invoice.options[0], DUE))
    daemon.bitcoin.drop(txid)
    await daemon.pass_by(30 * 86_400)
    assert [one.state for one in await daemon.hosts["bitcoin"].unfinal()] == [ObservedState.DROPPED]
    await daemon.pass_by(1)
    assert await daemon.hosts["bitcoin"].unfinal() == []
    await daemon.restart()
    assert daemon.bitcoin.rebroadcast(txid)
    await daemon.mine(6)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())
    assert len((await daemon.view(invoice.id)).payments) == 1


async def test_an_old_word_never_overwrites_a_newer_one(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE))
    old = list(daemon.chains["bitcoin"].observed(daemon.bitcoin.transactions[txid]))
    await daemon.mine(6)
    daemon.bitcoin.grow()
    await daemon.hosts["bitcoin"].observe(old, None, None)
    assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_saying_everything_again_changes_nothing(daemon: World) -> None:
    invoice = await daemon.invoice()
    txid = await daemon.pay((invoice.options[0], DUE), (invoice.options[0], 7))
    daemon.bitcoin.replace(txid, Credit("elsewhere", 5), credit(invoice.options[0], DUE))
    await daemon.mine(3)
    seq = daemon.journal.last_seq
    payments = (await daemon.view(invoice.id)).payments
    every = [
        seen for one in daemon.bitcoin.changed_since(0) for seen in daemon.chains["bitcoin"].observed(one)
    ]
    await daemon.hosts["bitcoin"].observe(every, None, None)
    assert daemon.journal.last_seq == seq
    assert (await daemon.view(invoice.id)).payments == payments
