"""Webhooks all the way: made by the API, told of what happens on a real chain, verified by their receiver."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import trio

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import bitcoin
from tests.support.daemon import Daemon, Json, address_of, due_of, patiently
from tests.support.node import pay_many
from tests.support.receiving import Receiver, Taken
from tests.support.waiting import until

FORGED = {
    "Host": "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-For": "192.0.2.66",
    "Forwarded": "host=evil.example",
}


@pytest.fixture(scope="module")
def teller(node: RegtestNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon that may tell receivers on this machine."""
    tables = {
        **bitcoin(node),
        "notifiers": {"webhook": {"plugin": "webhook", "allow": ["127.0.0.1"]}},
        "limits": {
            "requests_per_s": 10_000,
            "requests_burst": 10_000,
            "deliveries": {"retry_pause_s": 1, "retry_longest_pause_s": 1, "endpoints": 100},
        },
    }
    daemon = Daemon(tmp_path_factory.mktemp("teller"), tables)
    try:
        trio.run(daemon.start)
        yield daemon
        trio.run(daemon.stop)
        assert daemon.errors() == []
    finally:
        trio.run(daemon.kill)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path).open() as receiver:
        yield receiver


@pytest.fixture
async def hook(teller: Daemon, shop: Receiver) -> AsyncIterator[Json]:
    """An endpoint of the shop's own, gone afterwards; its receiver knows its secret."""
    made = await add(teller, shop.url())
    shop.knows(hook=made["secret"])
    yield made
    await teller.call("DELETE", f"/v1/webhooks/{made['id']}")


async def add(teller: Daemon, url: str, **fields: object) -> Json:
    return await teller.call("POST", "/v1/webhooks", {"url": url, **fields}, key=teller.keys["shop"])


def of(shop: Receiver, invoice: Json) -> list[Taken]:
    return [taken for taken in shop.taken() if taken.body["invoice_id"] == invoice["id"]]


def types(taken: list[Taken]) -> list[str]:
    return [one.body["type"].removeprefix("invoice.") for one in taken]


async def test_a_paid_invoice_is_told_in_order_and_whole(
    node: RegtestNode, teller: Daemon, shop: Receiver, hook: Json
) -> None:
    invoice = await teller.invoice(confirmations=1)
    await pay_many(node, (address_of(invoice), due_of(invoice)))
    await teller.until_status(invoice["id"], "processing")
    await node.mine(1)
    await teller.until_status(invoice["id"], "settled")
    wanted = await teller.journal(invoice_id=invoice["id"])
    await until(lambda: len(of(shop, invoice)) == len(wanted))
    taken = of(shop, invoice)
    assert types(taken) == ["created", "payment_seen", "processing", "payment.confirmed", "settled"]
    link = f"{teller.api}/i/{invoice['id']}"
    for one, event in zip(taken, wanted, strict=True):
        assert one.id == event["id"]
        told = one.body
        assert told["data"]["invoice"].pop("checkout_url") == link
        assert told == {"version": 1, **event}
    assert shop.refused() == []


async def test_what_a_caller_forges_is_nowhere_in_what_is_told(teller: Daemon, shop: Receiver) -> None:
    async with httpx.AsyncClient(base_url=teller.api, headers=FORGED) as client:
        client.headers["Authorization"] = f"Bearer {teller.keys['shop']}"
        made = (await client.post("/v1/webhooks", json={"url": shop.url()})).json()
        shop.knows(hook=made["secret"])
        body = {"amount": "0.1", "currency": "BTC"}
        invoice = (await client.post("/v1/invoices", json=body)).json()
        await until(lambda: len(of(shop, invoice)) == 1)
        await client.post(f"/v1/webhooks/{made['id']}/test")
        await client.delete(f"/v1/webhooks/{made['id']}")
    everything = str(shop.taken())
    assert len(shop.taken()) == 2
    assert "evil" not in everything
    assert "192.0.2.66" not in everything
    assert "orwarded" not in everything


async def test_the_test_button_says_what_was_answered(teller: Daemon, shop: Receiver, hook: Json) -> None:
    path = f"/v1/webhooks/{hook['id']}/test"
    tested = await teller.call("POST", path)
    assert (tested["delivered"], tested["status"], tested["reason"]) == (True, 204, "No Content")
    (taken,) = shop.taken()
    assert taken.body["type"] == "webhook.test"
    assert (taken.body["version"], taken.body["data"]) == (1, {"webhook_id": hook["id"]})
    shop.behaves(status=500, body="a secret of the shop's")
    tested = await teller.call("POST", path)
    assert (tested["delivered"], tested["status"]) == (False, 500)
    assert tested["reason"] == "it answered 500 Internal Server Error"


async def test_what_was_missed_comes_later_and_in_order(teller: Daemon, shop: Receiver, hook: Json) -> None:
    shop.kill()
    invoice = await teller.invoice()
    for status in ("settled", "invalid"):
        await teller.call("POST", f"/v1/invoices/{invoice['id']}/mark", {"status": status})
    path = f"/v1/webhooks/{hook['id']}"

    async def is_down() -> bool:
        return bool((await teller.call("GET", path))["state"] == "down")

    await patiently(is_down)
    (first, *_) = (await teller.call("GET", f"{path}/deliveries?invoice_id={invoice['id']}"))["data"][::-1]
    shop.start()
    wanted = [event["id"] for event in await teller.journal(invoice_id=invoice["id"])]
    await until(lambda: [taken.id for taken in of(shop, invoice)] == wanted)
    log = (await teller.call("GET", f"/v1/deliveries/{first['id']}"))["log"]
    assert [attempt["taken"] for attempt in log] == [False] * (len(log) - 1) + [True]
    assert len(log) > 1
    assert log[0]["reason"] == "no connection: connection refused"


async def test_a_redelivery_bears_the_same_id(teller: Daemon, shop: Receiver, hook: Json) -> None:
    invoice = await teller.invoice()
    await until(lambda: len(of(shop, invoice)) == 1)
    event_id = of(shop, invoice)[0].id
    path = f"/v1/webhooks/{hook['id']}"

    async def is_recorded() -> bool:
        found = await teller.call("GET", f"{path}/deliveries?invoice_id={invoice['id']}")
        return bool(found["data"][0]["state"] == "delivered")

    await patiently(is_recorded)  # until then it is on its way once, whoever asks for it
    await teller.call("POST", f"{path}/redeliver", {"id": event_id})
    await until(lambda: len(of(shop, invoice)) == 2)
    assert {taken.id for taken in of(shop, invoice)} == {event_id}


async def test_only_what_is_wanted_is_told(teller: Daemon, shop: Receiver) -> None:
    made = await add(teller, shop.url("few"), types=["invoice.settled"])
    shop.knows(few=made["secret"])
    path = f"/v1/webhooks/{made['id']}"
    first, second, third = [await teller.invoice() for _ in range(3)]

    async def settle(invoice: Json) -> None:
        await teller.call("POST", f"/v1/invoices/{invoice['id']}/mark", {"status": "settled"})

    await settle(first)
    await until(lambda: types(of(shop, first)) == ["settled"])
    await teller.call("PATCH", path, {"disabled": True})
    await settle(second)
    await teller.call("PATCH", path, {"disabled": False})
    await settle(third)
    await until(lambda: types(of(shop, third)) == ["settled"])
    assert of(shop, second) == []
    await teller.call("DELETE", path)


async def test_while_a_secret_is_rotated_either_verifies(teller: Daemon, shop: Receiver, hook: Json) -> None:
    path = f"/v1/webhooks/{hook['id']}"
    fresh = (await teller.call("POST", f"{path}/rotate"))["secret"]
    assert fresh != hook["secret"]
    for known in (hook["secret"], fresh):
        shop.knows(hook=known)
        assert (await teller.call("POST", f"{path}/test"))["delivered"]
    assert [len(taken.signatures) for taken in shop.taken()] == [2, 2]
    told = f"{await teller.journal()} {teller.log()} {await teller.call('GET', f'{path}/deliveries')}"
    for secret in (hook["secret"], fresh):
        assert secret not in told


async def test_where_a_webhook_may_not_lead_is_said_at_once(teller: Daemon) -> None:
    for url, said in (
        ("https://10.0.0.1/hook", "must not lead to 10.0.0.1: private"),
        ("https://169.254.169.254/latest/meta-data", "must not lead to 169.254.169.254: link-local"),
        ("http://1.1.1.1/hook", "must not lead to 1.1.1.1: public, where TLS is needed"),
        ("https://127.1/hook", "must have a host that is a name or an address such as 192.0.2.1"),
    ):
        refused = await teller.call("POST", "/v1/webhooks", {"url": url}, key=teller.keys["shop"], expect=4)
        assert (refused["error"]["param"], refused["error"]["message"]) == ("url", said)
