"""Two different transactions for one invoice: one is passed on, and the other once the first stands aside."""

from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.relay import Outcome
from tests.engine.relayed import FAILED, UNKNOWN, pays, refused, relaying

CODE = "payment_under_way"


@pytest.fixture(params=[RelayPolicy.PAYEES, RelayPolicy.INVOICE])
def policy(request: pytest.FixtureRequest) -> RelayPolicy:
    return RelayPolicy(request.param)


async def test_of_many_at_once_exactly_one_is_taken(policy: RelayPolicy, autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.world.relays._policy = policy
        invoice = await daemon.world.invoice()
        taken, codes = [], []

        async def click(number: int) -> None:
            try:
                handed = await daemon.hand_in(pays(invoice, f"tx-{number}"), invoice_id=named(number))
            except Refusal as refusal:
                codes.append((refusal.type, refusal.code))
            else:
                taken.append(await daemon.ends(handed))

        def named(number: int) -> str | None:
            return invoice.id if number % 2 else None

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(click, number)
        assert len(taken) == 1
        assert codes == [(ErrorType.CONFLICT, CODE)] * 19
        assert daemon.ledger.submitted == [taken[0].transaction_id]
        await daemon.world.look("hedera")
        assert (await daemon.world.stands(invoice))[1] == set(), "settled, and not over"


async def test_the_other_is_told_which_one_is_under_way_and_leaves_no_trace(
    autojump_clock: MockClock,
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(invoice, "tx-1"))
        refusal = await refused(daemon, pays(invoice, "tx-2"))
        assert (refusal.code, refusal.param) == (CODE, "transaction")
        assert "tx-1" in refusal.message
        assert await daemon.recorded("tx-2") is None
        assert (await daemon.hand_in(pays(invoice, "tx-1"))).relay.transaction_id == "tx-1", "it is itself"


async def test_what_was_passed_on_by_an_earlier_run_is_still_under_way(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.answers["submit"].append(Outcome(UNKNOWN, error="no node has answered"))
        await daemon.answered(pays(invoice, "tx-1"))
        await daemon.restart()
        assert (await refused(daemon, pays(invoice, "tx-2"))).code == CODE


@pytest.mark.parametrize("receipt", [None, "INSUFFICIENT_ACCOUNT_BALANCE"])
async def test_once_the_first_has_failed_the_other_is_taken(
    receipt: str | None, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.answers["submit"].append(Outcome(FAILED, "BUSY", receipt=receipt))
        await daemon.ends(await daemon.hand_in(pays(invoice, "tx-1")))
        await daemon.ends(await daemon.hand_in(pays(invoice, "tx-2")))
        again = await daemon.hand_in(pays(invoice, "tx-1")) if receipt else None
        if again is None:
            assert (await refused(daemon, pays(invoice, "tx-1"))).code == CODE, (
                "it comes behind the other now"
            )
        await daemon.world.look("hedera")
        assert (await daemon.world.stands(invoice))[1] == set()


async def test_parts_go_side_by_side_and_no_further(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        [option] = invoice.options
        part = option.due_minor // 4
        daemon.ledger.consensus = trio.Event()
        for number in range(3):
            await daemon.answered(pays(invoice, f"tx-{number}", off=part - option.due_minor))
        assert (await refused(daemon, pays(invoice, "tx-3", off=-2 * part))).code == CODE
        await daemon.answered(pays(invoice, "tx-4", off=-3 * part))
        await daemon.world.look("hedera")
        assert (await daemon.world.stands(invoice))[1] == set(), "paid in full, and not over"


async def test_what_is_seen_already_is_not_counted_twice(autojump_clock: MockClock) -> None:
    """The watcher was faster than the receipt: the part is paid, and its relay is not final yet."""
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        [option] = invoice.options
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(invoice, "tx-1", off=-1_000))
        await daemon.world.look("hedera")
        rest = pays(invoice, "tx-2", off=1_000 - option.due_minor)
        assert (await daemon.hand_in(rest, invoice_id=invoice.id)).relay.invoice_id == invoice.id


async def test_what_never_shows_stands_in_the_way_until_its_time_is_over(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        expires_at_ms = daemon.world.clock() + 120_000
        daemon.ledger.answers["submit"].append(Outcome(UNKNOWN, error="no node has answered"))
        await daemon.answered(pays(invoice, "tx-1", expires_at_ms=expires_at_ms))
        await daemon.world.pass_by(119)
        assert (await refused(daemon, pays(invoice, "tx-2"))).code == CODE
        await daemon.world.pass_by(2)
        assert (await daemon.hand_in(pays(invoice, "tx-2"))).relay.invoice_id == invoice.id


async def test_where_all_is_open_and_for_what_names_no_invoice_nothing_stands_in_the_way(
    autojump_clock: MockClock,
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        elsewhere = replace(invoice.options[0].destination, memo="no invoice")
        stray = replace(invoice, options=(replace(invoice.options[0], destination=elsewhere),))
        daemon.ledger.consensus = trio.Event()
        for number, meant in enumerate((invoice, stray, stray)):
            await daemon.answered(pays(meant, f"tx-{number}"))
        daemon.world.relays._policy = RelayPolicy.OPEN
        assert (await daemon.hand_in(pays(invoice, "tx-9"))).relay.invoice_id == invoice.id
