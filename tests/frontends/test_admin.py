"""Administration through the Unix socket: what it does, and the trail that each act leaves in the journal."""

import os

import httpx
import pytest

from paydaemon.core.events import EventType
from tests.support.served import Json, Served, error_of

ORDER = {"amount": "12.50", "currency": "EUR"}


async def ask(daemon: Served, method: str, path: str, body: Json | None = None) -> httpx.Response:
    async with daemon.admin() as admin:
        return await admin.request(method, path, json=body)


async def done(daemon: Served, method: str, path: str, body: Json | None = None) -> Json:
    answer = await ask(daemon, method, path, body)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def trail(daemon: Served) -> list[Json]:
    """Every act so far, as the operator reads it."""
    acts = ",".join(type for type in EventType if type.startswith("admin."))
    async with daemon.client() as client:
        events = (await client.get(f"/v1/events?limit=200&type={acts}")).json()["data"]
    return [{"type": event["type"].removeprefix("admin."), **event["data"]} for event in events]


LOCALLY = {"key_id": None, "uid": os.geteuid()}


async def test_every_act_through_the_socket_leaves_its_trail(daemon: Served) -> None:
    made = await done(daemon, "POST", "/admin/v1/sellers", {"id": "cafe"})
    rotated = await done(daemon, "POST", "/admin/v1/sellers/cafe/rotate")
    operator = await done(daemon, "POST", "/admin/v1/operators")
    for how in ("disable", "disable", "enable", "enable"):
        await done(daemon, "POST", f"/admin/v1/sellers/cafe/{how}")
    for framed in (["https://Shop.example:443"], ["https://shop.example"], None):
        await done(daemon, "POST", "/admin/v1/sellers/cafe/frames", {"frame_ancestors": framed})
    await done(daemon, "POST", f"/admin/v1/keys/{operator['id']}/revoke")
    backup = {"file": "/srv/backup", "epoch": "9f2c41d7", "last_seq": 7}
    assert await done(daemon, "POST", "/admin/v1/backups", backup) == backup
    cafe = {"by": LOCALLY, "seller_id": "cafe"}
    assert await trail(daemon) == [
        {"type": "seller_added", **cafe, "key_id": made["id"]},
        {"type": "keys_rotated", **cafe, "key_id": rotated["id"], "revoked": 1},
        {"type": "key_made", "by": LOCALLY, "key_id": operator["id"], "seller_id": None},
        {"type": "seller_disabled", **cafe},
        {"type": "seller_enabled", **cafe},
        {"type": "seller_framed", **cafe, "frame_ancestors": ["https://shop.example"]},
        {"type": "seller_framed", **cafe, "frame_ancestors": None},
        {"type": "key_revoked", "by": LOCALLY, "key_id": operator["id"], "seller_id": None},
        {"type": "backup_made", "by": LOCALLY, **backup},
    ]
    text = str(await trail(daemon))
    for secret in (made["secret"], rotated["secret"], operator["secret"]):
        assert secret not in text


async def test_marks_and_assignments_say_whose_key_it_was(daemon: Served) -> None:
    invoice, other = [await daemon.invoice() for _ in range(2)]
    await daemon.engine.pay(("to nobody", 1000))
    async with daemon.client(daemon.keys["shop"]) as shop:
        for _ in range(2):
            await shop.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": "settled"})
    async with daemon.client() as operator:
        (payment,) = (await operator.get("/v1/payments?unmatched=true")).json()["data"]
        path, body = f"/v1/payments/{payment['id']}/assign", {"invoice_id": other["id"]}
        for _ in range(2):
            assert (await operator.post(path, json=body)).status_code == 200
    marked, assigned = await trail(daemon)
    keys = {key["id"]: key["seller_id"] for key in (await done(daemon, "GET", "/admin/v1/keys"))["data"]}
    assert (keys[marked["by"]["key_id"]], keys[assigned["by"]["key_id"]]) == ("shop", None)
    assert marked["by"]["uid"] is assigned["by"]["uid"] is None
    del marked["by"], assigned["by"]
    assert marked == {
        "type": "invoice_marked",
        "invoice_id": invoice["id"],
        "seller_id": "shop",
        "status": "settled",
    }
    assert assigned == {"type": "payment_assigned", "payment_id": payment["id"], "invoice_id": other["id"]}


async def test_no_seller_sees_the_trail(daemon: Served) -> None:
    await done(daemon, "POST", "/admin/v1/sellers/shop/disable")
    async with daemon.client(daemon.keys["shop"]) as shop:
        assert (await shop.get("/v1/events")).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/admin/v1/sellers/nobody/disable", None, 404, "seller_not_found"),
        ("/admin/v1/sellers/nobody/enable", None, 404, "seller_not_found"),
        ("/admin/v1/sellers/nobody/rotate", None, 404, "seller_not_found"),
        ("/admin/v1/keys/key_nobodys/revoke", None, 404, "key_not_found"),
        ("/admin/v1/sellers", {"id": "shop"}, 409, "seller_exists"),
        ("/admin/v1/backups", {"file": "/srv/backup", "epoch": "x", "last_seq": -1}, 400, "out_of_range"),
    ],
)
async def test_what_is_refused_leaves_no_trail(
    daemon: Served, path: str, body: Json | None, status: int, code: str
) -> None:
    answer = await ask(daemon, "POST", path, body)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    assert await trail(daemon) == []


async def test_a_disabled_seller_reads_and_gets_nothing_new(daemon: Served) -> None:
    invoice = await daemon.invoice(daemon.keys["shop"])
    disabled = await done(daemon, "POST", "/admin/v1/sellers/shop/disable")
    assert (disabled["id"], disabled["disabled"]) == ("shop", True)
    for key, body in ((daemon.keys["shop"], ORDER), (daemon.key, {**ORDER, "seller_id": "shop"})):
        async with daemon.client(key) as client:
            answer = await client.post("/v1/invoices", json=body)
            assert (answer.status_code, error_of(answer)["code"]) == (403, "seller_disabled")
            assert (await client.get(f"/v1/invoices/{invoice['id']}")).json()["id"] == invoice["id"]
    issued = await daemon.engine.store.read(lambda reader: reader.destinations("bitcoin", -1, 10))
    await daemon.engine.pay((issued[0].key, 20_834))
    async with daemon.client(daemon.keys["shop"]) as shop:
        assert (await shop.get(f"/v1/invoices/{invoice['id']}")).json()["status"] == "processing"
        marked = await shop.post(f"/v1/invoices/{invoice['id']}/mark", json={"status": "invalid"})
        assert marked.json()["status"] == "invalid"
    await daemon.invoice(daemon.keys["rival"])
    await done(daemon, "POST", "/admin/v1/sellers/shop/enable")
    await daemon.invoice(daemon.keys["shop"])


async def test_one_revoked_key_leaves_the_others(daemon: Served) -> None:
    second = await done(daemon, "POST", "/admin/v1/operators")
    async with daemon.client(second["secret"]) as client:
        assert (await client.get("/v1/invoices")).status_code == 200
        await done(daemon, "POST", f"/admin/v1/keys/{second['id']}/revoke")
        assert (await client.get("/v1/invoices")).status_code == 401
    async with daemon.client() as client:
        assert (await client.get("/v1/invoices")).status_code == 200
    keys = (await done(daemon, "GET", "/admin/v1/keys"))["data"]
    assert all(set(key) == {"id", "seller_id", "created_at", "revoked_at"} for key in keys)
    assert {key["id"]: key["revoked_at"] is not None for key in keys}[second["id"]]
    assert sum(key["revoked_at"] is None for key in keys) == 3


async def test_events_can_be_asked_for_after_an_id(daemon: Served) -> None:
    for _ in range(3):
        await daemon.invoice()
    async with daemon.client() as client:
        first, second, third = (await client.get("/v1/events")).json()["data"]
        assert (await client.get(f"/v1/events?after={second['id']}")).json()["data"] == [third]
        await daemon.engine.store.transact(lambda tx: tx.begin_epoch(0))
        await daemon.invoice()
        assert len((await client.get(f"/v1/events?after={first['id']}")).json()["data"]) == 3
        other = first["id"].replace(first["id"].split("_")[1], "0badcafe")
        for after, code in (
            (other, "beyond_the_journal"),
            (third["id"].replace("_3", "_4"), "beyond_the_journal"),
            (third["id"].replace("_3", "_0"), "beyond_the_journal"),
            (third["id"].replace("_3", "_999"), "beyond_the_journal"),
            ("evt_", "out_of_range"),
        ):
            answer = await client.get(f"/v1/events?after={after}")
            assert (answer.status_code, error_of(answer)["code"]) == (400, code), after
