"""Where a connection goes: to an address that was judged, and to none other."""

from ipaddress import ip_address

import pytest
import trio

from paydaemon.hooks.notifier import BadSetting, NotTold, Told
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.guard import Address
from paydaemon_webhook.names import Names
from paydaemon_webhook.notifier import WebhookNotifier
from tests.webhook.wires import Saying, answer, serving
from tests.webhook.world import Hosts, notice, outcome, target, telling


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"])
async def test_a_name_that_leads_inside_is_not_followed(address: str) -> None:
    hosts = Hosts(evil_example=[[address]])
    async with telling(hosts, allow=[]) as notifier:
        not_told = await outcome(notifier, target("https://evil.example/hook"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason.startswith("evil.example is at an address that is not allowed: ")
    assert address not in not_told.reason
    assert not_told.target_down


async def test_one_address_inside_spoils_them_all() -> None:
    server = Saying(answer())
    async with serving(server) as port:
        hosts = Hosts(evil_example=[["127.0.0.1", "10.0.0.1"]])
        async with telling(hosts, allow=["127.0.0.1"]) as notifier:
            not_told = await outcome(notifier, target(f"http://evil.example:{port}/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "evil.example is at an address that is not allowed: private"
    assert server.opened == 0


async def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to() -> None:
    """DNS rebinding: the name's second answer leads inside. It is not asked for before the next connection,
    and judged then.
    """
    server, inside = Saying(answer()), Saying(answer())
    hosts = Hosts(evil_example=[["127.0.0.1"], ["127.0.0.2"]])
    async with (
        serving(server) as port,
        serving(inside, host="127.0.0.2", port=port),
        telling(hosts, allow=["127.0.0.1"]) as notifier,
    ):
        to = target(f"http://evil.example:{port}/")
        assert await notifier.tell(to, [notice()]) == Told(204, "No Content")
        assert await notifier.tell(to, [notice()]) == Told(204, "No Content")
        assert hosts.asked == ["evil.example"]
        fresh = target(f"http://evil.example:{port}/", id="we_b")
        not_told = await outcome(notifier, fresh)
    assert isinstance(not_told, NotTold)
    assert not_told.reason.endswith("not allowed: this machine")
    assert (server.opened, inside.opened, len(hosts.asked)) == (1, 0, 2)


async def test_the_host_header_is_the_names_wherever_it_leads() -> None:
    server = Saying(answer())
    async with serving(server) as port, telling(Hosts(shop_example=[["127.0.0.1"]])) as notifier:
        await notifier.tell(target(f"http://shop.example:{port}/a?b=c"), [notice()])
    (asked,) = server.requests
    assert asked.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: shop.example:%d\r\n" % port)


async def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    server = Saying(answer())
    async with serving(server) as port, telling(Hosts(shop_example=[["::1", "127.0.0.1"]])) as notifier:
        assert await notifier.tell(target(f"http://shop.example:{port}/"), [notice()]) == Told(
            204, "No Content"
        )


async def test_in_the_open_only_to_what_is_listed() -> None:
    async with telling(Hosts(shop_example=[["93.184.215.14"]]), allow=["127.0.0.1"]) as notifier:
        not_told = await outcome(notifier, target("http://shop.example/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason.endswith("not allowed: public, where TLS is needed")


async def test_a_name_that_is_not_known() -> None:
    async with telling(Hosts()) as notifier:
        not_told = await outcome(notifier, target("https://nobody.example/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "nobody.example could not be looked up"


async def test_a_resolver_that_hangs(autojump_clock: trio.testing.MockClock) -> None:
    class Hanging(Hosts):
        async def look_up(self, host: str, seller_id: str | None) -> list[Address]:
            await trio.sleep_forever()

    async with telling(Hanging()) as notifier:
        not_told = await outcome(notifier, target("https://shop.example/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "shop.example was not found in 5 s"


async def test_whoever_is_cancelled_in_the_middle_of_it_leaves_its_place_to_the_next() -> None:
    class HangingOnce(Hosts):
        async def look_up(self, host: str, seller_id: str | None) -> list[Address]:
            if not self.asked:
                self.asked.append(host)
                await trio.sleep_forever()
            return await super().look_up(host, seller_id)

    hosts, server = HangingOnce(shop_example=[["127.0.0.1"]]), Saying(answer())
    async with serving(server) as port, telling(hosts, limits={"connections": 1}) as notifier:
        to = target(f"http://shop.example:{port}/")
        with trio.move_on_after(0.05):
            await notifier.tell(to, [notice()])
        assert await notifier.tell(to, [notice()]) == Told(204, "No Content")


async def test_the_systems_own_resolver_is_judged_too() -> None:
    found = await Names(2).look_up("localhost", None)
    assert set(found) <= {ip_address("127.0.0.1"), ip_address("::1")}
    async with telling(allow=[]) as notifier:
        not_told = await outcome(notifier, target("https://localhost/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "localhost is at an address that is not allowed: this machine"


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy, server = Saying(answer("502 Bad Gateway")), Saying(answer())
    async with serving(proxy) as proxy_port, serving(server) as port:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        async with telling() as notifier:
            assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(
                204, "No Content"
            )
    assert proxy.opened == 0


# --- What an endpoint may be, before anything is connected


def check(settings: dict[str, object], *allow: str) -> object:
    return WebhookNotifier("webhook", WebhookConfig(allow=allow)).check(settings)


@pytest.mark.parametrize(
    ("settings", "allow", "field", "reason"),
    [
        ({}, [], "url", "is required"),
        ({"url": None}, [], "url", "is required"),
        ({"url": 7}, [], "url", "must be text"),
        ({"url": "https://shop.example/", "hosts": "x"}, [], "hosts", "is no setting of a webhook"),
        ({"url": "https://a:b@shop.example/"}, [], "url", "must be without user and password"),
        ({"url": "http://shop.example/"}, [], "url", "must begin with https://"),
        ({"url": "http://1.1.1.1/"}, ["10.0.0.0/8"], "url", "must not lead to 1.1.1.1: public"),
        ({"url": "http://127.0.0.1/"}, ["10.0.0.0/8"], "url", "must not lead to 127.0.0.1: this machine"),
        ({"url": "https://10.0.0.1/"}, [], "url", "must not lead to 10.0.0.1: private"),
        (
            {"url": "https://169.254.169.254/latest"},
            [],
            "url",
            "must not lead to 169.254.169.254: link-local",
        ),
        ({"url": "https://[::ffff:a00:1]/"}, [], "url", "must not lead to ::ffff:a00:1: private"),
        ({"url": "https://[::1]/"}, ["127.0.0.0/8"], "url", "must not lead to ::1: this machine"),
    ],
)
def test_an_endpoint_that_cannot_be(
    settings: dict[str, object], allow: list[str], field: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        check(settings, *allow)
    assert caught.value.field == field
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("url", "allow"),
    [
        ("https://shop.example/hook", []),
        ("https://1.1.1.1/", []),
        ("http://10.1.2.3:8080/", ["10.0.0.0/8"]),
        ("http://hooks.internal/", ["10.0.0.0/8"]),
        ("http://[::1]/", ["::1"]),
    ],
)
def test_an_endpoint_that_can_be(url: str, allow: list[str]) -> None:
    assert check({"url": url}, *allow) == {"url": url}
