"""Payments drawn up for wallets: exactly what is asked, the same again while good, never beside another."""

from typing import Any

import pytest

from paydaemon.core.errors import ErrorType, Refusal, unavailable
from paydaemon.testing.fakerelay import PAYEE
from tests.engine.relayed import PAYER, Relaying, pays, relaying


async def refused(daemon: Relaying, *asked: Any, **how: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await daemon.prepare(*asked, **how)
    return caught.value


async def test_it_pays_exactly_what_is_asked_and_comes_through() -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        made = await daemon.prepare(invoice)
        [option] = invoice.options
        assert (made.ask.invoice_id, made.ask.remaining_minor) == (invoice.id, option.due_minor)
        assert made.sign_before_ms == made.unsigned.sign_before_ms < invoice.expires_at_ms
        read = daemon.world.chains["hedera"].inspect(made.unsigned.unsigned, 0)  # type: ignore[attr-defined]
        moved = {(one.account, one.asset_code): one.amount_minor for one in read.transfers}
        assert moved == {(PAYEE, "HBAR"): option.due_minor, (PAYER, "HBAR"): -option.due_minor}
        assert read.memo == option.destination.memo


async def test_whoever_asks_again_gets_the_same_until_it_is_too_late_or_has_failed() -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        first = (await daemon.prepare(invoice)).unsigned
        assert (await daemon.prepare(invoice)).unsigned == first
        assert (await daemon.prepare(invoice, "0.0.1003")).unsigned != first
        daemon.ledger.receipts[first.transaction_id] = "INSUFFICIENT_PAYER_BALANCE"
        await daemon.ends(await daemon.hand_in_for(invoice, first.unsigned))
        second = (await daemon.prepare(invoice)).unsigned
        assert second.transaction_id != first.transaction_id
        daemon.world.turn(70)
        assert (await daemon.prepare(invoice)).unsigned.transaction_id != second.transaction_id


async def test_nothing_is_drawn_up_beside_a_payment_that_is_under_way() -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        await daemon.hand_in_for(invoice, (await daemon.prepare(invoice)).unsigned.unsigned)
        refusal = await refused(daemon, invoice)
        assert (refusal.type, refusal.code) == (ErrorType.CONFLICT, "payment_under_way")


async def test_who_cannot_pay_and_what_asks_for_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with relaying() as daemon:
        invoice = await daemon.world.invoice()
        assert (await refused(daemon, invoice, "ada")).code == "not_an_id"
        assert (await refused(daemon, invoice, asset="BTC")).code == "no_such_option"
        for error in (RuntimeError("no"), unavailable("no_nodes", "none")):
            daemon.faults.raises["prepare"] = error
            assert (await refused(daemon, invoice)).code == "chain_unavailable"
        with monkeypatch.context() as without:
            without.setattr(daemon.world.live_chains["hedera"], "chain", object())
            assert not daemon.world.preparations.offers("hedera")
            assert (await refused(daemon, invoice)).code == "chain_does_not_prepare"
        assert daemon.world.preparations.offers("hedera")
        daemon.world.turn(901)
        assert (await refused(daemon, invoice)).code == "nothing_asked"


@pytest.mark.parametrize("policy", ["payees", "invoice", "open"])
async def test_by_the_link_only_what_pays_that_invoice_and_nothing_else_is_passed_on(policy: str) -> None:
    async with relaying() as daemon:
        daemon.world.relays._policy = policy  # type: ignore[assignment]
        invoice, other = await daemon.world.invoice(), await daemon.world.invoice()
        due = invoice.options[0].due_minor
        memo = invoice.options[0].destination.memo or ""
        more = {("0.0.9", "HBAR"): 1, (PAYER, "HBAR"): -due - 1, (PAYEE, "HBAR"): due}
        two = {("0.0.9", "HBAR"): -1, (PAYER, "HBAR"): 1 - due, (PAYEE, "HBAR"): due}
        token = {(PAYEE, "HBAR"): due, (PAYER, "HBAR"): -due, (PAYER, "x"): -1, ("0.0.9", "x"): 1}
        wrong = {
            "wrong_memo": pays(other, "tx-1"),
            "wrong_amount": pays(invoice, "tx-2", off=1),
            "not_a_transfer": pays(invoice, "tx-3", does_more=True),
        }
        daemon.faults.raises["verify"] = AssertionError("nobody is asked about it")
        for code, given in wrong.items():
            assert (await daemon.refused_for(invoice, given)).code == code
        for number, moves in enumerate((more, two, token)):
            refusal = await daemon.refused_for(invoice, daemon.signed(f"m-{number}", moves, memo))
            assert refusal.code == "wrong_payee"
        assert not daemon.ledger.submitted
        daemon.faults.raises.clear()
        handed = await daemon.hand_in_for(invoice, pays(invoice, "tx-9"))
        assert handed.relay.invoice_id == invoice.id
        with pytest.raises(Refusal) as strange:
            await daemon.world.relays.find_towards(other.id, "hedera", "tx-9")
        assert strange.value.code == "relay_not_found"
        assert (await daemon.refused_for(invoice, pays(invoice, "tx-10"))).code == "payment_under_way"
