"""Every route with no key, a wrong one, another seller's and the right one."""

import pytest

from tests.support.served import Json, Served, error_of

ROUTES = [
    ("POST", "/v1/invoices"),
    ("GET", "/v1/invoices"),
    ("GET", "/v1/invoices/{invoice}"),
    ("POST", "/v1/invoices/{invoice}/mark"),
    ("GET", "/v1/payments"),
    ("POST", "/v1/payments/{payment}/assign"),
    ("GET", "/v1/events"),
    ("GET", "/v1/rates"),
    ("GET", "/v1/plugins"),
    ("GET", "/metrics"),
]
ADMIN = [
    ("GET", "/admin/v1/daemon"),
    ("GET", "/admin/v1/sellers"),
    ("POST", "/admin/v1/sellers"),
    ("POST", "/admin/v1/sellers/shop/rotate"),
    ("POST", "/admin/v1/sellers/shop/disable"),
    ("POST", "/admin/v1/sellers/shop/enable"),
    ("POST", "/admin/v1/operators"),
    ("GET", "/admin/v1/keys"),
    ("POST", "/admin/v1/keys/key_1/revoke"),
    ("POST", "/admin/v1/backups"),
]
BODIES: dict[str, Json] = {
    "/v1/invoices": {"amount": "1", "currency": "EUR"},
    "/v1/invoices/{invoice}/mark": {"status": "settled"},
    "/v1/payments/{payment}/assign": {"invoice_id": "{invoice}"},
}
WRONG = [
    "pd_seller_" + "A" * 43,
    "x",
    "x" * 5000,
    "Bearer",
    "%00",
    "pd_operator_",
]


async def request(daemon: Served, method: str, path: str, key: str | None, names: dict[str, str]) -> Json:
    """The status and, where it is one, the error."""
    body = {name: value.format(**names) for name, value in BODIES.get(path, {}).items()}
    async with daemon.client(key) as client:
        answer = await client.request(method, path.format(**names), json=body if method == "POST" else None)
        error = error_of(answer) if answer.status_code >= 400 else {}
        return {"status": answer.status_code, "headers": answer.headers, "json": answer.json(), **error}


@pytest.fixture
async def names(daemon: Served) -> dict[str, str]:
    """An invoice of the shop's, and a payment that belongs to nobody."""
    invoice = await daemon.invoice()
    await daemon.engine.pay(("to nobody", 1000))
    async with daemon.client() as client:
        (payment,) = (await client.get("/v1/payments?unmatched=true")).json()["data"]
    return {"invoice": invoice["id"], "payment": payment["id"]}


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_key_nothing_is_told(
    daemon: Served, names: dict[str, str], method: str, path: str
) -> None:
    told = await request(daemon, method, path, "", names)
    assert (told["status"], told["type"], told["code"]) == (401, "authentication", "missing_key")
    assert told["headers"]["WWW-Authenticate"] == 'Bearer realm="paydaemon"'


@pytest.mark.parametrize("key", WRONG)
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_wrong_key_opens_nothing(
    daemon: Served, names: dict[str, str], method: str, path: str, key: str
) -> None:
    told = await request(daemon, method, path, key, names)
    assert (told["status"], told["type"], told["code"]) == (401, "authentication", "invalid_key")
    assert "WWW-Authenticate" in told["headers"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_another_sellers_key_opens_nothing_of_the_shops(
    daemon: Served, names: dict[str, str], method: str, path: str
) -> None:
    told = await request(daemon, method, path, daemon.keys["rival"], names)
    match path:
        case "/v1/invoices/{invoice}" | "/v1/invoices/{invoice}/mark":
            assert (told["status"], told["code"]) == (404, "invoice_not_found")
        case "/v1/payments/{payment}/assign" | "/v1/plugins" | "/metrics":
            assert (told["status"], told["code"]) == (403, "operator_only")
        case "/v1/invoices" if method == "POST":
            assert (told["status"], told["json"]["seller_id"]) == (201, "rival")
        case "/v1/rates":
            assert told["status"] == 200
        case _:
            assert (told["status"], told["json"]["data"]) == (200, [])


async def test_another_sellers_invoice_is_told_like_none(daemon: Served, names: dict[str, str]) -> None:
    theirs = await request(daemon, "GET", "/v1/invoices/{invoice}", daemon.keys["rival"], names)
    none = await request(daemon, "GET", "/v1/invoices/inv_" + "a" * 24, daemon.keys["rival"], names)
    assert {**theirs, "message": "", "request_id": "", "headers": {}, "json": {}} == {
        **none,
        "message": "",
        "request_id": "",
        "headers": {},
        "json": {},
    }


async def test_a_seller_cannot_act_for_another(daemon: Served) -> None:
    async with daemon.client(daemon.keys["rival"]) as client:
        body = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
        answer = await client.post("/v1/invoices", json=body)
        assert (answer.status_code, error_of(answer)["code"]) == (403, "other_seller")
        answer = await client.get("/v1/payments?unmatched=true")
        assert (answer.status_code, error_of(answer)["code"]) == (403, "operator_only")


async def test_a_sellers_events_are_its_own(daemon: Served, names: dict[str, str]) -> None:
    mine = await daemon.invoice(daemon.keys["rival"])
    async with daemon.client(daemon.keys["rival"]) as client:
        events = (await client.get("/v1/events")).json()["data"]
        assert {event["invoice_id"] for event in events} == {mine["id"]}
        answer = await client.get(f"/v1/events?invoice_id={names['invoice']}")
        assert (answer.status_code, error_of(answer)["code"]) == (404, "invoice_not_found")


@pytest.mark.parametrize(("method", "path"), ADMIN)
async def test_administration_does_not_exist_on_tcp(daemon: Served, method: str, path: str) -> None:
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Host": "localhost"}):
        async with daemon.client(**headers) as client:
            answer = await client.request(method, path)
            assert (answer.status_code, error_of(answer)["code"]) == (404, "no_such_path")


@pytest.mark.parametrize("scheme", ["Basic", "bearer:", "Token", "BearerX"])
async def test_another_scheme_is_no_key(daemon: Served, scheme: str) -> None:
    async with daemon.client("", Authorization=f"{scheme} {daemon.key}") as client:
        answer = await client.get("/v1/invoices")
        assert (answer.status_code, error_of(answer)["code"]) == (401, "invalid_key")


async def test_the_schemes_case_does_not_matter_but_two_keys_are_none(daemon: Served) -> None:
    async with daemon.client("", authorization=f"bearer   {daemon.key}") as client:
        assert (await client.get("/v1/invoices")).status_code == 200
        headers = [("Authorization", f"Bearer {daemon.key}"), ("Authorization", f"Bearer {daemon.key}")]
        answer = await client.get("/v1/invoices", headers=headers)
        assert answer.status_code in (200, 401)
    async with daemon.client("") as client:
        answer = await client.get("/v1/invoices", headers=headers)
        assert (answer.status_code, error_of(answer)["code"]) == (401, "invalid_key")


async def test_a_key_in_the_url_or_a_cookie_is_none(daemon: Served) -> None:
    async with daemon.client("", Cookie=f"key={daemon.key}") as client:
        for query in ("key", "api_key", "access_token"):
            answer = await client.get(f"/v1/invoices?{query}={daemon.key}")
            assert answer.status_code == 401
            assert daemon.key not in answer.text


async def test_the_key_is_looked_at_before_the_body(daemon: Served) -> None:
    """A stranger's ten megabytes are not read: the answer comes while they are still held back."""
    head = b"POST /v1/invoices HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n"
    async with daemon.tcp() as stream:
        await stream.send_all(head + b"Authorization: Bearer wrong\r\n\r\n")
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 401 ")


async def test_a_rotated_key_opens_nothing_any_more(daemon: Served) -> None:
    old = daemon.keys["shop"]
    async with daemon.admin() as admin:
        new = (await admin.post("/admin/v1/sellers/shop/rotate")).json()["secret"]
    async with daemon.client(old) as client:
        assert (await client.get("/v1/invoices")).status_code == 401
    async with daemon.client(new) as client:
        assert (await client.get("/v1/invoices")).status_code == 200
