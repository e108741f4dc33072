"""Payments that find no invoice by themselves, and the operator who gives them to one."""

from decimal import Decimal

import pytest

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Flag, Invoice, Mark, Status
from paydaemon.core.money import Asset
from paydaemon.core.payment import Payment, PaymentState
from paydaemon.hooks.ports import Rate
from paydaemon.testing.fakechain import FakeChain
from paydaemon.testing.fakenetwork import Credit
from tests.engine.world import DUE, OPERATOR, SHOP, World, world

STRAY_INDEX = 1_000


async def stray(daemon: World, amount_minor: int = DUE) -> Payment:
    """A payment to an address of ours that no invoice was ever given."""
    await daemon.pay((daemon.chains["bitcoin"].destination_at(STRAY_INDEX), amount_minor))
    return (await daemon.unmatched())[0]


async def assign(daemon: World, payment: Payment, invoice: Invoice) -> None:
    await daemon.api.assign_payment(OPERATOR, payment.id, invoice.id)


async def test_it_is_recorded_and_told_to_the_operator_alone() -> None:
    async with world() as daemon:
        payment = await stray(daemon)
        assert (payment.invoice_id, payment.amount_minor) == (None, DUE)
        [event] = await daemon.events()
        assert (event.type, event.invoice_id, event.seller_id) == ("payment.unmatched", None, None)
        with pytest.raises(Refusal) as refusal:
            await daemon.api.payments(SHOP, unmatched=True, cursor=None, limit=10)
        assert refusal.value.type is ErrorType.PERMISSION
        page = await daemon.api.payments(SHOP, unmatched=False, cursor=None, limit=10)
        assert page.items == []


async def test_it_goes_on_being_followed() -> None:
    async with world() as daemon:
        await stray(daemon)
        await daemon.mine(6)
        [payment] = await daemon.unmatched()
        assert payment.state is PaymentState.CONFIRMED
        daemon.bitcoin.reorganise(6, lost=[payment.transaction_id])
        await daemon.look()
        [payment] = await daemon.unmatched()
        assert payment.state is PaymentState.CONFLICTED
        assert await daemon.told() == ["payment.unmatched", "payment.confirmed", "payment.conflicted"]


async def test_assigned_it_counts() -> None:
    async with world() as daemon:
        payment = await stray(daemon)
        invoice = await daemon.invoice()
        await assign(daemon, payment, invoice)
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        assert await daemon.unmatched() == []
        assert await daemon.told(invoice) == ["invoice.created", "invoice.payment_seen", "invoice.processing"]
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_assigned_when_it_was_deep_enough_already_it_settles_at_once() -> None:
    async with world() as daemon:
        payment = await stray(daemon)
        await daemon.mine(6)
        invoice = await daemon.invoice()
        await assign(daemon, payment, invoice)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_assigned_it_needs_the_depth_of_its_invoice() -> None:
    async with world() as daemon:
        payment = await stray(daemon)
        await daemon.mine(6)
        invoice = await daemon.invoice(confirmations=8)
        await assign(daemon, payment, invoice)
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        await daemon.mine(2)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_assigned_it_is_late_by_its_own_time() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pass_by(901)
        await assign(daemon, await stray(daemon), invoice)
        assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.LATE})
        assert (await daemon.told(invoice))[-1] == "invoice.paid_late"


async def test_assigned_in_part() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await assign(daemon, await stray(daemon, DUE - 1), invoice)
        assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL})


async def test_one_that_is_gone_can_be_assigned_and_counts_nothing() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        payment = await stray(daemon)
        daemon.bitcoin.drop(payment.transaction_id)
        await daemon.look()
        await assign(daemon, payment, invoice)
        assert await daemon.stands(invoice) == (Status.NEW, set())
        assert daemon.bitcoin.rebroadcast(payment.transaction_id)
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())


async def test_to_the_same_invoice_again_is_no_error_and_to_another_it_is() -> None:
    async with world() as daemon:
        one, other = await daemon.invoice(), await daemon.invoice()
        payment = await stray(daemon)
        await assign(daemon, payment, one)
        seq = daemon.journal.last_seq
        await assign(daemon, payment, one)
        assert daemon.journal.last_seq == seq
        with pytest.raises(Refusal) as refusal:
            await assign(daemon, payment, other)
        assert (refusal.value.type, refusal.value.code) == (ErrorType.CONFLICT, "payment_matched")
        assert await daemon.stands(other) == (Status.NEW, set())


async def test_one_that_was_matched_by_itself_stays_where_it_is() -> None:
    async with world() as daemon:
        one, other = await daemon.invoice(), await daemon.invoice()
        await daemon.pay((one.options[0], DUE))
        [payment] = (await daemon.view(one.id)).payments
        with pytest.raises(Refusal) as refusal:
            await assign(daemon, payment, other)
        assert refusal.value.code == "payment_matched"


async def test_nobody_but_the_operator_assigns() -> None:
    async with world() as daemon:
        invoice, payment = await daemon.invoice(), await stray(daemon)
        with pytest.raises(Refusal) as refusal:
            await daemon.api.assign_payment(SHOP, payment.id, invoice.id)
        assert refusal.value.type is ErrorType.PERMISSION
        assert len(await daemon.unmatched()) == 1


@pytest.mark.parametrize(
    ("payment_id", "invoice_id", "code", "param"),
    [
        ("pay_none", "inv_none", "payment_not_found", "id"),
        (None, "inv_none", "unknown_invoice", "invoice_id"),
    ],
)
async def test_what_does_not_exist_is_named(
    payment_id: str | None, invoice_id: str, code: str, param: str
) -> None:
    async with world() as daemon:
        payment = await stray(daemon)
        with pytest.raises(Refusal) as refusal:
            await daemon.api.assign_payment(OPERATOR, payment_id or payment.id, invoice_id)
        assert (refusal.value.code, refusal.value.param) == (code, param)


async def test_an_asset_that_the_invoice_does_not_take() -> None:
    async with world("bitcoin", "hedera") as daemon:
        invoice = await daemon.invoice(chains=("hedera",))
        with pytest.raises(Refusal) as refusal:
            await assign(daemon, await stray(daemon), invoice)
        assert (refusal.value.code, refusal.value.param) == ("no_such_option", "invoice_id")


async def test_another_asset_at_an_invoices_destination_is_unmatched() -> None:
    """The right address and the wrong token: recorded, told, and not counted as something it is not."""
    async with world("hedera") as daemon:
        token = Asset("hedera", "0.0.777", "JUNK", 0)
        invoice = await daemon.invoice()
        option = invoice.options[0]
        daemon.networks["hedera"].pay(Credit(option.destination.key, option.due_minor, token))
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.NEW, set())
        [payment] = await daemon.unmatched()
        assert payment.asset == token


async def test_a_destination_is_its_own_options_alone() -> None:
    """A token sent to where the same invoice takes the native asset waits for the operator."""
    token = Asset("hedera", "0.0.456858", "USDC", 6)
    async with world("hedera") as daemon:
        chain = daemon.live_chains["hedera"]
        chain.assets = (*chain.assets, token)
        daemon.rates.publish("fixed", [Rate("USDC", "EUR", Decimal("0.90"), daemon.clock())])
        invoice = await daemon.invoice(amount="9.00")
        native, stable = invoice.options
        daemon.networks["hedera"].pay(Credit(native.destination.key, stable.due_minor, token))
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.NEW, set())
        [payment] = await daemon.unmatched()
        await assign(daemon, payment, invoice)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_a_marked_invoice_keeps_its_mark_when_a_payment_is_assigned() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.api.mark_invoice(SHOP, invoice.id, Mark.INVALID)
        await assign(daemon, await stray(daemon), invoice)
        assert await daemon.stands(invoice) == (Status.INVALID, {Flag.MARKED})
        assert len((await daemon.view(invoice.id)).payments) == 1


async def test_a_destination_that_was_paid_before_is_not_issued() -> None:
    """Somebody knew the address before any invoice had it: what they paid is not for this one."""
    async with world() as daemon:
        chain: FakeChain = daemon.chains["bitcoin"]
        await daemon.pay((chain.destination_at(0), DUE), (chain.destination_at(1), DUE))
        invoice = await daemon.invoice()
        assert invoice.options[0].destination == chain.destination_at(2)
        assert await daemon.stands(invoice) == (Status.NEW, set())
        assert len(await daemon.unmatched()) == 2


async def test_a_wallet_with_a_long_past_is_refused_until_its_addresses_are_behind() -> None:
    async with world() as daemon:
        chain = daemon.chains["bitcoin"]
        await daemon.pay(*[(chain.destination_at(index), 1) for index in range(30)])
        with pytest.raises(Refusal) as refusal:
            await daemon.create()
        assert (refusal.value.type, refusal.value.code) == (ErrorType.UNAVAILABLE, "destination_taken")
        assert (await daemon.invoice()).options[0].destination == chain.destination_at(30)
