"""Creating invoices: one key, one invoice; one invoice, its own destinations; and nothing half done."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Destination, Invoice, Status
from paydaemon.engine.invoices import Invoices, InvoiceView
from paydaemon.engine.orders import InvoiceDefaults, InvoiceRequest
from paydaemon.hooks.ports import DestinationRequest
from paydaemon.store.port import StoreUnavailable
from paydaemon.store.sqlite import open_store
from paydaemon.testing.fakechain import FakeChain
from tests.engine.stores import UnsteadyStore
from tests.engine.world import DUE, OPERATOR, RIVAL, SHOP, World, credit, live_chain, world

ORDER = InvoiceRequest("12.50", "EUR")


async def gather(count: int, ask: Any) -> list[Any]:
    """The answers of so many tasks, or the refusals they met."""
    answers: list[Any] = []

    async def one(number: int) -> None:
        try:
            answers.append(await ask(number))
        except Refusal as refusal:
            answers.append(refusal)

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(one, number)
    return answers


async def invoices(daemon: World) -> list[Invoice]:
    page = await daemon.api.invoices(OPERATOR, seller_id=None, status=None, cursor=None, limit=200)
    return [view.invoice for view in page.items]


async def test_what_was_asked_for_is_what_is_stored() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice(
            note="a chair",
            metadata={"order": 7},
            buyer={"email": "a@b.example"},
            return_url="https://shop.example/",
            expires_in_s=60,
            confirmations=3,
        )
        now_ms = daemon.clock()
        assert (invoice.seller_id, invoice.amount_minor, invoice.currency.code) == ("shop", 1_250, "EUR")
        assert (invoice.note, invoice.metadata, invoice.buyer) == (
            "a chair",
            {"order": 7},
            {"email": "a@b.example"},
        )
        assert (invoice.created_at_ms, invoice.expires_at_ms) == (now_ms, now_ms + 60_000)
        assert invoice.monitor_until_ms == now_ms + 60_000 + 604_800_000
        [option] = invoice.options
        assert (option.due_minor, option.confirmations_required) == (DUE, 3)
        assert (option.quote.rate, option.quote.source, option.quote.at_ms) == ("60000.00", "fixed", now_ms)


async def test_the_operators_defaults_hold_where_nothing_is_said() -> None:
    defaults = InvoiceDefaults(expires_in_s=120, monitor_for_s=0, tolerance_ppm=5)
    async with world(defaults=defaults) as daemon:
        invoice = await daemon.invoice()
        assert invoice.expires_at_ms == daemon.clock() + 120_000
        assert invoice.monitor_until_ms == invoice.expires_at_ms
        assert invoice.tolerance_ppm == 5


async def test_sixty_four_at_once_have_sixty_four_destinations() -> None:
    async with world("bitcoin", "hedera") as daemon:
        views = await gather(64, lambda number: daemon.create())
        keys = [option.destination.key for view in views for option in view.invoice.options]
        assert len(keys) == len(set(keys)) == 128
        assert len(await invoices(daemon)) == 64


async def test_the_same_key_stands_for_the_same_invoice() -> None:
    async with world() as daemon:
        first = await daemon.create(key="a")
        await daemon.pay((first.invoice.options[0], DUE))
        again = await daemon.create(key="a")
        assert again.invoice.id == first.invoice.id
        assert again.invoice.standing.status is Status.PROCESSING
        assert len(await invoices(daemon)) == 1


async def test_one_key_at_the_same_time_makes_one_invoice() -> None:
    async with world() as daemon:
        views = await gather(64, lambda number: daemon.create(key="a"))
        assert {view.invoice.id for view in views} == {invoice.id for invoice in await invoices(daemon)}
        assert Counter(await daemon.told()) == {"invoice.created": 1}


async def test_one_key_at_the_same_time_with_other_parameters_is_one_invoice_and_conflicts() -> None:
    async with world() as daemon:
        answers = await gather(20, lambda number: daemon.create(key="a", note=str(number)))
        made = [answer for answer in answers if isinstance(answer, InvoiceView)]
        refused = [answer for answer in answers if isinstance(answer, Refusal)]
        assert (len(made), len(refused)) == (1, 19)
        assert {(refusal.type, refusal.code, refusal.param) for refusal in refused} == {
            (ErrorType.CONFLICT, "idempotency_key_reused", "Idempotency-Key")
        }


async def test_a_key_is_the_sellers_own() -> None:
    async with world() as daemon:
        one, other = await daemon.create(SHOP, "a"), await daemon.create(RIVAL, "a")
        assert one.invoice.id != other.invoice.id


async def test_a_key_is_remembered_while_nothing_can_be_offered() -> None:
    async with world() as daemon:
        first = await daemon.create(key="a")
        daemon.bitcoin.away = True
        assert (await daemon.create(key="a")).invoice.id == first.invoice.id


async def test_a_refused_order_uses_up_no_key() -> None:
    async with world() as daemon:
        daemon.bitcoin.away = True
        with pytest.raises(Refusal):
            await daemon.create(key="a")
        daemon.bitcoin.away = False
        assert (await daemon.create(key="a", note="other")).invoice.note == "other"


async def test_the_seller_is_the_keys_owner_or_whom_the_operator_names() -> None:
    async with world() as daemon:
        assert (await daemon.create(OPERATOR, seller_id="rival")).invoice.seller_id == "rival"
        assert (await daemon.create(SHOP, seller_id="shop")).invoice.seller_id == "shop"


@pytest.mark.parametrize(
    ("principal", "seller_id", "type", "code"),
    [
        (OPERATOR, None, ErrorType.INVALID_REQUEST, "missing"),
        (OPERATOR, "nobody", ErrorType.INVALID_REQUEST, "unknown_seller"),
        (SHOP, "rival", ErrorType.PERMISSION, "other_seller"),
    ],
)
async def test_any_other_seller_is_refused(
    principal: Any, seller_id: str | None, type: ErrorType, code: str
) -> None:
    async with world() as daemon:
        with pytest.raises(Refusal) as refusal:
            await daemon.create(principal, seller_id=seller_id)
        assert (refusal.value.type, refusal.value.code, refusal.value.param) == (type, code, "seller_id")


async def test_a_disabled_seller_sells_nothing() -> None:
    async with world() as daemon:
        seller = await daemon.store.read(lambda reader: reader.seller("shop"))
        assert seller is not None
        await daemon.store.transact(lambda tx: tx.add_seller(replace(seller, id="closed", disabled=True)))
        with pytest.raises(Refusal) as refusal:
            await daemon.create(OPERATOR, seller_id="closed")
        assert (refusal.value.type, refusal.value.code) == (ErrorType.PERMISSION, "seller_disabled")


async def test_a_key_is_remembered_while_its_seller_is_disabled() -> None:
    async with world() as daemon:
        first = await daemon.create(key="a")
        await daemon.accounts.set_disabled("shop", True)
        assert (await daemon.create(key="a")).invoice.id == first.invoice.id
        with pytest.raises(Refusal, match="other parameters"):
            await daemon.create(key="a", note="other")
        with pytest.raises(Refusal, match="disabled"):
            await daemon.create(key="b")


class Thoughtful(FakeChain):
    """A chain that takes so long over each destination that somebody does something else meanwhile."""

    meanwhile: Callable[[], Awaitable[object]]

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        await self.meanwhile()
        return await super().destination(index, request)


async def test_nothing_is_created_once_a_seller_is_disabled() -> None:
    async with world() as daemon:
        chain = Thoughtful(daemon.bitcoin)
        chain.meanwhile = partial(daemon.accounts.set_disabled, "shop", True)
        await chain.start(daemon.hosts["bitcoin"])
        await chain.tell()
        live = live_chain(chain, daemon.store, daemon.clock)
        await live.refresh()
        makes = Invoices(daemon.store, {"bitcoin": live}, daemon.rates, daemon.clock, InvoiceDefaults())
        with pytest.raises(Refusal, match="disabled"):
            await makes.create(SHOP, ORDER, "a")
        assert await invoices(daemon) == []
        await daemon.accounts.set_disabled("shop", False)
        assert (await daemon.create(key="a", note="other")).invoice.note == "other"


class Eager(FakeChain):
    """A chain on which somebody pays each destination of an even index as soon as it is derived."""

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        destination = await super().destination(index, request)
        if index % 2 == 0:
            self.network.pay(credit(destination, request.amount_minor))
            await self.tell()
        return destination


async def test_a_payment_between_destination_and_invoice_is_not_taken_for_the_invoices() -> None:
    async with world() as daemon:
        chain = Eager(daemon.bitcoin)
        await chain.start(daemon.hosts["bitcoin"])
        await chain.tell()
        live = live_chain(chain, daemon.store, daemon.clock)
        await live.refresh()
        makes = Invoices(daemon.store, {"bitcoin": live}, daemon.rates, daemon.clock, InvoiceDefaults())
        invoice = (await makes.create(SHOP, ORDER, "a")).invoice
        assert invoice.options[0].destination.index == 1
        assert await daemon.stands(invoice) == (Status.NEW, set())
        assert [payment.destination_key for payment in await daemon.unmatched()] == ["bitcoin-key-0"]
        assert (await makes.create(SHOP, ORDER, "a")).invoice == invoice


class Forgetful(FakeChain):
    """A chain that gives the same destination again and again."""

    async def destination(self, index: int, request: DestinationRequest) -> Destination:
        return self.destination_at(0)


async def test_a_chain_that_repeats_itself_is_found_out() -> None:
    async with world() as daemon:
        chain = Forgetful(daemon.bitcoin)
        await chain.start(daemon.hosts["bitcoin"])
        await chain.tell()
        live = live_chain(chain, daemon.store, daemon.clock)
        await live.refresh()
        makes = Invoices(daemon.store, {"bitcoin": live}, daemon.rates, daemon.clock, InvoiceDefaults())
        await makes.create(SHOP, ORDER, None)
        with pytest.raises(Refusal) as refusal:
            await makes.create(SHOP, ORDER, None)
        assert refusal.value.code == "destination_taken"
        assert len(await invoices(daemon)) == 1


async def test_an_invoice_is_found_again_where_its_commit_was_not_answered() -> None:
    """The disk failed while it answered: it is not known whether the invoice is there. Its key tells."""
    async with world() as daemon:
        store = UnsteadyStore(daemon.store)
        live = live_chain(daemon.chains["bitcoin"], store, daemon.clock)
        await live.refresh()
        makes = Invoices(store, {"bitcoin": live}, daemon.rates, daemon.clock, InvoiceDefaults())
        await makes.create(SHOP, ORDER, None)
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await makes.create(SHOP, ORDER, "a")
        again = await makes.create(SHOP, ORDER, "a")
        assert again.invoice.id == (await invoices(daemon))[0].id
        assert len(await invoices(daemon)) == 2


async def test_no_index_can_be_reserved_while_the_store_fails() -> None:
    async with world("bitcoin", "hedera") as daemon:
        store = UnsteadyStore(daemon.store)
        lives = {id: live_chain(chain, store, daemon.clock) for id, chain in daemon.chains.items()}
        for live in lives.values():
            await live.refresh()
        makes = Invoices(store, lives, daemon.rates, daemon.clock, InvoiceDefaults())
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await makes.create(SHOP, ORDER, None)
        assert len((await makes.create(SHOP, ORDER, None)).invoice.options) == 2


async def test_whoever_gives_up_leaves_nothing_half_done(tmp_path: Path) -> None:
    """Cancelled at whatever moment, on the real writer thread: each invoice is whole, or was never there."""
    async with open_store(tmp_path / "paydaemon.sqlite3") as store:
        async with world() as template:
            daemon = World(store, [template.bitcoin], template.clock, template.defaults)
        await daemon.accounts.add_seller("shop", None)
        await daemon.start()
        for number in range(60):
            with trio.move_on_after(number * 0.0002):
                await daemon.create(key=str(number))
        stored = await invoices(daemon)
        keys = [invoice.options[0].destination.key for invoice in stored]
        assert len(keys) == len(set(keys))
        created = [event.invoice_id for event in await daemon.events() if event.type == "invoice.created"]
        assert created == [one.id for one in reversed(stored)]
        known = {one.id for one in stored}
        again = {(await daemon.create(key=str(number))).invoice.id for number in range(60)}
        assert known <= again
        assert len(again) == 60
