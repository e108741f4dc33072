"""An export that cannot go on is cut, so that nobody takes a part for the whole."""

from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from paydaemon.engine.exports import Exports
from paydaemon.store.port import StoreUnavailable
from tests.desk.ledger import CSV, Slow, rows
from tests.desk.shop import paid
from tests.support.served import QUICK, Served, error_of, served
from tests.support.waiting import until


async def test_a_part_is_not_taken_for_the_whole(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydaemon.engine.exports.PAGE_EVENTS", 1)
    for _ in range(3):
        await paid(daemon)
    pages = Exports.pages

    async def failing(self: Exports, *asked: object):  # type: ignore[no-untyped-def]
        async with aclosing(pages(self, *asked)) as whole:  # type: ignore[arg-type]
            yield await anext(whole)
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(Exports, "pages", failing)
    async with daemon.client() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(CSV)
        monkeypatch.undo()
        assert len(rows((await client.get(CSV)).text)) == 3


async def test_a_key_that_is_revoked_reads_no_further(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydaemon.engine.exports.PAGE_EVENTS", 1)
    for _ in range(3):
        await paid(daemon)
    pages = Exports.pages

    async def revoking(self: Exports, *asked: object):  # type: ignore[no-untyped-def]
        async with aclosing(pages(self, *asked)) as whole:  # type: ignore[arg-type]
            async for page in whole:
                yield page
                await daemon.engine.api.accounts.rotate("shop")

    monkeypatch.setattr(Exports, "pages", revoking)
    async with daemon.client(daemon.keys["shop"]) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(CSV)


async def test_so_many_are_written_at_once_and_a_place_comes_back(tmp_path: Path) -> None:
    limits = replace(QUICK, exports=1)
    async with served(tmp_path, limits) as daemon:
        for _ in range(20):
            await paid(daemon, note="x" * 900)
        async with daemon.client() as client, daemon.tcp() as stream:
            daemon.engine.api.exports = Slow(daemon.engine.api.exports)  # type: ignore[assignment]
            request = f"GET {CSV} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {daemon.key}\r\n\r\n"
            await stream.send_all(request.encode())
            await stream.receive_some()
            answer = await client.get(CSV)
            assert (answer.status_code, error_of(answer)["code"]) == (503, "too_many_exports")
            await stream.aclose()
            daemon.engine.api.exports = daemon.engine.api.exports.whole  # type: ignore[attr-defined]

            async def is_free() -> bool:
                return (await client.get(CSV)).status_code == 200

            await until(is_free)
