"""``/v1/public/invoices/{id}``: what a payer is shown and told, without a key, and what not."""

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection

from paydaemon.core.events import EventType
from paydaemon.frontends import payer
from paydaemon.frontends.settings import Limits
from tests.frontends.test_websocket import pay
from tests.support.conformance import check_closing, check_payer_message
from tests.support.served import Json, Served, error_of, served, socket_at
from tests.support.sse import Source, listening
from tests.support.waiting import BOUND_S, until

SECRETS: Any = {
    "note": "our secret note",
    "metadata": {"order": "secret order"},
    "buyer": {"email": "secret@example.org"},
}
FOREIGN = [(b"Origin", b"https://shop.example")]


def stream(daemon: Served, id: str) -> AbstractAsyncContextManager[Source]:
    return listening(f"http://127.0.0.1:{daemon.port}/v1/public/invoices/{id}/events", None)


async def message(events: WebSocketConnection) -> Json:
    with trio.fail_after(BOUND_S):
        told = dict(json.loads(await events.get_message()))
    check_payer_message(told)
    return told


async def test_it_shows_what_a_payer_needs_and_nothing_of_the_sellers(daemon: Served) -> None:
    invoice = await daemon.invoice(**SECRETS)
    async with daemon.client("") as client:
        answer = await client.get(f"/v1/public/invoices/{invoice['id']}")
        missing = await client.get("/v1/public/invoices/inv_none")
        more = await client.get(f"/v1/public/invoices/{invoice['id']}?full=true")
    assert answer.status_code == 200
    shown = answer.json()
    assert set(shown) == {*payer.INVOICE_FIELDS, "options"}
    (option,) = shown["options"]
    assert set(option) == {*payer.OPTION_FIELDS, "destination", "payments"}
    assert option["destination"] == invoice["options"][0]["destination"]
    assert all(word not in answer.text for word in ("secret", "shop", "seller"))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert (missing.status_code, error_of(missing)["code"]) == (404, "invoice_not_found")
    assert (more.status_code, error_of(more)["code"]) == (400, "unknown_parameter")


async def test_a_destination_that_nobody_watches_is_not_shown(daemon: Served) -> None:
    invoice = await daemon.invoice()
    del cast(dict[str, Any], daemon.engine.live_chains)["bitcoin"]
    async with daemon.client("") as client:
        shown = (await client.get(f"/v1/public/invoices/{invoice['id']}")).json()
    assert shown["options"][0]["destination"] is None


async def test_the_websocket_tells_how_it_stands_and_then_each_change(daemon: Served) -> None:
    other = await daemon.invoice()
    invoice = await daemon.invoice(**SECRETS)
    path = f"/v1/public/invoices/{invoice['id']}/events"
    async with daemon.tcp() as tcp, socket_at(tcp, path, FOREIGN) as events:
        first = await message(events)
        assert (first["type"], first["invoice"]["status"]) == ("invoice.now", "new")
        await pay(daemon)
        told = [await message(events) for _ in range(2)]
        assert [one["type"] for one in told] == ["invoice.payment_seen", "invoice.processing"]
        assert told[-1]["invoice"]["status"] == "processing"
        await daemon.engine.mine(1)
        push = await message(events)
        assert (push["type"], push["payment"]["confirmations"]) == ("payment.confirming", 1)
        async with daemon.client() as client:
            await client.post(f"/v1/invoices/{other['id']}/mark", json={"status": "settled"})
            await client.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": "settled"})
            shown = (await client.get(f"/v1/public/invoices/{invoice['id']}")).json()
        last = [await message(events) for _ in range(2)]
    assert [one["type"] for one in last] == ["invoice.marked", "invoice.settled"]
    assert last[-1]["invoice"]["status"] == shown["status"] == "settled"
    everything = json.dumps([first, *told, push, *last])
    assert all(word not in everything for word in ("secret", "shop", '"seq"', '"id": "evt_'))


async def test_server_sent_events_say_the_same(daemon: Served) -> None:
    invoice = await daemon.invoice()
    path = f"/v1/public/invoices/{invoice['id']}/events"
    async with daemon.tcp() as tcp, socket_at(tcp, path) as events, stream(daemon, invoice["id"]) as source:
        assert source.response.headers["Access-Control-Allow-Origin"] == "*"
        (first,) = await source.take(1)
        assert first.json["invoice"] == (await message(events))["invoice"]
        await pay(daemon)
        told = await source.take(2)
        assert [one.json for one in told] == [await message(events) for _ in range(2)]
        assert [one.type for one in told] == [one.json["type"] for one in told]
        daemon.stop.set()
        (closing,) = await source.rest()
    check_closing(closing.json)
    assert closing.json == {"code": 1001, "reason": "the daemon stops; connect again"}
    assert {one.last_event_id for one in (first, *told, closing)} == {""}


async def test_whoever_comes_back_sees_how_it_stands_by_now(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with stream(daemon, invoice["id"]) as source:
        await source.take(1)
    await pay(daemon)
    async with stream(daemon, invoice["id"]) as source:
        (now,) = await source.take(1)
        assert (now.type, now.json["invoice"]["status"]) == ("invoice.now", "processing")
        async with daemon.client() as client:
            await client.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": "invalid"})
        told = await source.take(2)
    assert [one.type for one in told] == ["invoice.marked", "invoice.invalid"]


async def test_an_invoice_that_does_not_exist(daemon: Served) -> None:
    async with stream(daemon, "inv_none") as source:
        assert source.response.status_code == 404
    async with daemon.tcp() as tcp:
        with pytest.RaisesGroup(ConnectionRejected) as rejected:
            async with socket_at(tcp, "/v1/public/invoices/inv_none/events"):
                pass
    assert cast(ConnectionRejected, rejected.value.exceptions[0]).status_code == 404


async def test_a_payers_websocket_takes_no_messages(tmp_path: Path) -> None:
    async with served(tmp_path, Limits(messages_per_s=0.1, messages_burst=1)) as daemon:
        path = f"/v1/public/invoices/{(await daemon.invoice())['id']}/events"
        async with daemon.tcp() as tcp, socket_at(tcp, path) as events:
            await message(events)
            for _ in range(2):
                await events.send_message("hello")
            with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed) as closed:
                await events.get_message()
    assert closed.value.reason is not None
    assert closed.value.reason.code == 1008


@pytest.mark.parametrize("limit", ["public_streams", "public_streams_per_address"])
async def test_there_are_only_so_many_places(tmp_path: Path, limit: str) -> None:
    async with served(tmp_path, Limits(**{limit: 2})) as daemon:
        id = (await daemon.invoice())["id"]
        async with stream(daemon, id) as one:
            await one.take(1)
            async with daemon.tcp() as tcp, socket_at(tcp, f"/v1/public/invoices/{id}/events") as events:
                await message(events)
                async with stream(daemon, id) as third:
                    assert error_of(third.response)["code"] == "too_many_streams"
        await until(lambda: not daemon.engine.api.journal.followers)
        async with stream(daemon, id) as again:
            await again.take(1)


def test_every_event_that_a_payer_hears_of_shows_the_invoice() -> None:
    others = {kind for kind in EventType if kind not in payer.TYPES}
    rooms = {kind.partition(".")[0] for kind in others}
    assert rooms == {"payment", "relay", "chain", "rates", "plugin", "delivery", "admin"}
    assert [kind for kind in others if kind.startswith("payment.")] == [EventType.PAYMENT_UNMATCHED]
