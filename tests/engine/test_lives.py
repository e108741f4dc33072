"""The lives of invoices: everything that buyers do, from the first look to long after."""

from fractions import Fraction

import pytest

from paydaemon.core.events import Event
from paydaemon.core.invoice import Flag, LatePolicy, Mark, Status
from paydaemon.core.payment import PaymentState
from paydaemon.engine.orders import InvoiceDefaults
from tests.engine.world import DUE, OPERATOR, RIVAL, SHOP, World, terms_of, world

EXPIRY_S = 900
MONITOR_S = 604_800


def names(events: list[str]) -> list[str]:
    """The types without the part that all of them share."""
    return [event.removeprefix("invoice.") for event in events]


def status_in(event: Event) -> object:
    invoice = event.data["invoice"]
    assert isinstance(invoice, dict)
    return invoice["status"]


async def state(daemon: World) -> object:
    page = await daemon.api.invoices(OPERATOR, seller_id=None, status=None, cursor=None, limit=200)
    return page, await daemon.events()


async def test_exact() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        assert await daemon.stands(invoice) == (Status.NEW, set())
        await daemon.pay((invoice.options[0], DUE))
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        assert await daemon.told(invoice) == ["invoice.created", "invoice.payment_seen", "invoice.processing"]
        await daemon.mine(5)
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        assert await daemon.told(invoice) == []
        await daemon.mine()
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert await daemon.told(invoice) == ["payment.confirmed", "invoice.settled"]
        await daemon.mine(100)
        assert await daemon.told(invoice) == []


async def test_one_unit_short_stays_partial_and_expires() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE - 1))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL})
        await daemon.pass_by(EXPIRY_S + 1)
        assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.PARTIAL})
        assert names(await daemon.told(invoice)) == [
            "created",
            "payment_seen",
            "partially_paid",
            "payment.confirmed",
            "expired",
        ]


async def test_partial_then_topped_up() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE - 1))
        await daemon.pay((invoice.options[0], 1))
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        assert names(await daemon.told(invoice)) == [
            "created",
            "payment_seen",
            "partially_paid",
            "payment_seen",
            "processing",
        ]
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert names(await daemon.told(invoice)) == ["payment.confirmed", "payment.confirmed", "settled"]


async def test_the_last_part_to_be_final_settles() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE - 1))
        await daemon.mine(3)
        await daemon.pay((invoice.options[0], 1))
        await daemon.mine(5)
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        await daemon.mine()
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_one_unit_over() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE + 1))
        assert await daemon.stands(invoice) == (Status.PROCESSING, {Flag.OVER})
        assert names(await daemon.told(invoice)) == ["created", "payment_seen", "processing", "overpaid"]
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.OVER})


async def test_paid_twice_is_told_twice_and_settles_once() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.OVER})
        told = names(await daemon.told(invoice))
        assert told.count("settled") == 1
        assert told.count("overpaid") == 1
        assert told.count("payment.confirmed") == 2


async def test_late_by_the_chains_own_time() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pass_by(EXPIRY_S + 1)
        assert await daemon.stands(invoice) == (Status.EXPIRED, set())
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.LATE})
        assert names(await daemon.told(invoice)) == [
            "created",
            "expired",
            "payment_seen",
            "paid_late",
            "payment.confirmed",
        ]


async def test_paid_at_the_very_last_millisecond_is_in_time() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pass_by(EXPIRY_S)
        assert await daemon.stands(invoice) == (Status.NEW, set())
        await daemon.pay((invoice.options[0], DUE))
        await daemon.pass_by(0.001)
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_late_settles_by_itself_where_the_seller_says_so() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice(late=LatePolicy.SETTLE)
        await daemon.pass_by(EXPIRY_S + 1)
        await daemon.pay((invoice.options[0], DUE))
        assert await daemon.stands(invoice) == (Status.PROCESSING, {Flag.LATE})
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.LATE})
        assert names(await daemon.told(invoice))[-2:] == ["payment.confirmed", "settled"]


async def test_the_policy_for_late_payments_is_the_operators_where_a_seller_says_nothing() -> None:
    async with world(defaults=InvoiceDefaults(late=LatePolicy.SETTLE)) as daemon:
        assert (await daemon.invoice()).late is LatePolicy.SETTLE
        assert (await daemon.invoice(late=LatePolicy.HOLD)).late is LatePolicy.HOLD


async def test_in_part_in_time_and_the_rest_late() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE // 2))
        await daemon.pass_by(EXPIRY_S + 1)
        await daemon.pay((invoice.options[0], DUE - DUE // 2))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.LATE})
        assert "paid_late" in names(await daemon.told(invoice))


async def test_after_monitoring_credits_are_recorded_and_told_and_change_nothing() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice(late=LatePolicy.SETTLE)
        await daemon.pass_by(EXPIRY_S + 1)
        await daemon.pass_by(MONITOR_S + 1)
        assert names(await daemon.told(invoice)) == ["created", "expired"]
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.EXPIRED, set())
        assert names(await daemon.told(invoice)) == ["payment_seen", "payment.confirmed"]
        [payment] = (await daemon.view(invoice.id)).payments
        assert (payment.amount_minor, payment.state) == (DUE, PaymentState.CONFIRMED)


async def test_not_final_when_monitoring_ends_is_invalid_and_settles_when_it_is() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await daemon.pass_by(EXPIRY_S + 1)
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        await daemon.pass_by(MONITOR_S)
        assert await daemon.stands(invoice) == (Status.INVALID, set())
        assert names(await daemon.told(invoice))[-1] == "invalid"
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_paid_while_the_daemon_was_down_and_past_expiry_is_not_late() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.turn(60)
        await daemon.pay((invoice.options[0], DUE), tell=False)
        daemon.bitcoin.grow(6)
        daemon.turn(3_600)
        await daemon.restart()
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert names(await daemon.told(invoice)) == [
            "created",
            "payment_seen",
            "payment.confirmed",
            "settled",
        ]


async def test_paid_while_the_daemon_was_down_but_too_late_is_late() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.turn(EXPIRY_S + 1)
        await daemon.pay((invoice.options[0], DUE), tell=False)
        daemon.bitcoin.grow(6)
        daemon.turn(3_600)
        await daemon.restart()
        assert await daemon.stands(invoice) == (Status.EXPIRED, {Flag.LATE})


async def test_nothing_expires_while_the_network_is_away() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.bitcoin.away = True
        await daemon.pay((invoice.options[0], DUE), tell=False)
        await daemon.pass_by(EXPIRY_S + 3_600)
        assert await daemon.stands(invoice) == (Status.NEW, set())
        daemon.bitcoin.away = False
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())


async def test_two_outputs_to_one_invoice_are_two_payments() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        option = invoice.options[0]
        txid = await daemon.pay((option, 10_000), (option, DUE - 10_000))
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        payments = (await daemon.view(invoice.id)).payments
        assert [payment.ref for payment in payments] == [f"{txid}:0", f"{txid}:1"]


async def test_one_transaction_pays_two_invoices() -> None:
    async with world() as daemon:
        one, other = await daemon.invoice(), await daemon.invoice(principal=RIVAL)
        await daemon.pay((one.options[0], DUE), (other.options[0], DUE - 1))
        await daemon.mine(6)
        assert await daemon.stands(one) == (Status.SETTLED, set())
        assert await daemon.stands(other) == (Status.NEW, {Flag.PARTIAL})
        assert "settled" in names(await daemon.told(one))
        assert "settled" not in names(await daemon.told(other))


async def test_half_in_one_asset_and_half_in_another_settles() -> None:
    async with world("bitcoin", "hedera") as daemon:
        invoice = await daemon.invoice(amount="12.00")
        bitcoin, hedera = invoice.options
        assert (bitcoin.due_minor, hedera.due_minor) == (20_000, 48 * 10**8)
        await daemon.pay((bitcoin, 10_000))
        await daemon.pay((hedera, 24 * 10**8))
        assert await daemon.stands(invoice) == (Status.PROCESSING, set())
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_without_blocks_a_payment_is_final_at_once() -> None:
    async with world("hedera") as daemon:
        invoice = await daemon.invoice(chains=("hedera",))
        await daemon.pay((invoice.options[0], invoice.options[0].due_minor))
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert names(await daemon.told(invoice)) == [
            "created",
            "payment_seen",
            "payment.confirmed",
            "settled",
        ]


@pytest.mark.parametrize("confirmations", [0, 1, 2, 6, 100])
async def test_settled_at_exactly_the_invoices_own_depth(confirmations: int) -> None:
    async with world() as daemon:
        invoice = await daemon.invoice(confirmations=confirmations)
        await daemon.pay((invoice.options[0], DUE))
        for _ in range(confirmations):
            assert (await daemon.stands(invoice))[0] is Status.PROCESSING
            await daemon.mine()
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_tolerance_lets_a_little_be_missing() -> None:
    async with world(defaults=InvoiceDefaults(tolerance_ppm=10_000)) as daemon:
        enough, short = await daemon.invoice(), await daemon.invoice()
        least = -(-DUE * 99 // 100)
        await daemon.pay((enough.options[0], least), (short.options[0], least - 1))
        assert await daemon.stands(enough) == (Status.PROCESSING, set())
        assert await daemon.stands(short) == (Status.NEW, {Flag.PARTIAL})
        assert Fraction(least, DUE) >= Fraction(99, 100) > Fraction(least - 1, DUE)


async def test_a_mark_wins_until_the_opposite_mark_and_amounts_go_on() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.api.mark_invoice(SHOP, invoice.id, Mark.INVALID)
        assert await daemon.stands(invoice) == (Status.INVALID, {Flag.MARKED})
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.INVALID, {Flag.MARKED})
        await daemon.api.mark_invoice(SHOP, invoice.id, Mark.INVALID)
        await daemon.api.mark_invoice(OPERATOR, invoice.id, Mark.SETTLED)
        assert await daemon.stands(invoice) == (Status.SETTLED, {Flag.MARKED})
        assert names(await daemon.told(invoice)) == [
            "created",
            "marked",
            "invalid",
            "payment_seen",
            "payment.confirmed",
            "marked",
            "settled",
        ]


async def test_terms_never_change() -> None:
    async with world() as daemon:
        created = await daemon.create(note="a chair", metadata={"order": [1, {"x": "y"}]})
        invoice = created.invoice
        await daemon.pay((invoice.options[0], DUE + 5))
        await daemon.mine(7)
        daemon.bitcoin.reorganise(7)
        await daemon.pass_by(EXPIRY_S + MONITOR_S)
        assert terms_of(await daemon.view(invoice.id)) == terms_of(created)


async def test_every_event_holds_the_invoice_as_it_then_stood() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        statuses = [(event.type.value, status_in(event)) for event in await daemon.events(invoice)]
        assert statuses == [
            ("invoice.created", "new"),
            ("invoice.payment_seen", "processing"),
            ("invoice.processing", "processing"),
            ("payment.confirmed", "settled"),
            ("invoice.settled", "settled"),
        ]


async def test_two_hundred_outputs_in_one_look() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        option = invoice.options[0]
        await daemon.pay(*[(option, 100)] * 199, (option, DUE - 19_900))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        view = await daemon.view(invoice.id)
        assert sum(payment.amount_minor for payment in view.payments) == DUE
        told = names(await daemon.told(invoice))
        assert told.count("payment_seen") == 200
        assert told.count("payment.confirmed") == 200
        assert told.count("settled") == 1


async def test_dust_and_nothing_are_recorded() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], 1), (invoice.options[0], 0))
        assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL})
        assert [payment.amount_minor for payment in (await daemon.view(invoice.id)).payments] == [1, 0]


async def test_a_restart_changes_nothing() -> None:
    async with world("bitcoin", "hedera") as daemon:
        settled, processing, expired = [await daemon.invoice() for _ in range(3)]
        await daemon.pay((settled.options[0], DUE))
        await daemon.mine(6)
        await daemon.pay((processing.options[0], DUE))
        await daemon.pass_by(EXPIRY_S + 1)
        before = await state(daemon)
        await daemon.restart()
        await daemon.restart()
        assert await state(daemon) == before
        assert await daemon.stands(expired) == (Status.EXPIRED, set())
