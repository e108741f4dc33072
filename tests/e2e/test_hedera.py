"""Invoices paid on a Hedera network, as whoever runs a shop sees it: over HTTP, to a daemon of its own.

What every chain has is tried by the conformance suite; this is what Hedera has besides.
"""

from collections.abc import Iterator

import pytest
import trio

from paydaemon_hedera.sandbox.genesis import PAYEE, USDC
from paydaemon_hedera.sandbox.ledger import HBAR, Token
from paydaemon_hedera.sandbox.names import entity
from paydaemon_hedera.sandbox.running import Options, Running
from tests.support.daemon import Daemon, Json, patiently
from tests.support.hederanet import settings

ALICE = 1002
HBAR_DUE, USDC_DUE = 12_500_000_000, 13_888_889
"""12.50 EUR at 0.10 and at 0.90 EUR; what is due is rounded up."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    """A network that all these tests share. Its clock is ahead of ours, by whatever they let pass."""
    with Running(Options(consensus_delay_s=0.05)) as running:
        yield running


@pytest.fixture(scope="module")
def hedera(sandbox: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that is paid there and nowhere else."""
    folder = tmp_path_factory.mktemp("hedera")
    daemon = Daemon(folder, settings(sandbox, poll_interval_s=0.1))
    try:
        trio.run(daemon.start)
        yield daemon
        trio.run(daemon.stop)
        assert daemon.errors() == []
    finally:
        trio.run(daemon.kill)


async def asked(daemon: Daemon, **fields: object) -> Json:
    """An invoice of 12.50 EUR."""
    body = {"amount": "12.50", "currency": "EUR", "seller_id": "shop", **fields}
    return await daemon.call("POST", "/v1/invoices", body)


def memo_of(invoice: Json, asset: str = "HBAR") -> str:
    (option,) = (option for option in invoice["options"] if option["asset"] == asset)
    assert option["destination"]["address"] == entity(PAYEE)
    return str(option["destination"]["memo"])


def pay(sandbox: Running, memo: str, amount_minor: int, token: int = HBAR) -> str:
    return str(sandbox.pay(ALICE, PAYEE, amount_minor, token, memo))


async def test_paid_in_a_token(sandbox: Running, hedera: Daemon) -> None:
    invoice = await asked(hedera)
    assert {option["asset"]: option["due_minor"] for option in invoice["options"]} == {
        "HBAR": str(HBAR_DUE),
        entity(USDC): str(USDC_DUE),
    }
    pay(sandbox, memo_of(invoice, entity(USDC)), USDC_DUE, USDC)
    assert (await hedera.until_status(invoice["id"], "settled"))["flags"] == []


async def test_half_in_each(sandbox: Running, hedera: Daemon) -> None:
    invoice = await asked(hedera)
    pay(sandbox, memo_of(invoice), HBAR_DUE // 2)
    pay(sandbox, memo_of(invoice, entity(USDC)), USDC_DUE // 2 + 1, USDC)
    await hedera.until_status(invoice["id"], "settled")


async def test_another_memo_waits_for_somebody_to_say_what_it_is(sandbox: Running, hedera: Daemon) -> None:
    invoice = await asked(hedera)
    id = pay(sandbox, "for the bicycle", HBAR_DUE)
    payment = await unmatched(hedera, id)
    path = f"/v1/payments/{payment['id']}/assign"
    assigned = await hedera.call("POST", path, {"invoice_id": invoice["id"]})
    assert (assigned["status"], assigned["flags"]) == ("settled", [])


async def test_a_token_of_the_same_name_is_no_payment(sandbox: Running, hedera: Daemon) -> None:
    with sandbox.network.lock:
        sandbox.network.add_token(Token(6_666, "USDC", "USD Coin", 6, 10**15, 2))
        for account, amount in ((ALICE, 10**10), (PAYEE, 0)):
            sandbox.network.give(account, 6_666, amount)
    invoice = await asked(hedera)
    id = pay(sandbox, memo_of(invoice, entity(USDC)), USDC_DUE, 6_666)
    payment = await unmatched(hedera, id)
    assert payment["asset"] == entity(6_666)
    assert (await hedera.show(invoice["id"]))["status"] == "new"


async def unmatched(daemon: Daemon, transaction_id: str) -> Json:
    """The payment that this transaction brought, once it is known and belongs to no invoice."""
    found: list[Json] = []

    async def is_there() -> bool:
        listed = (await daemon.call("GET", "/v1/payments?unmatched=true"))["data"]
        found[:] = [payment for payment in listed if payment["transaction_id"] == transaction_id]
        return bool(found)

    await patiently(is_there)
    return found[0]
