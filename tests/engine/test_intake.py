"""Intake: what chains say, folded into the ledger, in whatever order and however often they say it."""

from dataclasses import replace

import pytest
from trio.testing import MockClock

from paydaemon.core.invoice import Flag, Status
from paydaemon.core.payment import ChainTime, Observation, ObservedState, PaymentState
from paydaemon.engine import intake
from paydaemon.store.port import ChainRow
from paydaemon.testing.fakenetwork import Credit
from tests.engine.stores import UnsteadyStore
from tests.engine.world import DUE, World, world


async def row(daemon: World) -> ChainRow:
    return await daemon.store.read(lambda reader: reader.chain("bitcoin"))


def seen(daemon: World, ref: str, key: str, amount_minor: int = DUE, **fields: object) -> Observation:
    """An observation that no fake chain would make by itself."""
    made = Observation(
        ref=ref,
        transaction_id=ref.partition(":")[0],
        asset=daemon.chains["bitcoin"].assets[0],
        amount_minor=amount_minor,
        destination_key=key,
        state=ObservedState.SEEN,
        seen_at_ms=daemon.clock(),
        position=1,
    )
    return replace(made, **fields)  # type: ignore[arg-type]


async def test_cursor_and_height_are_kept_with_what_was_told() -> None:
    async with world() as daemon:
        host = daemon.hosts["bitcoin"]
        await host.observe([], ChainTime(daemon.clock(), 7), "seven")
        assert ((await row(daemon)).cursor, (await row(daemon)).height) == ("seven", 7)
        await host.observe([], ChainTime(daemon.clock(), 6), None)
        assert ((await row(daemon)).cursor, (await row(daemon)).height) == ("seven", 6)
        await host.observe([], None, "eight")
        assert (await host.saved()).cursor == "eight"
        assert (await row(daemon)).height == 6


async def test_a_look_whose_commit_was_not_answered_is_told_again_without_harm(
    autojump_clock: MockClock,
) -> None:
    """By the host itself: a disk that fails is no reason to restart a chain, later and later."""
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.store = store = UnsteadyStore(daemon.store)
        await daemon.restart()
        await daemon.pay((invoice.options[0], DUE), tell=False)
        store.fails = 3
        await daemon.look()
        assert store.fails == 0
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        assert len((await daemon.view(invoice.id)).payments) == 1
        assert await daemon.told(invoice) == ["invoice.created", "invoice.payment_seen", "invoice.processing"]


async def test_one_bad_observation_takes_back_all_that_came_with_it() -> None:
    """Nothing is half told: the cursor stays where it was, so all of it comes again."""
    async with world() as daemon:
        invoice = await daemon.invoice()
        before, seq = await row(daemon), daemon.journal.last_seq
        good = seen(daemon, "a:0", invoice.options[0].destination.key)
        alien = replace(good, ref="b:0", asset=replace(good.asset, chain="elsewhere"))
        with pytest.raises(ValueError, match="elsewhere"):
            await daemon.hosts["bitcoin"].observe([good, alien], ChainTime(daemon.clock(), 9), "beyond")
        assert await row(daemon) == before
        assert daemon.journal.last_seq == seq
        assert not (await daemon.view(invoice.id)).payments


async def test_the_same_credit_twice_in_one_breath_is_one() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        one = seen(daemon, "a:0", invoice.options[0].destination.key)
        mined = replace(one, position=2, height=1, block="block-1")
        await daemon.hosts["bitcoin"].observe([one, mined, one], None, None)
        [payment] = (await daemon.view(invoice.id)).payments
        assert (payment.height, payment.position) == (1, 2)
        assert await daemon.told(invoice) == ["invoice.created", "invoice.payment_seen", "invoice.processing"]


async def test_the_same_ref_on_two_chains_is_two_credits() -> None:
    async with world("bitcoin", "litecoin") as daemon:
        one, other = await daemon.invoice(chains=("bitcoin",)), await daemon.invoice(chains=("litecoin",))
        credit = seen(daemon, "a:0", one.options[0].destination.key)
        await daemon.hosts["bitcoin"].observe([credit], None, None)
        asset = daemon.chains["litecoin"].assets[0]
        twin = replace(credit, asset=asset, destination_key=other.options[0].destination.key)
        await daemon.hosts["litecoin"].observe([twin], None, None)
        assert (await daemon.stands(one))[0] is Status.PROCESSING
        assert (await daemon.stands(other))[0] is Status.PROCESSING


async def test_what_a_credit_is_never_changes() -> None:
    """A chain that tells another amount for the same output is not believed the second time."""
    async with world() as daemon:
        one, other = await daemon.invoice(), await daemon.invoice()
        credit = seen(daemon, "a:0", one.options[0].destination.key)
        await daemon.hosts["bitcoin"].observe([credit], None, None)
        changed = replace(
            credit, position=2, amount_minor=10 * DUE, destination_key=other.options[0].destination.key
        )
        await daemon.hosts["bitcoin"].observe([changed], None, None)
        assert await daemon.stands(one) == (Status.PROCESSING, set())
        assert await daemon.stands(other) == (Status.NEW, set())


async def test_a_lost_credit_that_was_never_seen_valid_is_recorded_and_counts_nothing() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        txid = await daemon.pay((invoice.options[0], DUE), tell=False)
        daemon.bitcoin.replace(txid)
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.NEW, set())
        [payment] = (await daemon.view(invoice.id)).payments
        assert payment.state is PaymentState.REPLACED
        assert await daemon.told(invoice) == ["invoice.created", "payment.replaced"]


async def test_amounts_are_exact_far_beyond_64_bits() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        huge = 10**40 + 1
        await daemon.pay((invoice.options[0], huge), (invoice.options[0], huge))
        assert await daemon.stands(invoice) == (Status.PROCESSING, {Flag.OVER})
        payments = (await daemon.view(invoice.id)).payments
        assert sum(payment.amount_minor for payment in payments) == 2 * 10**40 + 2


async def test_more_ripe_payments_than_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RIPE_AT_ONCE", 3)
    async with world() as daemon:
        invoices = [await daemon.invoice() for _ in range(10)]
        await daemon.pay(*((invoice.options[0], DUE) for invoice in invoices))
        await daemon.mine(6)
        assert [(await daemon.stands(invoice))[0] for invoice in invoices] == [Status.SETTLED] * 10


async def test_many_blocks_at_once_ripen_what_they_bury() -> None:
    """The chain tells no more of a payment once it is in a block: its growth is enough."""
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine()
        view = daemon.bitcoin.view
        daemon.bitcoin.grow(50)
        assert daemon.bitcoin.view == view
        await daemon.look()
        assert (await daemon.stands(invoice))[0] is Status.SETTLED


async def test_hostile_metadata_on_one_invoice_is_no_others_trouble() -> None:
    async with world() as daemon:
        odd = await daemon.invoice(metadata={"\u202e": ["'; DROP TABLE invoices; --", None, {"": 1e308}]})
        fine = await daemon.invoice()
        await daemon.pay((odd.options[0], DUE), (fine.options[0], DUE))
        await daemon.mine(6)
        assert [(await daemon.stands(one))[0] for one in (odd, fine)] == [Status.SETTLED] * 2
        assert (await daemon.view(odd.id)).invoice.metadata == odd.metadata


async def test_keys_that_only_look_like_ours_are_nobodys() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        key = invoice.options[0].destination.key
        for stray in (key.upper(), key + " ", key + "\0", "", key[:-1]):
            daemon.bitcoin.pay(Credit(stray, DUE))
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.NEW, set())
        assert len(await daemon.unmatched()) == 5


async def test_three_thousand_credits_at_once() -> None:
    """The daemon comes back to a full block: all of it in one look, each to its own."""
    async with world() as daemon:
        invoices = [await daemon.invoice(confirmations=1) for _ in range(60)]
        outputs = [Credit(invoices[number % 60].options[0].destination.key, 417) for number in range(3_000)]
        daemon.bitcoin.pay(*outputs)
        daemon.bitcoin.grow()
        await daemon.look()
        assert {(await daemon.stands(invoice))[0] for invoice in invoices} == {Status.SETTLED}
        totals = {
            sum(payment.amount_minor for payment in (await daemon.view(invoice.id)).payments)
            for invoice in invoices
        }
        assert totals == {50 * 417}


async def test_what_a_payer_wrote_is_recorded_whatever_it_is() -> None:
    """Else one odd memo would start the chain again for ever."""
    async with world() as daemon:
        odd = {"a": "\ud800", "b": "a\0b", "c": "x" * 5_000_000}
        host = daemon.hosts["bitcoin"]
        await host.observe([seen(daemon, ref, key) for ref, key in odd.items()], None, None)
        kept = [payment.destination_key for payment in reversed(await daemon.unmatched())]
        assert kept == ["\ufffd", "a\ufffdb", "x" * 500 + "…"]
        assert [one.destination_key for one in await host.unfinal()] == kept


@pytest.mark.parametrize("spoilt", [{"height": 2**63}, {"seen_at_ms": -1}, {"ref": ""}, {"ref": "r" * 501}])
async def test_what_no_chain_may_say_is_not_recorded_with_all_that_came_with_it(
    spoilt: dict[str, object],
) -> None:
    async with world() as daemon:
        before, good = await row(daemon), seen(daemon, "a:0", "nobody")
        wrong = replace(good, ref="b:0")
        for name, value in spoilt.items():
            object.__setattr__(wrong, name, value)
        for said in (([good, wrong], None, "on"), ([good], ChainTime(-1), "on"), ([good], None, "x" * 2**21)):
            with pytest.raises(ValueError, match="must"):
                await daemon.hosts["bitcoin"].observe(*said)
        assert await row(daemon) == before
        assert await daemon.unmatched() == []
