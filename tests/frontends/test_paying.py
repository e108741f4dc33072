"""``/v1/public/invoices/{id}/prepare/…`` and ``…/relay/…``: without a key, that invoice and nothing else."""

import json
from base64 import b64decode
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
import trio
from trio_websocket import WebSocketConnection

from tests.frontends.relays import PAYER, gift, hear, payment, say, submit
from tests.frontends.test_relaysocket import UPGRADE
from tests.support.raw import read_answer
from tests.support.served import PUBLIC_URL, QUICK, Json, Served, error_of, served, socket_at

HEDERA = ["hedera"]
SHOP_PAGE = {"Origin": "https://shop.example"}


def path(invoice: Json, what: str, chain: str = "hedera") -> str:
    return f"/v1/public/invoices/{invoice['id']}/{what}/{chain}"


def relay_socket(
    tcp: trio.SocketStream, invoice: Json, origin: str = PUBLIC_URL
) -> AbstractAsyncContextManager[WebSocketConnection]:
    return socket_at(tcp, path(invoice, "relay"), [(b"Origin", origin.encode())])


async def refused_with(daemon: Served, invoice: Json, origin: str = PUBLIC_URL) -> tuple[int, str]:
    """The status and the code by which a websocket is not opened."""
    asked = UPGRADE.replace("/v1/relay/hedera", path(invoice, "relay"))
    async with daemon.tcp() as stream:
        await stream.send_all(asked.replace("Authorization: Bearer {key}", f"Origin: {origin}").encode())
        status, body = await read_answer(stream)
    return status, str(json.loads(body)["error"]["code"])


async def test_what_was_prepared_is_handed_in_and_followed_without_a_key(daemon: Served) -> None:
    invoice = await daemon.invoice(chains=HEDERA)
    async with daemon.client("") as client, daemon.tcp() as tcp, relay_socket(tcp, invoice) as socket:
        answer = await client.post(path(invoice, "prepare"), json={"payer": PAYER, "nodes": ["0.0.7"]})
        again = await client.post(path(invoice, "prepare"), json={"payer": PAYER, "asset": "HBAR"})
        made = answer.json()
        assert again.json()["transaction_id"] == made["transaction_id"]
        option = invoice["options"][0]
        assert (made["amount"], made["amount_minor"]) == (option["due"], option["due_minor"])
        assert (made["memo"], made["node"]) == (option["destination"]["memo"], "0.0.7")
        assert 0 < made["sign_within_s"] <= 120
        await submit(socket, 1, made["unsigned"])
        first = (await hear(socket))["result"]
        assert (first["transaction_id"], first["invoice_id"]) == (made["transaction_id"], invoice["id"])
        last = first
        while last["status"] != "succeeded":
            last = (await hear(socket))["params"]
        await say(socket, 2, "follow", transaction_id=made["transaction_id"])
        assert (await hear(socket))["result"]["status"] == "succeeded"


async def test_it_is_handed_in_by_a_request_as_well(daemon: Served) -> None:
    invoice, other = await daemon.invoice(chains=HEDERA), await daemon.invoice(chains=HEDERA)
    async with daemon.client("") as client:
        wrong = await client.post(path(other, "relay"), json={"transaction": payment(invoice)})
        assert (wrong.status_code, error_of(wrong)["code"]) == (400, "wrong_memo")
        paid = await client.post(
            path(invoice, "relay") + "?wait=consensus", json={"transaction": payment(invoice)}
        )
        assert (paid.status_code, paid.json()["status"]) == (200, "succeeded")
        second = await client.post(path(invoice, "prepare"), json={"payer": PAYER})
        assert (second.status_code, error_of(second)["code"]) == (409, "payment_under_way")


async def test_nothing_but_that_invoices_payments_passes_whatever_it_is_called(daemon: Served) -> None:
    invoice, other = await daemon.invoice(chains=HEDERA), await daemon.invoice(chains=HEDERA)
    async with daemon.client() as client:
        await client.post("/v1/relay/hedera", json={"transaction": gift("gift")})
    async with daemon.tcp() as tcp, relay_socket(tcp, invoice) as socket:
        await submit(socket, 1, payment(other), invoice_id=other["id"])
        await submit(socket, 2, payment(other))
        await socket.send_message(b64decode(gift("tx-2")))
        await submit(socket, 4, payment(invoice, off=-1))
        await say(socket, 5, "follow", transaction_id="gift")
        heard = [await hear(socket) for _ in range(5)]
    assert {one["id"]: one["error"]["code"] for one in heard} == {
        1: "invalid_value", 2: "wrong_memo", None: "wrong_memo", 4: "wrong_amount", 5: "relay_not_found",
    }  # fmt: skip
    assert daemon.engine.hedera.ledger.submitted == ["gift"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing"),
        ({"payer": ""}, "too_short"),
        ({"payer": "ada"}, "not_an_id"),
        ({"payer": PAYER, "asset": "BTC"}, "no_such_option"),
        ({"payer": PAYER, "nodes": ["x"] * 101}, "too_long"),
        ({"payer": PAYER, "amount": "1"}, "unknown_field"),
    ],
)
async def test_what_cannot_be_prepared_is_told(daemon: Served, body: Json, code: str) -> None:
    invoice = await daemon.invoice(chains=HEDERA)
    async with daemon.client("") as client:
        answer = await client.post(path(invoice, "prepare"), json=body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, code)


async def test_what_is_not_there_and_who_may_not_is_refused(daemon: Served) -> None:
    invoice = await daemon.invoice(chains=HEDERA)
    body = {"payer": PAYER}
    async with daemon.client("") as client:
        for at, code in (
            (path({"id": "inv_none"}, "prepare"), "invoice_not_found"),
            (path(invoice, "prepare", "lightning"), "chain_not_found"),
            (path(invoice, "prepare", "bitcoin"), "chain_does_not_relay"),
        ):
            answer = await client.post(at, json=body)
            assert (answer.status_code, error_of(answer)["code"]) == (404, code)
        foreign = await client.post(path(invoice, "prepare"), json=body, headers=SHOP_PAGE)
        assert (foreign.status_code, error_of(foreign)["code"]) == (403, "foreign_origin")
        ours = await client.post(path(invoice, "prepare"), json=body, headers={"Origin": PUBLIC_URL})
        assert ours.status_code == 200
    assert await refused_with(daemon, invoice, "https://shop.example") == (403, "foreign_origin")
    assert await refused_with(daemon, {"id": "inv_none"}) == (404, "invoice_not_found")


async def test_it_takes_the_places_of_payers_and_can_be_turned_off(tmp_path: Path) -> None:
    async with served(tmp_path, replace(QUICK, public_streams_per_address=1)) as daemon:
        invoice = await daemon.invoice(chains=HEDERA)
        async with daemon.tcp() as tcp, relay_socket(tcp, invoice):
            assert await refused_with(daemon, invoice) == (503, "too_many_streams")
    off = tmp_path / "off"
    off.mkdir()
    async with served(off, relay_checkout=False) as daemon, daemon.client("") as client:
        invoice = await daemon.invoice(chains=HEDERA)
        for what in ("prepare", "relay"):
            answer = await client.post(path(invoice, what), json={"payer": PAYER})
            assert (answer.status_code, error_of(answer)["code"]) == (404, "no_such_path")
