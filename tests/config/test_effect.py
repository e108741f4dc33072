"""No key is without effect: a daemon that starts and serves has read every one of them.

Limits are handed over whole; `tests/limits` drives a daemon into each.
"""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio

from paydaemon import app
from paydaemon.config import Config, keys, parse_config
from paydaemon.config.parse import TABLES
from paydaemon.plugins import load_plugins
from tests.limits.page import ROWS
from tests.logs.restore import restored
from tests.support.certificate import make_certificate
from tests.support.reads import reads
from tests.support.waiting import until
from tests.systemd.away import NOBODY

ALREADY_HAD_IT = {"daemon.state_dir", "plugins.disabled"}
"""By then: where other defaults lie is settled as the file is read, and so is which plugins are loaded."""


@pytest.fixture
def left_as_it_was() -> Iterator[None]:
    """What a daemon changes of its process is its own affair; here it is a guest."""
    interval_s = sys.getswitchinterval()
    with restored():
        yield
    sys.setswitchinterval(interval_s)


async def serve_once(config: Config, socket: Path) -> None:
    """A daemon, from its start to the answer to one request."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(app.run, config)
        await until(socket.exists)
        transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            assert (await client.get("/v1/rates")).json()["data"]
        signal.raise_signal(signal.SIGTERM)  # the daemon waits for it by now


@pytest.mark.usefixtures("left_as_it_was")
async def test_a_daemon_that_serves_has_read_every_key_of_its_own(tmp_path: Path) -> None:
    socket = tmp_path / "admin.sock"
    document = {
        **NOBODY,
        "daemon": {"state_dir": str(tmp_path)},
        "http": {
            "bind": "127.0.0.1:0",
            "public_url": "https://pay.example",
            **make_certificate(tmp_path).settings,
        },
        "rates": {"fixed": {"prices": {"BTC/EUR": "1"}}},
    }
    config = parse_config(document, load_plugins())
    with reads() as read:
        await serve_once(config, socket)
    known = {key.path for key in keys(config.installed) if key.table in TABLES}
    told = {f"{table}.{name}" for table, model in TABLES.items() for kind, name in read if kind is model}
    assert known - told - ALREADY_HAD_IT - ROWS.keys() == set()
    assert not ALREADY_HAD_IT & told
    (rates,) = config.rates.values()
    assert {name for kind, name in read if kind is type(rates.settings)} == {"prices"}
