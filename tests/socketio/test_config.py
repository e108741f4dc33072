"""The frontend's keys, what it serves by them, and what it costs who has it only installed."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from paydaemon.hooks.frontend import Access, Route, SocketRoute
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.frontend import SocketIoFrontend
from paydaemon_socketio.limits import SocketIoLimits
from paydaemon_socketio.plugin import register_frontends


def test_by_default_it_serves_every_page_as_the_older_server_did() -> None:
    polling, socket = SocketIoFrontend("older", SocketIoConfig()).routes
    assert isinstance(polling, Route)
    assert isinstance(socket, SocketRoute)
    assert (polling.path, socket.path) == ("/socket.io/", "/socket.io/")
    assert set(polling.methods) == {"GET", "POST"}
    assert (polling.access, socket.access) == (Access.OPEN, Access.OPEN)
    assert (polling.origins, polling.credentials, socket.origins) == (("*",), True, ("*",))
    assert polling.body_bytes == 131_072
    assert socket.message_bytes == 65_536 + 1_024


def test_pages_can_be_named() -> None:
    pages = ("https://Shop.example", "chrome-extension://abcdef", "http://localhost:8080")
    config = SocketIoConfig(origins=pages)
    assert config.origins == tuple(page.lower() for page in pages)


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://", "https://shop.example/", "https://a@b", "**", ""]
)
def test_what_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="must be an origin"):
        SocketIoConfig(origins=(origin,))


def test_a_message_may_hold_a_whole_payload_in_base64() -> None:
    assert SocketIoLimits(attachment_bytes=3_000).message_bytes == 4_000 + 1_024


def test_the_plugin_brings_it() -> None:
    (plugin,) = register_frontends()
    assert (plugin.name, plugin.config) == ("socketio", SocketIoConfig)
    assert plugin.build("older", SocketIoConfig()).routes


def test_the_library_is_imported_by_who_runs_it_only() -> None:
    code = (
        "import sys, paydaemon_socketio.plugin as p; p.register_frontends(); print('socketio' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
