"""``/i/{id}``: what a payer is shown, and what not."""

from typing import Any, cast

from tests.support.served import Json, Served


async def page(daemon: Served, invoice: Json) -> str:
    async with daemon.client("") as client:
        return (await client.get(f"/i/{invoice['id']}")).text


def forget_bitcoin(daemon: Served) -> None:
    """As a daemon that was started without that chain."""
    del cast(dict[str, Any], daemon.engine.live_chains)["bitcoin"]


async def test_no_address_is_shown_on_a_chain_that_nobody_watches(daemon: Served) -> None:
    both = await daemon.invoice(chains=["bitcoin", "hedera"])
    bitcoin, hedera = (option["destination"] for option in both["options"])
    shown = await page(daemon, both)
    assert bitcoin["address"] in shown
    assert hedera["address"] in shown
    forget_bitcoin(daemon)
    shown = await page(daemon, both)
    assert bitcoin["address"] not in shown
    assert "BTC on bitcoin cannot be taken at present" in shown
    assert hedera["address"] in shown
    assert "Waiting for your payment" in shown


async def test_an_invoice_that_cannot_be_paid_at_all_says_so(daemon: Served) -> None:
    invoice = await daemon.invoice()
    forget_bitcoin(daemon)
    shown = await page(daemon, invoice)
    assert "Not to be paid at present" in shown
    assert "Waiting for your payment" not in shown
    assert invoice["options"][0]["destination"]["address"] not in shown


async def test_the_newest_payments_are_shown_and_all_are_counted(daemon: Served) -> None:
    invoice = await daemon.invoice()
    [issued] = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 10))
    await daemon.engine.bitcoin.pay(*((issued.key, 10 + number) for number in range(20)))
    shown = await page(daemon, invoice)
    assert shown.count('class="payment"') == 20
    assert "in all" not in shown
    await daemon.engine.bitcoin.pay((issued.key, 77))
    shown = await page(daemon, invoice)
    assert shown.count('class="payment"') == 20
    assert "21 payments in all; the newest 20:" in shown
    assert "0.00000077 BTC" in shown
    assert "0.00000010 BTC" not in shown
    async with daemon.client() as client:
        [listed] = (await client.get("/v1/invoices")).json()["data"]
        whole = (await client.get(f"/v1/invoices/{invoice['id']}")).json()
    assert len(whole["options"][0]["payments"]) == 21
    assert listed["options"][0].pop("payments") == whole["options"][0].pop("payments")[-20:]
    assert listed == whole
