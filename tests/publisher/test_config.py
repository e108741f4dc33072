"""``[notifiers.<id>] plugin = "publisher"``: what it takes, and how it says what is wrong."""

from pathlib import Path

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.hooks.notifier import Audience, BadSetting
from paydaemon.plugins import load_plugins
from paydaemon_socketio.publisher.notifier import PublisherNotifier
from paydaemon_socketio.publisher.word import EVENTS
from tests.publisher.world import config
from tests.systemd.away import NOBODY

KEY = {"file": "/nowhere/publisher.key"}
URL = "https://publisher.example/v1/hello"
PUBLISHER = {"plugin": "publisher", "chain": "bitcoin"}


def problems(**table: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config({**NOBODY, "notifiers": {"p": {**PUBLISHER, **table}}}, load_plugins())
    return [line for line in str(caught.value).splitlines() if "/nowhere" not in line]


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://publisher.example:8443/?rest_route=/hedera-micropayment/v1/hello",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:8443/hello",
        "http://127.0.0.1:8080/hello",
        "http://[::1]:8080/hello",
        "http://localhost:8080/hello",
    ],
)
def test_where_it_may_be_told(url: str) -> None:
    assert config(url=url, key=KEY).url == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "publisher.example", "ftp://publisher.example", "https://", "https:///hello"),
        *("https://publisher.example:0/", "https://publisher.example:70000/", "https://a b.example/"),
        *("https://user:password@publisher.example/", "https://publisher.example/#there"),
        *("https://publisher.example/\r\nX: y", "https://pub\u00fcb.example/", "https://-/", "https://[::1/"),
        "https://publisher.example/" + "x" * 2_048,
    ],
)
def test_where_it_may_not_be_told(url: str) -> None:
    (said,) = problems(url=url, key=KEY)
    assert said.startswith("notifiers.p.url: must ")
    assert "password" not in said or "without user and password" in said


def test_plain_http_to_another_machine_takes_a_word() -> None:
    for url in ("http://publisher.example/", "http://192.168.0.7/", "http://localhost.example/"):
        assert problems(url=url, key=KEY) == [
            "notifiers.p: url must begin with https://, or allow_plain be true"
        ]
        assert config(url=url, key=KEY, allow_plain=True).url == url
    assert problems(socket_url="ws://publisher.example") == [
        "notifiers.p: socket_url must begin with https://, or allow_plain be true"
    ]


@pytest.mark.parametrize(
    "url", ["https://publisher.example", "wss://publisher.example:8443/", "ws://[::1]:1"]
)
def test_where_a_socket_may_be(url: str) -> None:
    assert config(socket_url=url).socket_url == url


def test_a_socket_has_its_own_path() -> None:
    for url in ("https://publisher.example/v1", "https://publisher.example/?EIO=3"):
        (said,) = problems(socket_url=url)
        assert said.startswith("notifiers.p.socket_url: must end with the host")


def test_one_way_and_a_key_where_it_is_signed() -> None:
    assert problems() == ["notifiers.p: give either url or socket_url"]
    both = problems(url=URL, key=KEY, socket_url="https://publisher.example")
    assert both == ["notifiers.p: give either url or socket_url"]
    said = ["notifiers.p: give a key with url, where all is signed, and none with socket_url"]
    assert problems(url=URL) == said
    assert problems(socket_url="https://publisher.example", key=KEY) == said


def test_certificates_are_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    (said,) = problems(url=URL, key=KEY, ca_file=str(file))
    assert said == "notifiers.p: ca_file: cannot be read: No such file or directory"
    file.write_text("nothing")
    (said,) = problems(url=URL, key=KEY, ca_file=str(file))
    assert said == "notifiers.p: ca_file: there are no certificates in it"


def test_whom_it_tells_of_what() -> None:
    notifier = PublisherNotifier("p", config(url=URL, key=KEY, seller="shop"))
    assert notifier.audiences == (Audience("site", EVENTS, "shop", 1),)
    by_socket = PublisherNotifier("p", config(socket_url="https://publisher.example"))
    assert by_socket.audiences == (Audience("site", EVENTS, None, 100),)
    with pytest.raises(BadSetting):
        notifier.check({"url": URL})
