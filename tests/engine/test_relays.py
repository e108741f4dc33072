"""What clients hand in is journaled, passed on once, and followed to its outcome."""

from dataclasses import replace

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.invoice import Status
from paydaemon.core.relay import Outcome, Relay, RelayStatus, SignedTransfer
from paydaemon.engine.relays import Wait
from paydaemon.testing.fakerelay import PAYEE
from tests.engine.relayed import (
    ACCEPTED,
    FAILED,
    RECEIVED,
    SUCCEEDED,
    UNKNOWN,
    WHOLE,
    pays,
    refused,
    relaying,
)
from tests.engine.world import OPERATOR, RIVAL, SHOP

# The way of a relay


async def test_an_invoice_is_paid_by_what_is_handed_in(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        handed = await daemon.hand_in(pays(invoice))
        assert (await handed.until(Wait.PRECHECK)).status in (ACCEPTED, SUCCEEDED)
        relay = await daemon.ends(handed)
        assert (relay.status, relay.precheck, relay.receipt, relay.node) == (
            SUCCEEDED, "OK", "SUCCESS", "0.0.3",
        )  # fmt: skip
        assert (relay.invoice_id, relay.seller_id, relay.payees) == (invoice.id, "shop", (PAYEE,))
        assert await daemon.recorded() == relay
        assert await daemon.relay_events() == WHOLE
        assert (await daemon.world.stands(invoice))[0] is Status.NEW, "what is relayed is not yet paid"
        await daemon.world.look("hedera")
        assert (await daemon.world.stands(invoice))[0] is Status.SETTLED
        assert daemon.world.relays.courses == {}


async def test_it_is_recorded_before_the_network_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        heard: list[Relay | None] = []
        submit = daemon.ledger.submit

        async def listening(transfer: SignedTransfer) -> Outcome:
            heard.append(await daemon.recorded(transfer.transaction_id))
            return await submit(transfer)

        monkeypatch.setattr(daemon.ledger, "submit", listening)
        relay = await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        [then] = heard
        assert then is not None
        assert (then.id, then.status) == (relay.id, RECEIVED)


async def test_a_hundred_at_once_are_one_and_all_are_answered(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        answers: list[Relay] = []

        async def client(number: int) -> None:
            handed = await daemon.hand_in(given if number % 2 else f"{given}")
            answers.append(await handed.until(Wait.CONSENSUS))

        async with trio.open_nursery() as nursery:
            for number in range(100):
                nursery.start_soon(client, number)
        assert len(answers) == 100
        assert len(set(answers)) == 1
        assert daemon.ledger.submitted == ["tx-1"]
        assert await daemon.relay_events() == WHOLE


async def test_the_same_again_is_the_same_in_any_envelope(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        relay = await daemon.ends(await daemon.hand_in(pays(invoice)))
        again = await daemon.hand_in(pays(invoice, envelope="another"), invoice_id=invoice.id)
        assert again.relay == relay
        assert daemon.ledger.submitted == ["tx-1"]


@pytest.mark.parametrize("under_way", [True, False])
async def test_another_transaction_under_the_same_id_is_refused(
    under_way: bool, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        if under_way:
            daemon.ledger.consensus = trio.Event()
        handed = await daemon.hand_in(pays(invoice))
        await handed.until(Wait.PRECHECK if under_way else Wait.CONSENSUS)
        refusal = await refused(daemon, pays(invoice, off=1))
        assert (refusal.type, refusal.code) == (ErrorType.CONFLICT, "transaction_differs")
        assert daemon.ledger.submitted == ["tx-1"]


async def test_what_was_handed_in_is_not_said_to_pay_another_invoice(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        first, second = await daemon.world.invoice(), await daemon.world.invoice()
        await daemon.ends(await daemon.hand_in(pays(first)))
        assert (await refused(daemon, pays(first), invoice_id=second.id)).code == "relayed_otherwise"


# Outcomes


async def test_what_nobody_can_tell_stays_unknown_for_as_long_as_it_takes(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.answers["follow"].extend([Outcome(UNKNOWN, error="nobody can tell")] * 50)
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        began = trio.current_time()
        waited = await handed.until(Wait.CONSENSUS)
        assert (waited.status, waited.error) == (UNKNOWN, "nobody can tell")
        assert trio.current_time() - began == daemon.world.limits.answer_wait_s
        assert (await daemon.ends(handed)).status is SUCCEEDED
        assert 40 * 60 < trio.current_time() - began < 51 * 75, "the pauses grow to a minute"
        assert await daemon.relay_events() == [*WHOLE[:2], "relay.unknown", "relay.succeeded"]


async def test_what_the_network_refuses_has_failed(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.receipts["tx-1"] = "INSUFFICIENT_PAYER_BALANCE"
        relay = await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        assert (relay.status, relay.receipt) == (FAILED, "INSUFFICIENT_PAYER_BALANCE")
        assert (await daemon.hand_in(pays(await daemon.world.invoice(), "tx-2"))).relay.status is RECEIVED


async def test_what_nobody_took_may_be_handed_in_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.answers["submit"].append(Outcome(FAILED, "BUSY", error="the node is busy"))
        first = await daemon.ends(await daemon.hand_in(pays(invoice)))
        assert (first.status, first.precheck, first.raw) == (FAILED, "BUSY", None)
        second = await daemon.ends(await daemon.hand_in(pays(invoice)))
        assert (second.status, second.id) == (SUCCEEDED, first.id)
        assert await daemon.relay_events() == ["relay.received", "relay.failed", *WHOLE]


async def test_what_nobody_took_makes_room_for_another_transaction_of_its_id(
    autojump_clock: MockClock,
) -> None:
    """Or whoever hands in first what no node takes would keep its payer from using that id."""
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.answers["submit"].append(Outcome(FAILED, "INVALID_SIGNATURE"))
        first = await daemon.ends(await daemon.hand_in(pays(invoice, off=1)))
        second = await daemon.ends(await daemon.hand_in(pays(invoice)))
        assert second.status is SUCCEEDED
        assert (first.id != second.id, first.digest != second.digest) == (True, True)
        assert await daemon.recorded() == second
        assert (await refused(daemon, pays(invoice, off=1))).code == "transaction_differs"
        told = [event for event in await daemon.world.events() if event.type.value == "relay.received"]
        amounts = [event.data["relay"]["transfers"][0]["amount_minor"] for event in told]  # type: ignore[index]
        assert amounts == [str(invoice.options[0].due_minor + off) for off in (1, 0)]


async def test_what_comes_again_is_held_against_what_is_asked_then(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.ledger.answers["submit"].append(Outcome(FAILED, "BUSY"))
        await daemon.ends(await daemon.hand_in(pays(invoice), invoice_id=invoice.id))
        await daemon.world.pay((invoice.options[0], 1))
        assert (await refused(daemon, pays(invoice), invoice_id=invoice.id)).code == "wrong_amount"


async def test_everybody_who_watches_is_told_each_status_once(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.answers["follow"].append(Outcome(UNKNOWN))
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        told: list[RelayStatus] = []
        handed.course.tell(lambda relay: told.append(relay.status))
        await daemon.ends(handed)
        assert told == [ACCEPTED, UNKNOWN, SUCCEEDED]


# Who may see


@pytest.mark.parametrize(
    ("principal", "seen"),
    [(OPERATOR, True), (SHOP, True), (RIVAL, False), (PUBLIC, True), (Principal("key", "other"), False)],
)
async def test_a_relay_is_seen_by_whose_it_is_and_without_its_invoice_by_who_has_no_key(
    principal: Principal, seen: bool, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        await daemon.ends(await daemon.hand_in(pays(invoice)))
        if not seen:
            with pytest.raises(Refusal) as caught:
                await daemon.world.relays.find(principal, "hedera", "tx-1")
            assert caught.value.code == "relay_not_found"
            return
        relay = (await daemon.world.relays.find(principal, "hedera", "TX-1")).relay
        assert relay.invoice_id == (None if principal == PUBLIC else invoice.id)
        assert relay == replace((await daemon.recorded()) or relay, invoice_id=relay.invoice_id)


async def test_who_has_no_key_is_told_of_the_invoice_that_it_names(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        named = await daemon.hand_in(pays(invoice), PUBLIC, invoice.id)
        assert named.relay.invoice_id == invoice.id
        assert (await daemon.hand_in(pays(invoice), PUBLIC)).relay.invoice_id is None
