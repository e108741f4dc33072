"""Invoices that several chains can pay: what is offered, and whose word their clocks run by."""

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Flag, Status
from paydaemon.core.payment import ChainTime
from paydaemon.engine.invoices import InvoiceView
from tests.engine.world import DUE, OPERATOR, WAIT_S, World, world


def offered(view: InvoiceView) -> list[str]:
    return [option.asset.chain for option in view.invoice.options]


async def refused(daemon: World, **fields: object) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        await daemon.create(**fields)  # type: ignore[arg-type]
    return refusal.value


async def test_every_chain_is_offered_unless_some_are_chosen() -> None:
    async with world("bitcoin", "litecoin", "hedera") as daemon:
        assert offered(await daemon.create()) == ["bitcoin", "litecoin", "hedera"]
        assert offered(await daemon.create(chains=("hedera", "bitcoin"))) == ["hedera", "bitcoin"]
        assert offered(await daemon.create(chains=("hedera", "hedera"))) == ["hedera"]


async def test_an_unknown_chain_is_named() -> None:
    async with world() as daemon:
        refusal = await refused(daemon, chains=("bitcoin", "bitcorn"))
        assert (refusal.type, refusal.code, refusal.param) == (
            ErrorType.INVALID_REQUEST,
            "unknown_chain",
            "chains.1",
        )
        assert (await refused(daemon, chains=())).param == "chains"


async def test_a_stale_chain_is_left_out_and_the_others_go_on() -> None:
    async with world("bitcoin", "hedera") as daemon:
        daemon.networks["hedera"].away = True
        await daemon.pass_by(1)
        view = await daemon.create()
        assert offered(view) == ["bitcoin"]
        await daemon.pay((view.invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(view.invoice) == (Status.SETTLED, set())


@pytest.mark.parametrize("chains", [None, ("hedera",)])
async def test_where_nothing_else_can_be_offered_the_stale_chain_is_named(
    chains: tuple[str, ...] | None,
) -> None:
    async with world("hedera") as daemon:
        daemon.networks["hedera"].away = True
        refusal = await refused(daemon, chains=chains)
        assert (refusal.type, refusal.code) == (ErrorType.UNAVAILABLE, "nothing_to_offer")
        assert refusal.message == "chain hedera is stale"
        assert refusal.param == (None if chains is None else "chains")


async def test_an_operator_is_told_every_reason_and_a_seller_only_which_chains_they_are() -> None:
    async with world("bitcoin", "hedera") as daemon:
        daemon.networks["bitcoin"].away = True
        daemon.turn(121)
        to_operator = await refused(daemon, principal=OPERATOR, seller_id="shop")
        assert to_operator.message == (
            "chain bitcoin is stale: the network is away; "
            "chain hedera is stale: last seen complete at 2023-11-14T22:13:20.000Z"
        )
        assert (await refused(daemon)).message == "chain bitcoin is stale; chain hedera is stale"


async def test_a_chain_that_was_not_seen_yet_is_not_offered() -> None:
    async with world("bitcoin", start=False) as daemon:
        daemon.publish()
        refusal = await refused(daemon, principal=OPERATOR, seller_id="shop")
        assert refusal.message == "chain bitcoin is starting: not seen complete yet"


async def test_without_any_chain_that_is_said() -> None:
    async with world() as daemon:
        daemon.live_chains.clear()
        assert (await refused(daemon)).message == "no chain is configured"


async def test_a_chain_without_a_fresh_rate_is_left_out() -> None:
    async with world("bitcoin", "hedera") as daemon:
        assert offered(await daemon.create(amount="10.00")) == ["bitcoin", "hedera"]
        daemon.turn(121)
        await daemon.look()
        assert (await refused(daemon)).message == (
            "BTC/EUR: 0 of 2 sources needed: fixed: 121 s old; "
            "HBAR/EUR: 0 of 2 sources needed: fixed: 121 s old"
        )


async def test_payments_are_seen_without_any_rate() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.turn(600)
        await daemon.pay((invoice.options[0], DUE))
        await daemon.mine(6)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())


async def test_a_chain_that_gives_no_destination_is_left_out() -> None:
    async with world("bitcoin", "hedera") as daemon:
        daemon.chains["hedera"].faults.destination = RuntimeError("rpcpassword=hunter2")
        assert offered(await daemon.create()) == ["bitcoin"]
        refusal = await refused(daemon, chains=("hedera",))
        assert (refusal.type, refusal.code) == (ErrorType.UNAVAILABLE, "nothing_to_offer")
        assert refusal.message == "chain hedera gave no destination"
        daemon.chains["hedera"].faults.destination = None
        assert offered(await daemon.create()) == ["bitcoin", "hedera"]


async def test_a_chain_that_does_not_answer_holds_nobody_up_for_long(autojump_clock: MockClock) -> None:
    async with world("bitcoin", "litecoin", "hedera") as daemon:
        for slow in ("bitcoin", "hedera"):
            daemon.chains[slow].faults.destination_waits_for = trio.Event()
        began = autojump_clock.current_time()
        assert offered(await daemon.create()) == ["litecoin"]
        assert autojump_clock.current_time() - began == pytest.approx(WAIT_S)


async def test_a_destination_that_came_too_late_is_never_given_again(autojump_clock: MockClock) -> None:
    async with world() as daemon:
        daemon.chains["bitcoin"].faults.destination_waits_for = trio.Event()
        await refused(daemon)
        daemon.chains["bitcoin"].faults.destination_waits_for = None
        assert (await daemon.invoice()).options[0].destination.index == 1


async def test_no_invoice_expires_before_every_chain_was_seen_complete_past_its_expiry() -> None:
    async with world("bitcoin", "hedera") as daemon:
        both = await daemon.invoice()
        bitcoin_alone = await daemon.invoice(chains=("bitcoin",))
        daemon.networks["hedera"].away = True
        await daemon.pass_by(901)
        assert await daemon.stands(bitcoin_alone) == (Status.EXPIRED, set())
        assert await daemon.stands(both) == (Status.NEW, set())
        daemon.networks["hedera"].away = False
        await daemon.look()
        assert await daemon.stands(both) == (Status.EXPIRED, set())


async def test_what_was_paid_on_a_chain_while_it_was_away_is_in_time() -> None:
    async with world("bitcoin", "hedera") as daemon:
        invoice = await daemon.invoice(amount="12.00")
        bitcoin, hedera = invoice.options
        daemon.networks["hedera"].away = True
        await daemon.pay((bitcoin, bitcoin.due_minor // 2))
        await daemon.pay((hedera, hedera.due_minor // 2), tell=False)
        await daemon.pass_by(3_600)
        assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL})
        await daemon.mine(6)
        daemon.networks["hedera"].away = False
        await daemon.look()
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert "invoice.expired" not in await daemon.told(invoice)


async def test_credits_come_before_the_clock_that_comes_with_them() -> None:
    """Told in one breath: paid in time, and complete past the expiry."""
    async with world("hedera") as daemon:
        invoice = await daemon.invoice(chains=("hedera",))
        await daemon.pay((invoice.options[0], invoice.options[0].due_minor), tell=False)
        await daemon.pass_by(901)
        assert await daemon.stands(invoice) == (Status.SETTLED, set())
        assert "invoice.expired" not in await daemon.told(invoice)


async def test_a_look_at_single_transactions_turns_no_clock() -> None:
    async with world() as daemon:
        invoice = await daemon.invoice()
        daemon.turn(3_600)
        txid = await daemon.pay((invoice.options[0], 1), tell=False)
        await daemon.chains["bitcoin"].tell_only(txid)
        assert await daemon.stands(invoice) == (Status.NEW, {Flag.PARTIAL, Flag.LATE})


async def test_a_chain_that_goes_back_in_time_turns_no_clock_back() -> None:
    async with world() as daemon:
        await daemon.pass_by(100)
        as_of_ms = daemon.clock()
        await daemon.hosts["bitcoin"].observe([], ChainTime(as_of_ms - 50_000, 0), None)
        row = await daemon.store.read(lambda reader: reader.chain("bitcoin"))
        assert (row.as_of_ms, row.height) == (as_of_ms, 0)


async def test_clocks_that_one_look_does_not_turn_are_turned_by_the_next() -> None:
    """A chain comes back after a day, and thousands have expired: payments do not wait for all of them."""
    async with world() as daemon:
        daemon.limits.clocks_at_once, daemon.limits.clock_turns = 2, 3
        invoices = [await daemon.invoice() for _ in range(13)]
        daemon.turn(901)
        expired = []
        for _ in range(3):
            await daemon.look()
            statuses = [(await daemon.stands(invoice))[0] for invoice in invoices]
            expired.append(statuses.count(Status.EXPIRED))
        assert expired == [6, 12, 13]


async def test_clocks_turn_for_more_invoices_than_fit_one_transaction() -> None:
    async with world() as daemon:
        daemon.limits.clocks_at_once = 50
        invoices = [await daemon.invoice() for _ in range(101)]
        await daemon.pass_by(901)
        assert {(await daemon.stands(invoice))[0] for invoice in invoices} == {Status.EXPIRED}
