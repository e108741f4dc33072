"""The example of docs/frontends.md, installed as anybody's plugin is, on a real daemon."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed

from tests.faults.stage import ROOT, Stage, installed, staged
from tests.support.served import socket_at
from tests.support.waiting import BOUND_S

DEEP = 6
EXAMPLE = ROOT / "docs" / "examples" / "cash_till.py"


@asynccontextmanager
async def a_till(folder: Path) -> AsyncIterator[Stage]:
    """A daemon that has one."""
    installed(folder, "cash-till", "cash_till")
    shutil.copy(EXAMPLE, folder / "installed")
    tables = {"frontends": {"till": {"plugin": "cash-till", "currency": "BTC"}}}
    async with staged(folder, tables=tables) as stage:
        yield stage
        await stage.daemon.stop()


async def asked(stage: Stage, method: str, path: str, body: str = "") -> httpx.Response:
    """What the till is told, with the shop's key."""
    headers = {"Authorization": f"Bearer {stage.daemon.keys['shop']}"}
    async with httpx.AsyncClient(base_url=stage.daemon.api, headers=headers, timeout=BOUND_S) as client:
        return await client.request(method, path, content=body)


async def test_a_till_sells_and_its_display_shows_the_payment(tmp_path: Path) -> None:
    async with a_till(tmp_path) as stage:
        sold = await asked(stage, "POST", "/till", "0.0002")
        id, link = sold.text.split()
        assert (sold.status_code, link) == (201, f"{stage.daemon.api}/i/{id}")
        assert (await asked(stage, "GET", f"/till/{id}")).text == "new\n"
        async with display(stage) as shown:
            await shown.send_message(id)
            with trio.fail_after(BOUND_S):
                assert await shown.get_message() == "new\n"
                stage.network.pay((await asked(stage, "GET", f"/v1/invoices/{id}")).json())
                stage.network.grow(DEEP)
                while await shown.get_message() != "settled\n":
                    pass
        await a_display_is_told_what_is_not_there(stage)
        refused = await asked(stage, "POST", "/till", "much")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "amount")
        await it_is_told_of(stage)


async def a_display_is_told_what_is_not_there(stage: Stage) -> None:
    async with display(stage) as shown:
        await shown.send_message("inv_nobodys")
        with trio.fail_after(BOUND_S), pytest.raises(ConnectionClosed):
            await shown.get_message()
        assert (shown.closed.code, "inv_nobodys" in shown.closed.reason) == (1008, True)


@asynccontextmanager
async def display(stage: Stage) -> AsyncIterator[Any]:
    host, port = stage.daemon.api.removeprefix("http://").split(":")
    key = f"Bearer {stage.daemon.keys['shop']}".encode()
    async with (
        await trio.open_tcp_stream(host, int(port)) as stream,
        socket_at(stream, "/till/display", [(b"Authorization", key)]) as connection,
    ):
        yield connection


async def it_is_told_of(stage: Stage) -> None:
    """As a plugin with a frontend, whose service runs."""
    rows = (await stage.daemon.call("GET", "/v1/plugins"))["data"]
    [row] = [row for row in rows if row["name"] == "cash-till"]
    assert row["frontends"] == ["cash-till"]
    assert [(one["name"], one["state"]) for one in row["services"]] == [("frontend till", "running")]
