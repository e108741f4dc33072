"""``/v1/payments``: all of them, those of nobody, and giving one to an invoice."""

from tests.support.served import Served, error_of


async def test_an_unmatched_payment_is_found_and_assigned(daemon: Served) -> None:
    invoice = await daemon.invoice()
    transaction = await daemon.engine.pay(("to nobody we know", 20_834))
    async with daemon.client() as client:
        (payment,) = (await client.get("/v1/payments?unmatched=true")).json()["data"]
        assert payment["ref"] == f"{transaction}:0"
        assert (payment["invoice_id"], payment["state"], payment["amount"]) == (None, "pending", "0.00020834")
        path = f"/v1/payments/{payment['id']}/assign"
        assigned = await client.post(path, json={"invoice_id": invoice["id"]})
        assert assigned.status_code == 200
        assert assigned.json()["status"] == "processing"
        assert assigned.json()["checkout_url"] == invoice["checkout_url"]
        again = await client.post(path, json={"invoice_id": invoice["id"]})
        assert again.json() == assigned.json()
        assert (await client.get("/v1/payments?unmatched=true")).json()["data"] == []
        other = await daemon.invoice()
        taken = await client.post(path, json={"invoice_id": other["id"]})
        assert (taken.status_code, error_of(taken)["code"]) == (409, "payment_matched")


async def test_a_payment_that_cannot_be_assigned_is_told_why(daemon: Served) -> None:
    invoice = await daemon.invoice()
    only_hbar = await daemon.invoice(chains=["hedera"])
    await daemon.engine.pay(("to nobody we know", 20_834))
    async with daemon.client() as client:
        (payment,) = (await client.get("/v1/payments?unmatched=true")).json()["data"]
        path = f"/v1/payments/{payment['id']}/assign"
        for body, status, code, param in [
            ({}, 400, "missing", "invoice_id"),
            ({"invoice_id": 7}, 400, "wrong_type", "invoice_id"),
            ({"invoice_id": "inv_none"}, 400, "unknown_invoice", "invoice_id"),
            ({"invoice_id": only_hbar["id"]}, 400, "no_such_option", "invoice_id"),
            ({"invoice_id": invoice["id"], "force": True}, 400, "unknown_field", "force"),
        ]:
            answer = await client.post(path, json=body)
            error = error_of(answer)
            assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
        answer = await client.post("/v1/payments/pay_none/assign", json={"invoice_id": invoice["id"]})
        assert (answer.status_code, error_of(answer)["code"]) == (404, "payment_not_found")


async def test_a_seller_sees_the_payments_of_its_invoices_page_by_page(daemon: Served) -> None:
    for number in range(5):
        invoice = await daemon.invoice(seller_id="shop" if number % 2 else "rival")
        issued = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 100))
        await daemon.engine.pay((issued[-1].key, 1_000 + number))
        assert invoice["id"]
    await daemon.engine.pay(("to nobody we know", 5))

    async def amounts(key: str) -> list[str]:
        seen: list[str] = []
        query = "?limit=2"
        async with daemon.client(key) as client:
            while True:
                page = (await client.get(f"/v1/payments{query}")).json()
                seen += [payment["amount_minor"] for payment in page["data"]]
                if not page["has_more"]:
                    return seen
                query = f"?limit=2&cursor={page['next_cursor']}"

    assert await amounts(daemon.key) == ["5", "1004", "1003", "1002", "1001", "1000"]
    assert await amounts(daemon.keys["shop"]) == ["1003", "1001"]
    assert await amounts(daemon.keys["rival"]) == ["1004", "1002", "1000"]
