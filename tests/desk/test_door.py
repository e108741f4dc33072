"""Who gets in, for how long, and how they are put out; and that no other page can do anything in their
name.
"""

import io
import itertools
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import trio

from paydaemon import logs
from paydaemon.core.events import EventType
from paydaemon.engine.ids import digest
from paydaemon.engine.sessions import SessionRules, Sessions
from paydaemon.frontends import make_app
from paydaemon.frontends.settings import DeskSettings, FrontendSettings
from paydaemon.testing.clocks import TurnedClock
from tests.desk.visitor import COOKIE, OURS, TOKEN, visitor
from tests.logs.restore import restored
from tests.support.engine import engine_on
from tests.support.served import PUBLIC_URL, QUICK, Json, Served, StatusOf, listening, served

NOBODY = "pd_operator_" + "x" * 43


async def events(daemon: Served, type: EventType) -> list[Json]:
    async with daemon.client() as client:
        return list((await client.get(f"/v1/events?type={type}")).json()["data"])


async def test_a_key_opens_the_desk_and_the_cookie_is_for_it_alone(daemon: Served) -> None:
    async with visitor(daemon, "") as browser:
        closed = await browser.get("")
        assert (closed.status_code, closed.headers["Location"]) == (303, "./login")
        answer = await browser.log_in(daemon.key)
        assert (answer.status_code, answer.headers["Location"]) == (303, "./")
        cookie = answer.headers["Set-Cookie"]
        assert set(re.split("; ?", cookie)[1:]) == {"Secure", "HttpOnly", "Path=/desk", "SameSite=Strict"}
        assert cookie.startswith(f"{COOKIE}=")
        assert "operator" in await browser.page("")
    [opened] = await events(daemon, EventType.ADMIN_DESK_OPENED)
    assert opened["data"]["by"]["key_id"].startswith("key_")
    assert opened["data"]["seller_id"] is None


@pytest.mark.parametrize(
    ("public_url", "start", "path"),
    [
        ("http://127.0.0.1:1", "paydaemon_desk_1=", "Path=/desk"),
        ("https://pay.example/shop", "__Secure-paydaemon_desk=", "Path=/shop/desk"),
    ],
)
async def test_the_cookie_fits_the_public_url(tmp_path: Path, public_url: str, start: str, path: str) -> None:
    async with (
        served(tmp_path) as daemon,
        engine_of(daemon, tmp_path, public_url) as other,
        visitor(other, "") as browser,
    ):
        says = {"Sec-Fetch-Site": "same-origin"}
        cookie = (await browser.post("login", {"key": other.key}, says=says)).headers["Set-Cookie"]
    assert cookie.startswith(start)
    assert path in re.split("; ?", cookie)
    assert ("Secure" in re.split("; ?", cookie)) == public_url.startswith("https")


@asynccontextmanager
async def engine_of(daemon: Served, folder: Path, public_url: str) -> AsyncIterator[Served]:
    """The same engine behind frontends with another public URL."""
    (folder / "other").mkdir()
    async with listening(daemon.engine, folder / "other", QUICK, public_url=public_url) as other:
        yield other


@pytest.mark.parametrize("key", ["", NOBODY, "x" * 300, "schlüssel", "' OR 1=1 --"])
async def test_what_opens_nothing_is_said_to_and_not_repeated(daemon: Served, key: str) -> None:
    async with visitor(daemon, "") as browser:
        answer = await browser.log_in(key)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)
    assert "This key opens nothing here." in answer.text
    assert not key or key not in answer.text


async def test_a_revoked_key_opens_nothing_and_ends_its_sessions_at_once(daemon: Served) -> None:
    async with visitor(daemon) as operator, visitor(daemon, daemon.keys["shop"]) as shop:
        await shop.page("invoices")
        await daemon.engine.api.accounts.rotate("shop")
        assert (await shop.get("invoices")).headers["Location"] == "./login?to=invoices"
        assert (await shop.post("logout")).headers["Location"] == "./login"
        await operator.page("invoices")
        assert (await shop.log_in(daemon.keys["shop"])).status_code == 403


async def test_a_key_stands_in_no_page_log_or_url(daemon: Served) -> None:
    log = io.BytesIO()
    with restored():
        logs.configure(logs.LogFormat.JSON, logs.LogLevel.DEBUG, stream=log)
        async with visitor(daemon, "") as browser:
            await browser.log_in(NOBODY)
            answer = await browser.log_in(daemon.key)
            pages = [await browser.page(path) for path in ("", "sessions", "plugins", "chains")]
            secret = browser.cookie
    told = log.getvalue().decode()
    assert "/desk/login" in told
    for one in (daemon.key, NOBODY, secret):
        assert one is not None
        assert one not in "".join(pages) + told + answer.headers["Location"]


def files_of(folder: Path) -> list[Path]:
    return list(folder.glob("paydaemon.sqlite3*"))


async def test_only_a_digest_of_a_session_is_kept(daemon: Served, tmp_path: Path) -> None:
    async with visitor(daemon) as operator:
        secret = operator.cookie
    assert secret is not None
    [key] = [one for one in await daemon.engine.api.accounts.keys() if one.seller_id is None]
    [kept] = await daemon.engine.store.read(lambda reader: reader.desk_sessions(key.id))
    assert kept.digest == digest(secret)
    assert secret.encode() not in b"".join(file.read_bytes() for file in files_of(tmp_path))


async def test_logging_out_ends_the_session_and_not_just_the_cookie(daemon: Served) -> None:
    async with visitor(daemon) as operator:
        kept = operator.cookie
        answer = await operator.post("logout")
        assert answer.headers["Location"] == "./login"
        assert operator.cookie is None
        operator.cookie = kept
        assert (await operator.get("")).status_code == 303
    [closed] = await events(daemon, EventType.ADMIN_DESK_CLOSED)
    [opened] = await events(daemon, EventType.ADMIN_DESK_OPENED)
    assert closed["data"] == opened["data"]


async def test_ones_other_sessions_are_seen_and_ended(daemon: Served) -> None:
    async with (
        visitor(daemon, **{"User-Agent": "First/1"}) as first,
        visitor(daemon, **{"User-Agent": "Second/2"}) as second,
        visitor(daemon, **{"User-Agent": "Third/3"}) as third,
        visitor(daemon, daemon.keys["shop"], **{"User-Agent": "Shop/4"}) as shop,
    ):
        page = await first.page("sessions")
        assert [agent for agent in ("First/1", "Second/2", "Third/3", "Shop/4") if agent in page] == [
            "First/1", "Second/2", "Third/3"
        ]  # fmt: skip
        [_, other, _] = re.findall(r'action="[./]*(sessions/ses_\w+/end)"', page)
        assert (await shop.post(other)).status_code == 404, "another key's is not there"
        assert (await first.post(other)).headers["Location"] == "../../sessions"
        assert [(await one.get("")).status_code for one in (first, second, third)] == [200, 303, 200]
        await first.page("sessions")
        await first.post("sessions/end-others")
        assert [(await one.get("")).status_code for one in (first, third, shop)] == [200, 303, 200]


async def test_a_login_leads_back_to_where_one_was_and_nowhere_else(daemon: Served) -> None:
    places = {
        "login?to=invoices/inv_7": "./invoices/inv_7",
        "login?to=volume": "./volume",
        "login?to=//evil.example": "./",
        "login?to=https://evil.example": "./",
        "login?to=invoices/..": "./",
        "login?to=logout": "./",
    }
    async with visitor(daemon, "") as browser:
        for path, location in places.items():
            shown = await browser.page(path)
            assert "evil" not in shown
            answer = await browser.client.post(f"/desk/{path}", data={"key": daemon.key}, headers=OURS)
            assert answer.headers["Location"] == location
        assert (await browser.get("invoices/inv_7")).headers["Location"] == "../login?to=invoices/inv_7"


# --- How long


@asynccontextmanager
async def at_a_desk(clock: TurnedClock, folder: Path, rules: SessionRules) -> AsyncIterator[Served]:
    """A daemon whose sessions go by another clock."""
    async with engine_on(folder / "paydaemon.sqlite3") as engine:
        sessions = Sessions(engine.store, engine.api.accounts, clock, rules=rules)
        engine.api.sessions = sessions
        async with listening(engine, folder) as daemon:
            yield daemon


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with at_a_desk(clock, tmp_path, SessionRules(600, 3_000)) as daemon, visitor(daemon) as operator:
        for _ in range(4):
            clock.turn(599)
            assert (await operator.get("")).status_code == 200
        clock.turn(599)
        assert (await operator.get("")).status_code == 200
        clock.turn(5)
        assert (await operator.get("")).status_code == 303, "3000 s after the login"
        await operator.log_in(daemon.key)
        clock.turn(601)
        assert (await operator.get("")).status_code == 303, "600 s after the last use"


async def test_a_page_that_looks_by_itself_keeps_nobody_logged_in(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with at_a_desk(clock, tmp_path, SessionRules(600, 3_000)) as daemon, visitor(daemon) as operator:
        for _ in range(5):
            clock.turn(119)
            assert (await operator.get("", **{"X-Desk-Live": "1"})).status_code == 200
        clock.turn(10)
        assert (await operator.get("", **{"X-Desk-Live": "1"})).status_code == 303


async def test_other_rules_hold_at_once(tmp_path: Path) -> None:
    clock = TurnedClock()
    async with at_a_desk(clock, tmp_path, SessionRules(600, 3_000)) as daemon, visitor(daemon) as operator:
        clock.turn(300)
        daemon.engine.api.sessions.rules = SessionRules(200, 3_000)
        assert (await operator.get("")).status_code == 303


async def test_a_restart_logs_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "paydaemon.sqlite3"
    async with engine_on(path) as engine:
        key = await engine.api.accounts.add_operator_key()
        opened = await engine.api.sessions.open(key.secret, "::1", "A browser")
    async with engine_on(path) as engine:
        assert await engine.api.sessions.enter(opened.secret) == opened


# --- Foreign pages

TOKENS = {"right": True, "none": None, "wrong": False}
ORIGINS: Mapping[str, str | None] = {
    "ours": PUBLIC_URL,
    "none": None,
    "foreign": "https://evil.example",
    "null": "null",
}
SITES = (None, "same-origin", "same-site", "cross-site", "none")


def combinations() -> Iterator[tuple[str, str, str | None, bool]]:
    """Of token, origin and site, and whether a form may be sent with them."""
    for token, origin, site in itertools.product(TOKENS, ORIGINS, SITES):
        ours = site == "same-origin" if site is not None else origin == "ours"
        yield token, origin, site, ours and token == "right"


async def test_a_form_is_refused_in_every_combination_but_the_right_ones(daemon: Served) -> None:
    invoice = await daemon.invoice()
    async with visitor(daemon) as operator, visitor(daemon) as another:
        assert another.token != operator.token
        told = []
        for token, origin, site, right in combinations():
            await mark(daemon, invoice["id"], "settled")
            given = {"right": operator.token, "none": None, "wrong": another.token}[token]
            fields = {"status": "invalid"} | ({} if given is None else {"token": given})
            says = {"Origin": ORIGINS[origin], "Sec-Fetch-Site": site}
            answer = await operator.client.post(
                f"/desk/invoices/{invoice['id']}/mark",
                data=fields,
                headers=operator._all({name: value for name, value in says.items() if value is not None}),
            )
            status = await status_of(daemon, invoice["id"])
            told.append(right)
            assert (answer.status_code, status) == ((303, "invalid") if right else (403, "settled")), (
                token, origin, site
            )  # fmt: skip
        assert (sum(told), len(told)) == (5, 60)


async def mark(daemon: Served, id: str, status: str) -> None:
    async with daemon.client() as client:
        assert (await client.post(f"/v1/invoices/{id}/mark", json={"status": status})).status_code == 200


async def status_of(daemon: Served, id: str) -> str:
    async with daemon.client() as client:
        return str((await client.get(f"/v1/invoices/{id}")).json()["status"])


POSTS = (
    "logout", "sessions/ses_1/end", "sessions/end-others", "invoices/inv_1/mark", "payments/pay_1/assign",
    "deliveries/dlv_1/retry", "targets/we_1/retry",
)  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
async def test_every_form_is_guarded_and_no_link_does_what_a_form_does(daemon: Served, path: str) -> None:
    async with visitor(daemon) as operator:
        foreign = await operator.post(path, says={"Origin": "https://evil.example"})
        tokenless = await operator.post(path, {"token": "0" * 64})
        got = await operator.get(path)
    assert [one.status_code for one in (foreign, tokenless)] == [403, 403]
    assert got.status_code == 404
    async with visitor(daemon, "") as nobody:
        assert (await nobody.post(path)).headers["Location"].endswith("login")


async def test_these_are_all_forms_there_are(daemon: Served) -> None:
    app = make_app(daemon.engine.api, FrontendSettings(PUBLIC_URL), StatusOf(), trio.Event())
    posts = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and "desk" in rule.rule
    ]
    patterns = {re.sub(r"<[^>]+>", "*", rule).removeprefix("/desk/") for rule in posts}
    assert patterns == {re.sub(r"(inv|pay|dlv|we|ses)_1", "*", path) for path in POSTS} | {"login"}


@pytest.mark.parametrize(
    "says", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL}]
)
async def test_nobody_is_logged_in_by_a_foreign_page(daemon: Served, says: dict[str, str]) -> None:
    async with visitor(daemon, "") as browser:
        answer = await browser.post("login", {"key": daemon.key}, says=says)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize("type", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
async def test_a_form_is_a_form(daemon: Served, type: str) -> None:
    async with visitor(daemon, "") as browser:
        answer = await browser.client.post(
            "/desk/login", content=b'{"key": "x"}', headers={**OURS, "Content-Type": type}
        )
        odd = await browser.post("login", {"key": "x", "colour": "red"})
    assert (answer.status_code, odd.status_code) == (415, 400)


# --- For whom there is a desk


@pytest.mark.parametrize("path", ["/desk", "/desk/", "/desk/login", "/desk/desk.css", "/desk/nowhere"])
async def test_for_others_there_is_no_desk(tmp_path: Path, path: str) -> None:
    inside = DeskSettings(allow=(ip_network("10.0.0.0/8"),))
    async with served(tmp_path, desk=inside, trusted_proxies=(ip_network("127.0.0.1/32"),)) as daemon:
        async with daemon.client() as client:
            answers = [
                await client.get(path),
                await client.post(path, data={"key": daemon.key}, headers=OURS),
            ]
            for answer in answers:
                assert answer.status_code == 404
                assert answer.json()["error"]["code"] == "no_such_path"
        async with visitor(daemon, "") as browser:
            shown = await browser.get("login", **{"X-Forwarded-For": "10.1.2.3"})
            hidden = await browser.get("login", **{"X-Forwarded-For": "11.1.2.3"})
        inside.allow = (ip_network("0.0.0.0/0"),)
        async with visitor(daemon, "") as browser:
            opened = await browser.get("login")
    assert [one.status_code for one in (shown, hidden, opened)] == [200, 404, 200]


async def test_where_it_is_off_and_on_the_unix_socket_there_is_none(tmp_path: Path) -> None:
    async with served(tmp_path, desk=DeskSettings(enabled=False)) as daemon, daemon.client() as client:
        assert (await client.get("/desk/login")).status_code == 404
    (tmp_path / "two").mkdir()
    async with served(tmp_path / "two") as daemon, daemon.admin() as client:
        assert (await client.get("/desk/login")).status_code == 404


# --- How often


async def test_logins_are_limited_for_each_address_and_in_all(tmp_path: Path) -> None:
    limits = replace(QUICK, login_burst=3, login_pause_s=1_000.0, logins_burst=5, logins_pause_s=1_000.0)
    proxied = (ip_network("127.0.0.1/32"),)
    async with served(tmp_path, limits, trusted_proxies=proxied) as daemon, visitor(daemon, "") as browser:
        codes = [
            (
                await browser.post("login", {"key": NOBODY}, says={**OURS, "X-Forwarded-For": address})
            ).status_code
            for address in ("192.0.2.1",) * 4 + ("2001:db8::1", "2001:db8::2") + ("192.0.2.9",)
        ]
        assert codes == [403, 403, 403, 429, 403, 403, 429]
        late = await browser.post("login", {"key": daemon.key}, says={**OURS, "X-Forwarded-For": "192.0.2.7"})
    assert (late.status_code, int(late.headers["Retry-After"]) > 0) == (429, True)
    assert "too many requests" in late.text


async def test_one_session_too_many_ends_the_oldest(tmp_path: Path) -> None:
    async with served(tmp_path) as daemon:
        daemon.engine.api.sessions._limits.sessions = 2
        async with visitor(daemon) as first, visitor(daemon) as second, visitor(daemon) as third:
            assert [(await one.get("")).status_code for one in (first, second, third)] == [303, 200, 200]


def test_a_token_is_found_on_pages() -> None:
    assert TOKEN.search(f'<input name="token" value="{"0" * 64}">')
