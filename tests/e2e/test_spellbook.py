"""Clients of the older payment processor, by plain HTTP: a real daemon, a real node, and not one key.

They speak as that system's own two scripts did: a POST with a JSON body, and a GET with one.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import NEVER_S, bitcoin
from tests.support.daemon import Daemon, Json, patiently, running
from tests.support.node import reorganise
from tests.support.waiting import BOUND_S

TRIGGERS = "/spellbook/triggers"
TABLE = {"plugin": "spellbook", "sellers": {"company1": "shop"}}
ORDER = {"seller_id": "company1", "amount_fiat": 12.5, "currency": "EUR", "note": "Alpaca socks"}


class Client:
    """A client of the older system's. It knows an address, and nothing of keys."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def new_payment(self, **fields: object) -> Json:
        """Ask for a payment."""
        asked = {**ORDER, **fields}
        answer = await self._http.post(f"{TRIGGERS}/PaymentProcessorNewPayment/post", json=asked)
        return self._shown(answer)

    async def status(self, made: Json) -> Json:
        """How a payment stands."""
        asked = {"payment_request_id": made["payment_request_id"]}
        answer = await self._http.request("GET", f"{TRIGGERS}/PaymentProcessorPaymentStatus/get", json=asked)
        return self._shown(answer)

    async def until(self, made: Json, status: str) -> Json:
        """Wait until a payment has this status."""
        seen: Json = {}

        async def looks() -> bool:
            nonlocal seen
            seen = await self.status(made)
            return bool(seen["status"] == status)

        await patiently(looks)
        return seen

    async def transaction_received(self, made: Json, txid: str) -> None:
        """Say that there is something to see."""
        asked = {"payment_request_id": made["payment_request_id"], "txid": txid}
        path = f"{TRIGGERS}/PaymentProcessorTransactionReceived/post"
        answer = await self._http.post(path, json=asked)
        assert (answer.status_code, answer.content) == (200, b""), answer.text

    @staticmethod
    def _shown(answer: httpx.Response) -> Json:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json"), answer.text
        shown = answer.json()
        assert isinstance(shown, dict)
        return shown


def tables(node: RegtestNode, **settings: Any) -> Json:
    return {**bitcoin(node, **settings), "frontends": {"spellbook": TABLE}}


@asynccontextmanager
async def client_of(daemon: Daemon) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=daemon.api, timeout=BOUND_S) as http:
        yield Client(http)


@asynccontextmanager
async def asking(node: RegtestNode, folder: Path) -> AsyncIterator[Client]:
    async with running(folder, tables(node, poll_interval_s=NEVER_S)) as daemon, client_of(daemon) as client:
        yield client
        assert daemon.errors() == []


def paid_by(shown: Json) -> tuple[str, int, str | None]:
    return shown["status"], shown["confirmations"], shown["txid"]


async def test_from_created_to_confirmed_and_what_else_may_come(node: RegtestNode, folder: Path) -> None:
    async with asking(node, folder) as client:
        made = await client.new_payment()
        assert (made["amount_btc"], made["amount_fiat"], made["price_btc"]) == (20_834, 12.5, 60_000)
        assert (made["seller_id"], made["note"], made["currency"]) == ("company1", "Alpaca socks", "EUR")
        assert paid_by(made) == ("Created", 0, None)
        short, over = await client.new_payment(), await client.new_payment()
        await client.transaction_received(made, 32 * "00")
        assert paid_by(await client.status(made)) == ("Created", 0, None), "nobody is believed"
        txid = await node.pay(made["address"], made["amount_btc"])
        await node.pay(short["address"], short["amount_btc"] - 1)
        excess = await node.pay(over["address"], over["amount_btc"] + 1)
        assert paid_by(await client.until(made, "Transaction received"))[1:] == (0, txid)
        assert paid_by(await client.until(short, "Insufficient amount received"))[1:] == (0, None)
        assert paid_by(await client.until(over, "Excess amount received"))[1:] == (0, excess)
        for depth in range(1, 6):
            await node.mine(1)
            for one, its in ((made, txid), (over, excess)):
                shown = await client.until(one, f"{depth} of 6 confirmations")
                assert paid_by(shown)[1:] == (depth, its)
        await node.mine(1)
        for one, its in ((made, txid), (over, excess)):
            assert paid_by(await client.until(one, "Confirmed"))[1:] == (6, its)
        assert paid_by(await client.status(short)) == ("Insufficient amount received", 0, None)
        rest = await node.pay(short["address"], 1_000)
        await client.until(short, "Excess amount received")
        await node.mine(6)
        assert paid_by(await client.until(short, "Confirmed"))[1:] == (6, rest)
        await reorganise(node, 6)
        assert paid_by(await client.until(short, "Excess amount received"))[1:] == (0, rest)
