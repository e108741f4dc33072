"""Of cookies: a login leaves no session behind, a bad one locks nobody out, and ports have their own."""

import pytest

from paydaemon.frontends.desk.cookie import MOST, Cookie
from tests.desk.visitor import COOKIE, OURS, visitor
from tests.support.served import Served


async def test_a_new_login_ends_the_session_that_the_browser_had(daemon: Served) -> None:
    async with visitor(daemon) as operator, visitor(daemon, daemon.keys["shop"]) as shop:
        earlier = operator.cookie
        assert (await operator.post("login", {"key": "wrong"})).status_code == 403
        assert (await operator.get("")).status_code == 200, "a wrong key ends nothing"
        await operator.log_in(daemon.keys["shop"])
        assert "seller shop" in await operator.page("")
        operator.cookie = earlier
        assert (await operator.get("")).status_code == 303
        assert (await shop.get("")).status_code == 200


async def test_of_cookies_with_one_name_the_first_that_opens_something_counts(daemon: Served) -> None:
    async with visitor(daemon) as operator:
        secret, operator.cookie = operator.cookie, None
        for others in (["bad"], ["{", ""], ["x" * 101], ["bad"] * (MOST - 1)):
            cookies = "; ".join(f"{COOKIE}={one}" for one in (*others, secret))
            answer = await operator.client.get("/desk/", headers={**OURS, "Cookie": cookies})
            assert answer.status_code == 200, others
        cookies = "; ".join(f"{COOKIE}={one}" for one in (*["bad"] * MOST, secret))
        answer = await operator.client.get("/desk/", headers={**OURS, "Cookie": cookies})
        assert answer.status_code == 303, "not any number is tried"


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("https://pay.example", "__Secure-paydaemon_desk"),
        ("https://pay.example:8443/shop", "__Secure-paydaemon_desk_8443"),
        ("http://127.0.0.1:8420", "paydaemon_desk_8420"),
    ],
)
def test_a_daemon_on_another_port_has_a_cookie_of_its_own(public_url: str, name: str) -> None:
    assert Cookie(public_url).name == name
