"""What is handed in and may not be passed on leaves no trace, and a plugin that misbehaves harms nobody."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import PUBLIC
from paydaemon.core.errors import ErrorType, Refusal, invalid, unavailable
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.relay import Outcome
from paydaemon.hooks.ports import Health, HealthState
from paydaemon.testing.fakerelay import PAYEE, signed
from tests.engine.relayed import (
    ACCEPTED,
    FINAL_BY_S,
    PAYER,
    RECEIVED,
    SUCCEEDED,
    Relaying,
    pays,
    refused,
    relaying,
)
from tests.engine.world import OPERATOR, RIVAL, SHOP, WAIT_S

# What is not passed on


@pytest.mark.parametrize(
    ("more", "code"),
    [({"expires_at_ms": 5}, "transaction_expired"), ({"forged": True}, "invalid_signature")],
)
async def test_what_no_node_would_take_leaves_no_trace(
    more: dict[str, object], code: str, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        await leaves_no_trace(daemon, pays(await daemon.world.invoice(), **more), code)  # type: ignore[arg-type]


async def leaves_no_trace(daemon: Relaying, given: str, code: str, **how: Any) -> Refusal:
    refusal = await refused(daemon, given, **how)
    assert refusal.code == code
    assert daemon.ledger.submitted == []
    assert await daemon.recorded() is None
    assert await daemon.relay_events() == []
    assert daemon.world.relays.relayers["hedera"].measures.refused == {code: 1}
    return refusal


async def test_what_is_no_transaction_is_refused(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        assert (await refused(daemon, "nonsense")).param == "transaction"


async def test_what_pays_a_stranger_is_refused(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = signed("tx-1", {("0.0.9", "HBAR"): 5, (PAYER, "HBAR"): -5})
        await leaves_no_trace(daemon, given, "wrong_payee")


async def test_another_amount_than_the_named_invoice_asks_is_refused(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        refusal = await leaves_no_trace(daemon, pays(invoice, off=1), "wrong_amount", invoice_id=invoice.id)
        assert str(invoice.options[0].due_minor) in refusal.message


async def test_another_sellers_invoice_is_as_none(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        theirs = await daemon.world.invoice(principal=RIVAL)
        await leaves_no_trace(daemon, pays(theirs), "unknown_invoice", invoice_id=theirs.id)


@pytest.mark.parametrize("asked", ["settled", "expired"])
async def test_an_invoice_that_asks_for_nothing_more_is_told(asked: str, autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        if asked == "settled":
            await daemon.world.pay((invoice.options[0], invoice.options[0].due_minor))
        else:
            daemon.world.turn(901)
            await daemon.world.look()
        await leaves_no_trace(daemon, pays(invoice), "nothing_asked", invoice_id=invoice.id)


async def test_what_remains_is_asked_after_a_part_was_paid(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        await daemon.world.pay((invoice.options[0], 1_000))
        await leaves_no_trace(daemon, pays(invoice), "wrong_amount", invoice_id=invoice.id)
        handed = await daemon.hand_in(pays(invoice, off=-1_000), invoice_id=invoice.id)
        assert handed.relay.invoice_id == invoice.id


async def test_the_policy_decides_what_pays_no_invoice(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        to_us = signed("tx-1", {(PAYEE, "HBAR"): 5, (PAYER, "HBAR"): -5}, memo="a gift")
        elsewhere = signed("tx-2", {("0.0.9", "HBAR"): 5, (PAYER, "HBAR"): -5})
        taken: dict[RelayPolicy, list[bool]] = {}
        for policy in RelayPolicy:
            daemon.world.relays._policy = policy
            taken[policy] = [await is_taken(daemon, given) for given in (to_us, elsewhere)]
            daemon.world.policy = policy
        assert taken == {
            RelayPolicy.PAYEES: [True, False],
            RelayPolicy.INVOICE: [True, False],  # known by then
            RelayPolicy.OPEN: [True, True],
        }


async def is_taken(daemon: Relaying, given: str) -> bool:
    try:
        await daemon.ends(await daemon.hand_in(given))
    except Refusal:
        return False
    return True


async def test_a_relay_without_an_invoice_is_whose_key_handed_it_in(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        for number, (principal, owner) in enumerate([(SHOP, "shop"), (OPERATOR, None), (PUBLIC, None)]):
            given = signed(f"tx-{number}", {(PAYEE, "HBAR"): 5, (PAYER, "HBAR"): -5}, memo="a gift")
            assert (await daemon.hand_in(given, principal)).course.relay.seller_id == owner


async def test_a_chain_that_is_not_there_or_does_not_relay(autojump_clock: MockClock) -> None:
    async with relaying("hedera", "bitcoin") as daemon:
        for chain, code in (("dogecoin", "chain_not_found"), ("bitcoin", "chain_does_not_relay")):
            refusal = await refused(daemon, "", chain=chain)
            assert (refusal.type, refusal.code) == (ErrorType.NOT_FOUND, code)


async def test_a_chain_that_is_stale_still_relays(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.world.networks["hedera"].away = True
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED


@pytest.mark.parametrize("state", [HealthState.STARTING, HealthState.STALE])
async def test_a_relay_that_is_not_well_takes_nothing_new_and_knows_what_it_took(
    state: HealthState, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        known = await daemon.ends(await daemon.hand_in(pays(invoice, "tx-2")))
        daemon.ledger.submitted.clear()
        daemon.faults.health = Health(state, "no node is known")
        refusal = await refused(daemon, pays(invoice))
        assert refusal.code == "chain_unavailable"
        assert refusal.message == "chain hedera passes nothing on now: no node is known"
        assert await daemon.recorded() is None
        assert (await daemon.hand_in(pays(invoice, "tx-2"))).relay == known
        assert daemon.ledger.submitted == []


async def test_no_more_are_taken_than_may_wait(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.world.limits.unresolved = 2
        daemon.ledger.consensus = trio.Event()
        first, second, third = [pays(await daemon.world.invoice(), f"tx-{number}") for number in (1, 2, 3)]
        for given in (first, second):
            await daemon.hand_in(given)
        assert (await refused(daemon, third)).code == "too_many_relays"
        assert await daemon.recorded("tx-3") is None
        assert (await daemon.hand_in(first)).relay.transaction_id == "tx-1"
        daemon.ledger.consensus.set()
        await trio.sleep(FINAL_BY_S)
        await daemon.hand_in(third)


# Plugins that misbehave


CALLS = ["payees", "relay_health", "inspect", "verify", "submit", "follow"]


@pytest.mark.parametrize("call", CALLS)
async def test_a_plugin_that_raises_fails_nothing_for_good(call: str, autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.faults.raises[call] = RuntimeError("broken")
        if call in ("submit", "follow"):
            handed = await daemon.hand_in(given)
            await trio.sleep(600)
            assert handed.relay.status is (RECEIVED if call == "submit" else ACCEPTED)
        else:
            await leaves_no_trace(daemon, given, "chain_unavailable")
        daemon.faults.raises.clear()
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert daemon.ledger.submitted == ["tx-1"]


@pytest.mark.parametrize("call", ["verify", "submit", "follow"])
async def test_a_plugin_that_waits_for_ever_keeps_nobody_else_waiting(
    call: str, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.faults.waits.add(call)
        began = trio.current_time()
        if call == "verify":
            await leaves_no_trace(daemon, pays(invoice), "chain_unavailable")
            assert trio.current_time() - began == WAIT_S
        else:
            handed = await daemon.hand_in(pays(invoice))
            await trio.sleep(30)
            other = await daemon.hand_in(pays(await daemon.world.invoice(), "tx-2"))
            assert other.relay.status is RECEIVED
            daemon.faults.waits.clear()
            assert (await daemon.ends(handed)).status is SUCCEEDED
            assert (await daemon.ends(other)).status is SUCCEEDED


async def test_an_outcome_that_is_none_is_no_answer(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.answers["submit"].append("accepted")  # type: ignore[arg-type]
        assert (
            await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        ).status is SUCCEEDED


async def test_an_outcome_that_cannot_be_stored_is_one_relays_own_trouble(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        odd: Any = object()
        daemon.ledger.answers["submit"].append(Outcome(ACCEPTED, precheck=odd))
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        other = await daemon.hand_in(pays(await daemon.world.invoice(), "tx-2"))
        assert (await daemon.ends(other)).status is SUCCEEDED
        assert (await daemon.ends(handed)).precheck == "OK"


@pytest.mark.parametrize(
    ("raised", "type", "code"),
    [
        (invalid("memo", "too long", "a_code_of_its_own"), ErrorType.INVALID_REQUEST, "invalid_transaction"),
        (invalid("memo", "no", "transaction_too_early"), ErrorType.INVALID_REQUEST, "transaction_too_early"),
        (unavailable("mirror_away", "cannot ask"), ErrorType.UNAVAILABLE, "chain_unavailable"),
    ],
)
async def test_a_plugin_refuses_in_words_of_the_interface(
    raised: Refusal, type: ErrorType, code: str, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        daemon.faults.raises["verify"] = raised
        refusal = await leaves_no_trace(daemon, pays(await daemon.world.invoice()), code)
        assert refusal.type is type
        assert refusal.param == (raised.param if type is ErrorType.INVALID_REQUEST else None)


async def test_what_cannot_be_checked_now_is_told_with_the_reason(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.faults.raises["verify"] = unavailable(
            "keys", "the key of account 0.0.2 cannot be looked up now"
        )
        refusal = await refused(daemon, pays(await daemon.world.invoice()))
        assert refusal.message == (
            "chain hedera cannot check this transaction now: the key of account 0.0.2 cannot be looked up now"
        )


async def test_what_is_known_already_need_not_be_verified_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        relay = await daemon.ends(await daemon.hand_in(given))
        daemon.faults.raises["verify"] = RuntimeError("the mirror is away")
        assert (await daemon.hand_in(given)).relay == relay
