"""SIGHUP: what can be taken over is, what needs a restart is named, and a mistake changes nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.certificate import make_certificate
from tests.support.daemon import Daemon, running
from tests.support.manager import Told, listening
from tests.support.waiting import until
from tests.systemd.away import NOBODY

DEFAULTS: dict[str, Any] = {**NOBODY, "limits": {"requests_per_s": 10_000, "requests_burst": 10_000}}


class Managed:
    """A daemon and its service manager."""

    def __init__(self, daemon: Daemon, told: Told) -> None:
        self.daemon = daemon
        self.told = told

    async def reload(self, tables: dict[str, Any]) -> None:
        """Configure it anew, and wait until it says that it is done."""
        before = len(self.told.messages)
        self.daemon.configure({**DEFAULTS, **tables})
        self.daemon.hang_up()
        begun = await self.told.until("RELOADING", after=before)
        await self.told.until("READY", after=begun)


@asynccontextmanager
async def managed(folder: Path, tables: dict[str, Any] | None = None) -> AsyncIterator[Managed]:
    async with listening(str(folder / "notify")) as told:
        env = {"NOTIFY_SOCKET": told.address}
        async with running(folder, {**DEFAULTS, **(tables or {})}, ready=False, env=env) as daemon:
            await told.until("READY")
            yield Managed(daemon, told)
            await daemon.stop()


async def rates(daemon: Daemon) -> dict[str, str]:
    return {
        f"{row['base']}/{row['quote']}": row["rate"]
        for row in (await daemon.call("GET", "/v1/rates"))["data"]
    }


async def test_fixed_prices(tmp_path: Path) -> None:
    async with managed(tmp_path) as it:
        assert await rates(it.daemon) == {"BTC/EUR": "60000.00", "BTC/USD": "65000.00"}
        await it.reload({"rates": {"fixed": {"prices": {"BTC/EUR": "70000.00"}}}})

        async def are_new() -> bool:
            return await rates(it.daemon) == {"BTC/EUR": "70000.00"}

        await until(are_new)
        await it.reload({"rates": {}})

        async def are_none() -> bool:
            return await rates(it.daemon) == {}

        await until(are_none)


async def test_the_log(tmp_path: Path) -> None:
    async with managed(tmp_path) as it:
        assert '"level": "debug"' not in it.daemon.log()
        await it.reload({"daemon": {"state_dir": str(tmp_path / "state"), "log_level": "debug"}})
        await it.reload({"daemon": {"state_dir": str(tmp_path / "state"), "log_format": "console"}})
        await it.reload({})
        lines = it.daemon.log().splitlines()
        assert any("the configuration was read again" in line and "{" not in line[:5] for line in lines)
        told = [e["data"] for e in await it.daemon.journal() if e["type"] == "admin.configuration_reloaded"]
        assert [data["changed"] for data in told][:1] == [["daemon.log_level"]]
        assert told[0]["by"] == {"key_id": None, "uid": None}


async def test_limits_of_sub_tables(tmp_path: Path) -> None:
    """Those that hypercorn and Quart know of, too."""
    limits = {**DEFAULTS["limits"], "http": {"head_bytes": 1_024, "page_items": 1, "backlog": 7}}
    async with managed(tmp_path) as it, it.daemon.client() as client:

        async def answers() -> tuple[int, int]:
            large = await client.get("/v1/events", headers={"X-Long": "x" * 2_000})
            listed = await client.get("/v1/events", params={"limit": "2"})
            return large.status_code, len(listed.json()["data"])

        assert await answers() == (200, 2)
        await it.reload({"limits": limits})
        assert await answers() == (431, 1)
        told = [e["data"] for e in await it.daemon.journal() if e["type"] == "admin.configuration_reloaded"]
        assert told[-1]["changed"] == ["limits.http.head_bytes", "limits.http.page_items"]
        assert any("limits.http.backlog" in line for line in it.daemon.log().splitlines())


TIGHT: dict[str, tuple[dict[str, Any], int]] = {
    "body_bytes": ({**DEFAULTS["limits"], "body_bytes": 1_024}, 413),
    "json_depth": ({**DEFAULTS["limits"], "json_depth": 4}, 400),
    "requests_burst": ({"requests_per_s": 1, "requests_burst": 1}, 429),
}
"""Limits, and what an order that is beyond them is refused as."""


async def test_limits(tmp_path: Path) -> None:
    """Each in turn, tightened and taken back."""
    async with managed(tmp_path) as it:
        for limit, (limits, status) in TIGHT.items():
            before = await answered(it.daemon, limit)
            await it.reload({"limits": limits})
            assert status == await answered(it.daemon, limit) != before, limit
            await it.reload({})
            assert await answered(it.daemon, limit) == before, limit


async def answered(daemon: Daemon, limit: str) -> int:
    """How the third of three orders is answered that are within a limit by default and beyond a tight one."""
    body: dict[str, Any] = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
    body["metadata"] = {"text": "x" * 400} if limit != "json_depth" else {"a": {"a": {"a": {"a": "a"}}}}
    body["note"] = "n" * 480 if limit == "body_bytes" else None
    body["return_url"] = f"https://shop.example/{'r' * 300}" if limit == "body_bytes" else None
    return [await post(daemon, body) for _ in range(3)][-1].status_code


async def post(daemon: Daemon, body: dict[str, Any]) -> httpx.Response:
    async with daemon.client() as client:
        return await client.post("/v1/invoices", json=body)


async def test_what_needs_a_restart_is_named_until_it_is_taken_back(tmp_path: Path) -> None:
    async with managed(tmp_path) as it:
        api = it.daemon.api
        chain = {**NOBODY["chains"]["bitcoin"], "poll_interval_s": 5}
        wanted = {"http": {"bind": "127.0.0.1:1"}, "chains": {"bitcoin": chain, "second": chain}}
        await it.reload(wanted)
        await it.told.until(
            "STATUS", "restart to change http.bind, http.public_url, chains.bitcoin.poll_interval_s"
        )
        assert it.told.values("STATUS")[-1].endswith("chains.second")
        assert '"needs_restart": ["http.bind", ' in it.daemon.log()
        async with it.daemon.client() as client:
            assert (await client.get(f"{api}/healthz")).status_code == 200
        await it.reload({})

        await until(lambda: "restart" not in it.told.values("STATUS")[-1])


async def test_a_mistake_changes_nothing_and_every_one_is_told(tmp_path: Path) -> None:
    async with managed(tmp_path) as it:
        wrong = {
            "http": {"bnd": "x"},
            "quotes": {"max_age_s": 1},
            "rates": {"fixed": {"prices": {"BTC/EUR": "1"}}},
        }
        await it.reload(wrong)
        status = it.told.messages[await it.told.until("STATUS", "reload refused: ") - 1]["STATUS"]
        for path in ("http.bnd", "quotes.max_age_s"):
            assert path in status
            assert f'"problem": "{path}: ' in it.daemon.log()
        assert (await rates(it.daemon))["BTC/EUR"] == "60000.00"
        it.daemon.config.write_text("[")
        before = len(it.told.messages)
        it.daemon.hang_up()
        await it.told.until("STATUS", "is not valid TOML", after=before)
        await it.reload({})
        await until(lambda: "refused" not in it.told.values("STATUS")[-1])


async def test_the_certificate(tmp_path: Path) -> None:
    old = make_certificate(tmp_path)
    trusted = old.client()
    http = {"bind": "127.0.0.1:0", **old.settings}
    async with managed(tmp_path, {"http": http}) as it:
        assert it.daemon.api.startswith("https://")
        url = f"{it.daemon.api}/healthz"
        async with httpx.AsyncClient(verify=trusted) as kept:
            assert (await kept.get(url)).status_code == 200
            new = make_certificate(tmp_path).client()
            async with httpx.AsyncClient(verify=trusted) as client:
                assert (await client.get(url)).status_code == 200, "read again at SIGHUP alone"
            await it.reload({"http": http})
            async with httpx.AsyncClient(verify=new) as client:
                assert (await client.get(url)).status_code == 200
            async with httpx.AsyncClient(verify=trusted) as client:
                with pytest.raises(httpx.ConnectError):
                    await client.get(url)
            assert (await kept.get(url)).status_code == 200, "its connection goes on"
        old.key.write_text("no key")
        await it.reload({"http": http})
        await it.told.until("STATUS", "http.tls_key")
        async with httpx.AsyncClient(verify=new) as client:
            assert (await client.get(url)).status_code == 200


async def test_a_socket_does_not_begin_to_be_encrypted(tmp_path: Path) -> None:
    async with managed(tmp_path) as it:
        await it.reload({"http": {"bind": "127.0.0.1:0", **make_certificate(tmp_path).settings}})
        await it.told.until("STATUS", "restart to change http.tls_certificate, http.tls_key")
        assert (await it.daemon.call("GET", "/v1/invoices"))["data"] == []
