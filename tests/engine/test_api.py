"""The API: who may see and do what, and lists by pages."""

from collections.abc import Awaitable, Callable

import pytest

from paydaemon.core.access import Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Mark, Status
from paydaemon.engine.api import Api
from tests.engine.world import DUE, OPERATOR, RIVAL, SHOP, world

Ask = Callable[[Api, Principal, str], Awaitable[object]]

ASKED_OF_ONE: dict[str, Ask] = {
    "invoice": lambda api, principal, id: api.invoice(principal, id),
    "mark_invoice": lambda api, principal, id: api.mark_invoice(principal, id, Mark.SETTLED),
    "may_follow": lambda api, principal, id: api.may_follow(principal, id),
}


@pytest.mark.parametrize("ask", ASKED_OF_ONE.values(), ids=ASKED_OF_ONE)
async def test_what_is_anothers_is_told_as_if_it_were_not_there(ask: Ask) -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        with pytest.raises(Refusal) as others:
            await ask(daemon.api, RIVAL, invoice.id)
        with pytest.raises(Refusal) as nobodys:
            await ask(daemon.api, SHOP, "inv_none")
        assert others.value.type is nobodys.value.type is ErrorType.NOT_FOUND
        assert others.value.message == nobodys.value.message.replace("inv_none", invoice.id)
        assert (await daemon.stands(invoice))[0] is Status.NEW
        for principal in (SHOP, OPERATOR):
            await ask(daemon.api, principal, invoice.id)


async def test_a_seller_lists_its_own_and_the_operator_anybodys() -> None:
    async with world() as daemon:
        mine, theirs = await daemon.invoice(), await daemon.invoice(principal=RIVAL)
        await daemon.pay((theirs.options[0], DUE), (mine.options[0], DUE))

        async def listed(principal: Principal, seller_id: str | None = None) -> list[str]:
            page = await daemon.api.invoices(
                principal, seller_id=seller_id, status=None, cursor=None, limit=10
            )
            return [view.invoice.id for view in page.items]

        assert await listed(OPERATOR) == [theirs.id, mine.id]
        assert await listed(OPERATOR, "shop") == [mine.id]
        assert await listed(OPERATOR, "nobody") == []
        assert await listed(SHOP) == await listed(SHOP, "rival") == [mine.id]
        payments = await daemon.api.payments(RIVAL, unmatched=False, cursor=None, limit=10)
        assert [view.payment.invoice_id for view in payments.items] == [theirs.id]


async def test_invoices_by_status() -> None:
    async with world() as daemon:
        new, processing = await daemon.invoice(), await daemon.invoice()
        await daemon.pay((processing.options[0], DUE))

        async def listed(status: Status) -> list[str]:
            page = await daemon.api.invoices(SHOP, seller_id=None, status=status, cursor=None, limit=10)
            return [view.invoice.id for view in page.items]

        assert await listed(Status.NEW) == [new.id]
        assert await listed(Status.PROCESSING) == [processing.id]
        assert await listed(Status.SETTLED) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_hold_everything_once_newest_first(limit: int) -> None:
    async with world() as daemon:
        made = [await daemon.invoice() for _ in range(7)]
        await daemon.pay(*((invoice.options[0], 5) for invoice in made))
        invoices: list[str] = []
        payments: list[str | None] = []
        cursor: str | None = None
        while True:
            page = await daemon.api.invoices(SHOP, seller_id=None, status=None, cursor=cursor, limit=limit)
            invoices += [view.invoice.id for view in page.items]
            assert len(page.items) == limit or page.next_cursor is None
            if (cursor := page.next_cursor) is None:
                break
        while True:
            found = await daemon.api.payments(SHOP, unmatched=False, cursor=cursor, limit=limit)
            payments += [view.payment.invoice_id for view in found.items]
            if (cursor := found.next_cursor) is None:
                break
        assert invoices == payments == [invoice.id for invoice in reversed(made)]


async def test_a_cursor_that_names_nothing_of_ones_own_is_refused() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        for who, cursor in ((SHOP, "inv_none"), (RIVAL, invoice.id)):
            with pytest.raises(Refusal) as refused:
                await daemon.api.invoices(who, seller_id=None, status=None, cursor=cursor, limit=10)
            assert (refused.value.code, refused.value.param) == ("unknown_cursor", "cursor")


async def test_an_invoice_is_shown_with_the_height_its_payments_are_counted_from() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(3)
        view = await daemon.api.invoice(SHOP, invoice.id)
        assert view.tips == {"bitcoin": 3}
        [payment] = (await daemon.api.payments(SHOP, unmatched=False, cursor=None, limit=10)).items
        assert payment.tip == 3


async def test_whoever_has_its_link_sees_an_invoice() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        view, seller = await daemon.api.checkout(invoice.id)
        assert (view.invoice, seller.id) == (invoice, invoice.seller_id)
        with pytest.raises(Refusal) as refusal:
            await daemon.api.checkout("inv_none")
        assert refusal.value.type is ErrorType.NOT_FOUND


async def test_what_things_cost_and_how_chains_are() -> None:
    async with world("bitcoin", "hedera") as daemon:
        assert {(one.rate.base, str(one.rate.value)) for one in daemon.api.rates()} == {
            ("BTC", "60000.00"),
            ("HBAR", "0.25"),
        }
        assert [(status.id, status.state) for status in daemon.api.chains()] == [
            ("bitcoin", "healthy"),
            ("hedera", "healthy"),
        ]
