"""Who may ask a plugin's frontend: by a key, on this machine alone, or anybody."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from paydaemon.core.access import PUBLIC
from paydaemon.hooks.frontend import Access, Route
from tests.support.guests import SHOP, ask, guest, hosting
from tests.support.served import PUBLIC_URL, error_of


async def test_who_may_ask(tmp_path: Path) -> None:
    one = guest()
    async with hosting(tmp_path, one) as daemon:
        assert error_of(await ask(daemon, "/key"))["code"] == "missing_key"
        assert (await ask(daemon, "/loopback")).status_code == 207
        assert (await ask(daemon, "/open")).status_code == 207
        assert [request.principal for request in one.asked] == [PUBLIC, PUBLIC]
        for path in ("/key", "/loopback", "/open"):
            assert error_of(await ask(daemon, path, key="pk_wrong"))["code"] == "invalid_key"
            assert (await ask(daemon, path, key=daemon.key)).status_code == 207
        assert [request.principal.is_operator for request in one.asked[2:]] == [True] * 3


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"])
async def test_what_a_proxy_passes_on_is_not_of_this_machine(tmp_path: Path, header: str) -> None:
    async with hosting(tmp_path, guest()) as daemon:
        answer = await ask(daemon, "/loopback", **{header: "127.0.0.1"})  # type: ignore[arg-type]
        assert error_of(answer)["code"] == "missing_key"


async def test_a_proxy_that_is_named_is_not_this_machine(tmp_path: Path) -> None:
    """Whatever it leaves out."""
    trusted = (ip_network("127.0.0.0/8"),)
    async with hosting(tmp_path, guest(), trusted_proxies=trusted) as daemon:
        assert error_of(await ask(daemon, "/loopback"))["code"] == "missing_key"
        assert (await ask(daemon, "/loopback", key=daemon.key)).status_code == 207


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "None", "same-origin, cross-site"])
async def test_a_browser_here_that_asks_for_a_page_elsewhere_is_not_this_machine(
    tmp_path: Path, site: str
) -> None:
    """Such as for an image, for which it tells no origin."""
    async with hosting(tmp_path, guest()) as daemon:
        answer = await ask(daemon, "/loopback", Sec_Fetch_Site=site)
        assert error_of(answer)["code"] == "missing_key"
        assert (await ask(daemon, "/loopback", key=daemon.key, Sec_Fetch_Site=site)).status_code == 207
        assert (await ask(daemon, "/open", Sec_Fetch_Site=site)).status_code == 207


async def test_a_page_of_ours_or_a_named_one_may_ask_here(tmp_path: Path) -> None:
    one = guest()
    one.routes = (Route("/till", ["GET"], one.note, Access.LOOPBACK, origins=(SHOP,)),)
    async with hosting(tmp_path, one) as daemon:
        for site in ("same-origin", "none"):
            assert (await ask(daemon, "/till", Sec_Fetch_Site=site)).status_code == 207
        for origin in (SHOP, PUBLIC_URL):
            answer = await ask(daemon, "/till", Sec_Fetch_Site="cross-site", Origin=origin)
            assert answer.status_code == 207
        other = await ask(daemon, "/till", Sec_Fetch_Site="cross-site", Origin="https://other.example")
        assert error_of(other)["code"] == "foreign_origin"


NO_NAMES_OF_OURS = (
    "evil.example", "evil.example:8420", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1@evil",
    "0.0.0.0", "192.168.1.2:8420", "[::]", "[fe80::1]", "127.0.0.1, evil.example", "pay.example.evil", "",
)  # fmt: skip
NAMES_OF_OURS = (
    "127.0.0.1", "127.1.2.3:1", "localhost", "LocalHost.:8420", "till.localhost", "[::1]:8420",
    "[::ffff:127.0.0.1]", "pay.example", "PAY.example:443",
)  # fmt: skip


async def test_a_name_that_was_made_to_lead_here_is_not_this_machine(tmp_path: Path) -> None:
    """DNS rebinding: to the browser the daemon is then that page's own site."""
    async with hosting(tmp_path, guest()) as daemon:
        for host in NO_NAMES_OF_OURS:
            assert error_of(await ask(daemon, "/loopback", Host=host))["code"] == "missing_key", host
            assert (await ask(daemon, "/loopback", key=daemon.key, Host=host)).status_code == 207
        for host in NAMES_OF_OURS:
            assert (await ask(daemon, "/loopback", Host=host)).status_code == 207, host


async def test_an_old_client_that_tells_no_host_needs_a_key(tmp_path: Path) -> None:
    async with hosting(tmp_path, guest()) as daemon, daemon.tcp() as stream:
        await stream.send_all(b"GET /loopback HTTP/1.0\r\n\r\n")
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 401")
