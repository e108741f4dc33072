"""Who is on this machine: by where a request comes from, whatever it says of itself."""

from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from paydaemon.frontends.here import is_from_here

HERE = {"Host": "127.0.0.1:8420"}


def asked(peer: str | None, headers: dict[str, str]) -> Any:
    """What is looked at of a request from that address; None, through the Unix socket."""
    return SimpleNamespace(scope={"client": None if peer is None else (peer, 1)}, headers=Headers(headers))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_a_loopback_address_is_this_machine(peer: str) -> None:
    assert is_from_here(asked(peer, HERE), (), "https://pay.example")


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.1", "2001:db8::1", "::ffff:203.0.113.7", None])
@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost", "pay.example"])
def test_whoever_comes_from_elsewhere_is_not_whatever_name_it_calls(peer: str | None, host: str) -> None:
    assert not is_from_here(asked(peer, {"Host": host}), (), "https://pay.example")


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host", "X-Forwarded-Server", "X-Real-IP"]
    + ["Forwarded", "Via", "CF-Connecting-IP", "True-Client-IP"],
)
def test_what_a_proxy_passes_on_is_not_from_here(header: str) -> None:
    assert not is_from_here(asked("127.0.0.1", {**HERE, header: "x"}), (), "https://pay.example")
