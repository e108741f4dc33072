"""What clients hand in is journaled, passed on once, and followed to its outcome, whatever happens."""

import random
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal, invalid, unavailable
from paydaemon.core.invoice import Status
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.relay import Outcome, Relay, RelayStatus, SignedTransfer
from paydaemon.engine.relays import LOST_S, Wait
from paydaemon.store.port import StoreUnavailable
from paydaemon.testing.fakerelay import PAYEE, RelayNetwork, signed
from tests.engine.relayed import FINAL_BY_S, PAYER, Relaying, pays, relaying
from tests.engine.stores import RepeatingStore, UnsteadyStore
from tests.engine.world import OPERATOR, RIVAL, SHOP, WAIT_S

REQUEST: ContextVar[str] = ContextVar("REQUEST")

RECEIVED, ACCEPTED, SUCCEEDED = RelayStatus.RECEIVED, RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED
FAILED, UNKNOWN = RelayStatus.FAILED, RelayStatus.UNKNOWN
WHOLE = ["relay.received", "relay.accepted", "relay.succeeded"]


async def refused(daemon: Relaying, given: str, **how: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await daemon.hand_in(given, **how)
    return caught.value


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
        assert (relay.invoice_id, relay.seller_id) == (invoice.id, "shop")
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


async def test_a_chain_that_is_stale_takes_nothing(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        daemon.world.networks["hedera"].away = True
        refusal = await leaves_no_trace(daemon, given, "chain_unavailable")
        assert refusal.message == "chain hedera is stale"


async def test_no_more_are_taken_than_may_wait(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.world.limits.unresolved = 2
        daemon.ledger.consensus = trio.Event()
        invoice = await daemon.world.invoice()
        for number in (1, 2):
            await daemon.hand_in(pays(invoice, f"tx-{number}"))
        assert (await refused(daemon, pays(invoice, "tx-3"))).code == "too_many_relays"
        assert await daemon.recorded("tx-3") is None
        assert (await daemon.hand_in(pays(invoice, "tx-1"))).relay.transaction_id == "tx-1"
        daemon.ledger.consensus.set()
        await trio.sleep(FINAL_BY_S)
        await daemon.hand_in(pays(invoice, "tx-3"))


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


# Plugins that misbehave


CALLS = ["payees", "inspect", "verify", "submit", "follow"]


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
            other = await daemon.hand_in(pays(invoice, "tx-2"))
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
        invoice = await daemon.world.invoice()
        handed = await daemon.hand_in(pays(invoice))
        assert (await daemon.ends(await daemon.hand_in(pays(invoice, "tx-2")))).status is SUCCEEDED
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


async def test_what_is_known_already_need_not_be_verified_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        relay = await daemon.ends(await daemon.hand_in(given))
        daemon.faults.raises["verify"] = RuntimeError("the mirror is away")
        assert (await daemon.hand_in(given)).relay == relay


# Restarts


@pytest.mark.parametrize("call", ["submit", "follow"])
async def test_it_is_gone_on_with_after_it_was_killed_while_a_call_was_made(
    call: str, autojump_clock: MockClock
) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        daemon.faults.waits.add(call)
        handed = await daemon.hand_in(pays(invoice))
        await trio.testing.wait_all_tasks_blocked()
        await daemon.restart()
        relay = await daemon.world.relays.find(SHOP, "hedera", "TX-1")
        assert (await daemon.ends(relay)).status is SUCCEEDED
        assert relay.relay.id == handed.relay.id
        assert await daemon.relay_events() == WHOLE
        assert daemon.ledger.applied == {"tx-1": 1}


async def test_it_is_gone_on_with_after_it_was_killed_between_the_reply_and_its_record(
    autojump_clock: MockClock,
) -> None:
    """The network has taken it, and nobody here knows."""
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        [transfer] = [daemon.world.relays.relayers["hedera"].inspect(given, 0)]
        daemon.faults.waits.add("submit")
        await daemon.hand_in(given)
        await trio.testing.wait_all_tasks_blocked()
        await daemon.ledger.submit(transfer)
        await daemon.restart()
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert daemon.ledger.applied == {"tx-1": 1}


async def test_what_is_unknown_is_so_after_a_restart_and_then_proven(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.answers["follow"].extend([Outcome(UNKNOWN)] * 3)
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        await handed.until(Wait.CONSENSUS)
        daemon.faults.waits.add("follow")
        await daemon.restart()
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert found.relay.id == handed.relay.id
        assert (await daemon.ends(found)).status is SUCCEEDED


async def test_a_chain_that_is_not_up_yet_is_not_asked(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(await daemon.world.invoice()))
        asked = len(daemon.ledger.followed)
        await daemon.kill()
        daemon.world._compose()
        await daemon.start()
        await trio.sleep(60)
        assert len(daemon.ledger.followed) == asked
        daemon.ledger.consensus.set()
        await daemon.world.start()
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert (await daemon.ends(found)).status is SUCCEEDED


async def test_one_that_cannot_be_read_again_is_kept_and_tried_again(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        daemon.ledger.consensus = trio.Event()
        await daemon.answered(pays(await daemon.world.invoice()))
        await daemon.kill()
        await daemon.world.restart()
        daemon.faults.raises["inspect"] = invalid("transaction", "what is this?")
        daemon.ledger.consensus.set()
        await daemon.start()
        await trio.sleep(600)
        found = await daemon.world.relays.find(SHOP, "hedera", "tx-1")
        assert found.relay.status is ACCEPTED
        daemon.faults.raises.clear()
        assert (await daemon.ends(found)).status is SUCCEEDED


# The store


async def test_a_commit_that_seemed_to_fail_is_found_and_gone_on_with(autojump_clock: MockClock) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        given = pays(await daemon.world.invoice())
        store.fails = 1
        with pytest.raises(StoreUnavailable):
            await daemon.hand_in(given)
        assert daemon.ledger.submitted == []
        await trio.sleep(LOST_S + 1)
        assert daemon.ledger.submitted == ["tx-1"]
        assert (await daemon.ends(await daemon.hand_in(given))).status is SUCCEEDED
        assert await daemon.relay_events() == WHOLE


async def test_an_outcome_waits_for_a_store_that_cannot_take_it(autojump_clock: MockClock) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        daemon.faults.waits.add("submit")
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        store.fails = 5
        daemon.faults.waits.clear()
        assert (await daemon.ends(handed)).status is SUCCEEDED
        assert await daemon.relay_events() == WHOLE, "though the first try of each reached the disk"


async def test_every_step_may_run_again(autojump_clock: MockClock) -> None:
    async with relaying(front=RepeatingStore) as daemon:
        await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        assert await daemon.relay_events() == WHOLE


async def test_whoever_leaves_while_it_is_recorded_leaves_it_to_its_way(autojump_clock: MockClock) -> None:
    async with relaying() as daemon:
        given = pays(await daemon.world.invoice())
        with trio.CancelScope() as client:
            transact = daemon.world.store.transact

            async def leaving(fn: Any) -> Any:
                daemon.world.relays._store = daemon.world.store
                result = await transact(fn)
                client.cancel()
                return result

            daemon.world.relays._store = replace_transact(daemon.world.store, leaving)
            await daemon.hand_in(given)
        daemon.world.relays._store = daemon.world.store
        await trio.sleep(60)
        relay = await daemon.recorded()
        assert relay is not None
        assert relay.status is SUCCEEDED


def replace_transact(store: Any, transact: Any) -> Any:
    class InFront:
        def __getattr__(self, name: str) -> Any:
            return transact if name == "transact" else getattr(store, name)

    return InFront()


async def test_what_ends_while_it_is_being_taken_up_is_not_handed_over_again(
    autojump_clock: MockClock,
) -> None:
    async with relaying(front=UnsteadyStore) as daemon:
        store = daemon.world.store
        assert isinstance(store, UnsteadyStore)
        daemon.faults.waits.add("submit")
        handed = await daemon.hand_in(pays(await daemon.world.invoice()))
        store.reads_wait = True
        daemon.world.relays._lost.set()
        await store.reading.wait()
        store.reads_wait = False
        daemon.faults.waits.clear()
        await daemon.ends(handed)
        store.release.set()
        await trio.sleep(600)
        assert daemon.ledger.submitted == ["tx-1"]
        assert daemon.world.relays.courses == {}


async def test_a_relay_keeps_nothing_of_the_request_it_came_by(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with relaying() as daemon:
        seen: list[str | None] = []
        submit = daemon.ledger.submit

        async def looking(transfer: SignedTransfer) -> Outcome:
            seen.append(REQUEST.get(None))
            return await submit(transfer)

        monkeypatch.setattr(daemon.ledger, "submit", looking)
        REQUEST.set("the request")
        await daemon.ends(await daemon.hand_in(pays(await daemon.world.invoice())))
        assert seen == [None]


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


# All of it, by chance


@pytest.mark.parametrize("run", range(5))
async def test_whatever_fails_and_whenever_it_is_killed_the_truth_is_recorded_in_the_end(
    run: int, seed: int, autojump_clock: MockClock
) -> None:
    dice = random.Random(seed + run)
    async with relaying() as daemon:
        daemon.ledger._dice = dice
        invoice = await daemon.world.invoice()
        given = {f"tx-{number}": pays(invoice, f"tx-{number}") for number in range(12)}
        for id in list(given)[::4]:
            daemon.ledger.receipts[id] = "INVALID_SIGNATURE"
        ids: dict[str, str] = {}
        for _ in range(6):
            for id in dice.sample(list(given), 8):
                handed = await daemon.hand_in(given[id])
                assert ids.setdefault(id, handed.relay.id) == handed.relay.id, "never a new id"
            await trio.sleep(dice.random() * 20)
            await agree(daemon, given)
            if dice.random() < 0.7:
                await daemon.restart()
        daemon.ledger._dice = None
        for text in given.values():
            await daemon.ends(await daemon.hand_in(text))
        await agree(daemon, given)
        assert all(count == 1 for count in daemon.ledger.applied.values())
        for id in given:
            relay = await daemon.recorded(id)
            assert relay is not None
            assert relay.receipt in (daemon.ledger.receipts[id], None)
            assert relay.status is (SUCCEEDED if daemon.ledger.receipts[id] == "SUCCESS" else FAILED)


async def agree(daemon: Relaying, given: dict[str, str]) -> None:
    """Nothing is said that is not so."""
    for id in given:
        relay = await daemon.recorded(id)
        if relay is not None and relay.status is SUCCEEDED:
            assert daemon.ledger.applied[id], "succeeded, and nobody took it"
        if relay is not None and relay.status is FAILED and relay.receipt is None:
            assert not daemon.ledger.applied[id], "failed, and somebody took it"


def test_a_network_without_dice_takes_everything() -> None:
    assert not RelayNetwork()._happens(1.0)
