"""Webhooks and deliveries over HTTP: whose they are, what is told of them, and what is not."""

import base64

import pytest
import trio

from paydaemon.core.delivery import DeliveryState
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.notifier import WebhookNotifier
from tests.deliveries.played import Call, hangs, is_away, refuses
from tests.support.served import Json, Served, error_of
from tests.support.waiting import BOUND_S, until

URL = "https://shop.example/hook"


async def add(daemon: Served, key: str | None = None, **fields: object) -> Json:
    async with daemon.client(key) as client:
        answer = await client.post("/v1/webhooks", json={"url": URL, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def call(daemon: Served, method: str, path: str, *, key: str | None = None, **more: object) -> Json:
    async with daemon.client(key) as client:
        answer = await client.request(method, path, **more)  # type: ignore[arg-type]
    return {"status_code": answer.status_code, **answer.json()}


def last_test(daemon: Served) -> Call:
    """The newest test, whatever else the webhook is told meanwhile."""
    return next(
        one for one in reversed(daemon.engine.notifier.calls) if one.notices[0].type == "webhook.test"
    )


def shop(daemon: Served) -> str:
    return daemon.keys["shop"]


async def test_a_secret_is_shown_when_it_is_made_and_never_again(daemon: Served) -> None:
    made = await add(daemon, shop(daemon), types=["invoice.created"], description="ours")
    assert made["secret"].startswith("whsec_")
    assert len(base64.b64decode(made["secret"].removeprefix("whsec_"), validate=True)) == 32
    shown = await call(daemon, "GET", f"/v1/webhooks/{made['id']}", key=shop(daemon))
    assert shown == {"status_code": 200, **{name: made[name] for name in made if name != "secret"}}
    assert made["secret"] not in str(await call(daemon, "GET", "/v1/webhooks"))
    assert made["secret"] not in str(await call(daemon, "GET", "/v1/events?limit=200"))


async def test_a_webhook_is_told_and_can_be_looked_after(daemon: Served) -> None:
    made = await add(daemon, shop(daemon), types=["invoice.created"])
    path = f"/v1/webhooks/{made['id']}"
    invoice = await daemon.invoice(shop(daemon))
    await until(lambda: len(daemon.engine.notifier.taken[made["id"]]) == 1)
    [notice] = daemon.engine.notifier.taken[made["id"]]
    data = notice.body["data"]
    assert data["invoice"]["id"] == invoice["id"]  # type: ignore[index]
    assert data["invoice"]["checkout_url"].endswith(f"/i/{invoice['id']}")  # type: ignore[index]
    await wait_for(daemon, made["id"], DeliveryState.DELIVERED)
    listed = await call(daemon, "GET", f"{path}/deliveries?invoice_id={invoice['id']}", key=shop(daemon))
    [one] = listed["data"]
    assert (one["state"], one["attempts"], one["status"]) == ("delivered", 1, 200)
    log = await call(daemon, "GET", f"/v1/deliveries/{one['id']}", key=shop(daemon))
    assert [attempt["taken"] for attempt in log["log"]] == [True]
    again = await call(daemon, "POST", f"{path}/redeliver", key=shop(daemon), json={"id": one["event_id"]})
    assert (again["state"], again["id"]) == ("pending", one["id"])
    await until(lambda: len(daemon.engine.notifier.taken[made["id"]]) == 2)
    changed = await call(
        daemon, "PATCH", path, key=shop(daemon), json={"types": [], "description": "", "disabled": True}
    )
    assert (changed["types"], changed["description"], changed["state"]) == ([], None, "disabled")
    await daemon.invoice(shop(daemon))
    gone = await call(daemon, "DELETE", path, key=shop(daemon))
    assert gone["id"] == made["id"]
    assert (await call(daemon, "GET", path, key=shop(daemon)))["status_code"] == 404
    await trio.sleep(0.05)
    assert len(daemon.engine.notifier.taken[made["id"]]) == 2


async def wait_for(daemon: Served, target: str, state: DeliveryState) -> Json:
    """Wait until something to a target is in a state, and return it."""
    with trio.fail_after(BOUND_S):
        while True:
            found = await call(daemon, "GET", f"/v1/deliveries?target={target}&state={state}")
            if found["data"]:
                return dict(found["data"][0])
            await trio.sleep(0.01)


async def test_what_is_another_sellers_is_not_there(daemon: Served) -> None:
    made = await add(daemon, shop(daemon))
    own = await add(daemon)
    daemon.engine.notifier.says[made["id"]] = refuses
    await daemon.invoice(shop(daemon))
    one = await wait_for(daemon, made["id"], DeliveryState.PARKED)
    rival = daemon.keys["rival"]
    path = f"/v1/webhooks/{made['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"types": []}),
        ("DELETE", path, None),
        ("POST", f"{path}/rotate", None),
        ("POST", f"{path}/test", None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/redeliver", {"id": one["id"]}),
        ("GET", f"/v1/deliveries/{one['id']}", None),
        ("POST", f"/v1/deliveries/{one['id']}/retry", None),
        ("GET", f"/v1/deliveries?target={made['id']}", None),
        ("POST", f"/v1/targets/{made['id']}/retry", None),
        ("GET", f"/v1/webhooks/{own['id']}", None),
    ):
        answer = (
            await call(daemon, method, where, key=rival, json=body)
            if body
            else await call(daemon, method, where, key=rival)
        )
        assert answer["status_code"] == 404, (method, where)
    assert (await call(daemon, "GET", "/v1/webhooks", key=rival))["data"] == []
    mine = await call(daemon, "GET", "/v1/webhooks", key=shop(daemon))
    assert [row["id"] for row in mine["data"]] == [made["id"]]
    asked = await call(daemon, "GET", "/v1/webhooks?seller_id=shop", key=rival)
    assert (asked["status_code"], asked["error"]["code"]) == (403, "other_seller")
    assert (await call(daemon, "GET", "/v1/webhooks?seller_id=rival", key=rival))["data"] == []
    every = await call(daemon, "GET", "/v1/webhooks")
    assert {row["id"] for row in every["data"]} >= {made["id"], own["id"]}
    refused = await call(daemon, "POST", "/v1/webhooks", key=rival, json={"url": URL, "seller_id": "shop"})
    assert refused["error"]["code"] == "other_seller"


async def test_a_sellers_webhook_hears_what_is_its_own(daemon: Served) -> None:
    made, own = await add(daemon, shop(daemon)), await add(daemon)
    await daemon.invoice(daemon.keys["rival"])
    await daemon.invoice(shop(daemon))
    await until(lambda: len(daemon.engine.notifier.taken[made["id"]]) == 1)

    def heard() -> list[str]:
        return [notice.type for notice in daemon.engine.notifier.taken[own["id"]]]

    await until(lambda: heard().count("invoice.created") == 2)
    [event] = [n for n in daemon.engine.notifier.taken[own["id"]] if n.type == "invoice.created"][:1]
    other = await call(
        daemon,
        "POST",
        f"/v1/webhooks/{made['id']}/redeliver",
        key=shop(daemon),
        json={"id": event.event_id},
    )
    assert other["error"]["code"] == "event_not_found", "it is another seller's"
    path = f"/v1/webhooks/{made['id']}/redeliver"
    for wrong in (made["id"], "1042"):
        refused = await call(daemon, "POST", path, key=shop(daemon), json={"id": wrong})
        assert (refused["error"]["param"], refused["error"]["type"]) == ("id", "invalid_request")


async def test_two_secrets_are_good_after_one_was_replaced(daemon: Served) -> None:
    made = await add(daemon)
    new = await call(daemon, "POST", f"/v1/webhooks/{made['id']}/rotate")
    newest = await call(daemon, "POST", f"/v1/webhooks/{made['id']}/rotate")
    assert newest["old_secret_until"] is not None
    await call(daemon, "POST", f"/v1/webhooks/{made['id']}/test")
    seen = last_test(daemon).target_seen
    assert seen.secrets == (newest["secret"], new["secret"], made["secret"]), "none that a receiver may have"
    assert newest["secret"] not in repr(seen)


async def test_a_secret_in_use_is_not_pushed_out_by_more_of_them(daemon: Served) -> None:
    made = await add(daemon)
    path = f"/v1/webhooks/{made['id']}"
    for _ in range(3):
        assert (await call(daemon, "POST", f"{path}/rotate"))["status_code"] == 201
    refused = await call(daemon, "POST", f"{path}/rotate")
    assert (refused["status_code"], refused["error"]["code"]) == (409, "too_many_secrets")
    await call(daemon, "POST", f"{path}/test")
    seen = last_test(daemon).target_seen
    assert (len(seen.secrets), seen.secrets[-1]) == (4, made["secret"])


async def test_old_secrets_end_each_in_its_own_time(daemon: Served) -> None:
    made = await add(daemon)
    daemon.engine.api.deliveries.limits.old_secret_for_s = 0.001
    await call(daemon, "POST", f"/v1/webhooks/{made['id']}/rotate")
    daemon.engine.api.deliveries.limits.old_secret_for_s = 3600
    await trio.sleep(0.02)
    for _ in range(3):
        new = await call(daemon, "POST", f"/v1/webhooks/{made['id']}/rotate")
        assert new["status_code"] == 201, "the first is over, and does not count"
    await call(daemon, "POST", f"/v1/webhooks/{made['id']}/test")
    assert made["secret"] not in last_test(daemon).target_seen.secrets


async def test_a_test_says_what_was_answered(daemon: Served) -> None:
    made = await add(daemon)
    path = f"/v1/webhooks/{made['id']}/test"
    before = daemon.engine.store.last_seq
    done = await call(daemon, "POST", path)
    assert (done["delivered"], done["status"], done["reason"]) == (True, 200, "OK")
    [notice] = last_test(daemon).notices
    assert (notice.type, notice.seq, notice.body["type"]) == ("webhook.test", 0, "webhook.test")
    daemon.engine.notifier.says[made["id"]] = is_away
    done = await call(daemon, "POST", path)
    assert (done["delivered"], done["status"], done["reason"]) == (False, None, "connection refused")
    assert daemon.engine.store.last_seq == before


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "missing", "url"),
        ({"url": "ftp://shop.example"}, "invalid_value", "url"),
        ({"url": "https://a:b@shop.example"}, "invalid_value", "url"),
        ({"url": "http://shop.example"}, "invalid_value", "url"),
        ({"url": 8}, "wrong_type", "url"),
        ({"url": URL, "types": ["invoice.payed"]}, "invalid_value", "types.0"),
        ({"url": URL, "types": "invoice.settled"}, "wrong_type", "types"),
        ({"url": URL, "description": "a\nb"}, "invalid_value", "description"),
        ({"url": URL, "seller_id": "nobody"}, "unknown_seller", "seller_id"),
        ({"url": URL, "secret": "whsec_"}, "unknown_field", "secret"),
    ],
)
async def test_what_is_wrong_is_named(daemon: Served, body: Json, code: str, param: str) -> None:
    daemon.engine.notifier.check = WebhookNotifier("webhook", WebhookConfig()).check  # type: ignore[method-assign]
    async with daemon.client() as client:
        answer = await client.post("/v1/webhooks", json=body)
    assert (answer.status_code, error_of(answer)["code"], error_of(answer)["param"]) == (400, code, param)


async def test_the_notifier_alone_decides_about_a_url(daemon: Served) -> None:
    daemon.engine.notifier.check = WebhookNotifier("webhook", WebhookConfig()).check  # type: ignore[method-assign]
    made = await add(daemon, url="https://bücher.example/h")
    assert made["url"] == "https://xn--bcher-kva.example/h"
    longest = "https://shop.example/".ljust(2_048, "a")
    changed = await call(daemon, "PATCH", f"/v1/webhooks/{made['id']}", json={"url": longest})
    assert changed["url"] == longest
    for method, path in (("POST", "/v1/webhooks"), ("PATCH", f"/v1/webhooks/{made['id']}")):
        for url, said in ((f"{longest}a", "at most 2048"), ("shop.example", "https://shop.example/hooks")):
            refused = await call(daemon, method, path, json={"url": url})
            assert refused["error"]["code"] == "invalid_value"
            assert said in refused["error"]["message"]


async def test_without_a_notifier_there_are_no_webhooks(daemon: Served) -> None:
    [live] = daemon.engine.api.deliveries.notifiers.values()
    live.endpoints = False
    answer = await call(daemon, "POST", "/v1/webhooks", json={"url": URL})
    assert (answer["status_code"], answer["error"]["code"]) == (503, "no_webhooks")


async def test_targets_are_told_with_how_far_behind_they_are(daemon: Served) -> None:
    made = await add(daemon)
    daemon.engine.notifier.says[made["id"]] = is_away
    await daemon.invoice()
    await until(lambda: len(daemon.engine.notifier.calls) >= 1)
    with trio.fail_after(BOUND_S):
        while True:
            rows = {row["id"]: row for row in (await call(daemon, "GET", "/v1/targets"))["data"]}
            if rows[made["id"]]["state"] == "down":
                break
    assert set(rows) == {"played:operator", made["id"]}
    assert rows["played:operator"]["types"] == ["chain.stale"]
    assert rows[made["id"]]["pending"] >= 1
    assert rows[made["id"]]["oldest_at"] is not None


async def test_what_is_parked_is_tried_again(daemon: Served) -> None:
    made = await add(daemon)
    daemon.engine.notifier.says[made["id"]] = refuses
    await daemon.invoice()
    one = await wait_for(daemon, made["id"], DeliveryState.PARKED)
    daemon.engine.notifier.says.clear()
    done = await call(daemon, "POST", f"/v1/deliveries/{one['id']}/retry")
    assert done["state"] == "pending"
    await until(lambda: len(daemon.engine.notifier.taken[made["id"]]) >= 1)
    answer = await call(daemon, "POST", f"/v1/targets/{made['id']}/retry")
    assert set(answer) == {"status_code", "retried", "parked"}


async def test_one_that_hangs_does_not_keep_an_answer(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydaemon.engine.deliveries.trials.TEST_WAIT_S", 0.05)
    made = await add(daemon)
    daemon.engine.notifier.says[made["id"]] = hangs
    done = await call(daemon, "POST", f"/v1/webhooks/{made['id']}/test")
    assert (done["delivered"], done["reason"]) == (False, "it took longer than 0.05 s")
