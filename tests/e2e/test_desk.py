"""The desk of a real daemon: a session survives a kill, and the doors move with a reload."""

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.support.daemon import Daemon, patiently, running
from tests.support.waiting import BOUND_S
from tests.systemd.away import NOBODY

OURS = {"Sec-Fetch-Site": "same-origin"}


def cookie_of(daemon: Daemon) -> str:
    """The cookie's name: a restart gives the daemon another port here, and so another public URL."""
    return f"paydaemon_desk_{urlsplit(daemon.api).port}"


async def desk(daemon: Daemon, path: str, cookie: str | None = None) -> httpx.Response:
    """A page."""
    headers = {} if cookie is None else {"Cookie": f"{cookie_of(daemon)}={cookie}"}
    async with httpx.AsyncClient(timeout=BOUND_S) as client:
        return await client.get(f"{daemon.api}/desk/{path}", headers=headers)


async def log_in(daemon: Daemon) -> str:
    """A session's secret."""
    async with httpx.AsyncClient(timeout=BOUND_S) as client:
        answer = await client.post(f"{daemon.api}/desk/login", data={"key": daemon.key}, headers=OURS)
    assert answer.status_code == 303, answer.text
    return str(answer.cookies[cookie_of(daemon)])


async def test_a_session_survives_a_kill_and_the_doors_move_with_a_reload(tmp_path: Path) -> None:
    tables = {**NOBODY, "desk": {"idle_s": 600}}
    async with running(tmp_path, tables, ready=False) as daemon:
        cookie = await log_in(daemon)
        assert (await desk(daemon, "", cookie)).status_code == 200
        await daemon.kill()
        await daemon.start(ready=False)
        assert (await desk(daemon, "", cookie)).status_code == 200
        assert "no answer" not in (await desk(daemon, "chains", cookie)).text
        daemon.configure({**NOBODY, "desk": {"idle_s": 600, "allow": ["192.0.2.0/24"]}})
        daemon.hang_up()

        async def is_shut() -> bool:
            return (await desk(daemon, "login")).status_code == 404

        await patiently(is_shut)
        daemon.configure(tables)
        daemon.hang_up()

        async def is_open() -> bool:
            return (await desk(daemon, "", cookie)).status_code == 200

        await patiently(is_open)
        assert cookie not in daemon.log()
