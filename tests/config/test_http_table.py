"""``[http]``: where to listen, what links begin with, and whose word on addresses is taken."""

from ipaddress import IPv4Network, IPv6Network

import pytest

from tests.config.coins import parsed, problems


@pytest.mark.parametrize(
    ("bind", "host", "port"),
    [
        ("127.0.0.1:8420", "127.0.0.1", 8420),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:8420", "::1", 8420),
        ("[0:0:0:0:0:0:0:1]:65535", "::1", 65535),
    ],
)
def test_where_to_listen(bind: str, host: str, port: int) -> None:
    http = parsed(http={"bind": bind}).http
    assert http.address == (host, port)
    assert http.public_url == f"http://{http.address}"


@pytest.mark.parametrize(
    "bind",
    ["", "8420", ":8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:8420", "[::1]",
     "localhost:8420", "127.0.0.1:8420 ", "127.0.0.256:1", "[::g]:1", "127.0.0.1:٨", "[fe80::1%lo]:1",
     "http://127.0.0.1:1", "127.1:1"],
)  # fmt: skip
def test_where_nobody_can_listen(bind: str) -> None:
    words = "http.bind: must be an IP address and a port, such as 127.0.0.1:8420 or [::1]:8420"
    assert problems(http={"bind": bind}) == [words]


def test_every_address_needs_a_url_of_its_own() -> None:
    words = "must be given, and be what others can open: 0.0.0.0 and [::] are for listening only"
    assert problems(http={"bind": "0.0.0.0:80"}) == [f"http.public_url: {words}"]
    assert problems(http={"bind": "[::]:80"}) == [f"http.public_url: {words}"]
    assert problems(http={"public_url": "http://0.0.0.0"}) == [f"http.public_url: {words}"]
    assert parsed(http={"bind": "0.0.0.0:80", "public_url": "https://pay.example"}).http.bind == "0.0.0.0:80"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://pay.example.org", "https://pay.example.org"),
        ("https://pay.example.org/", "https://pay.example.org"),
        ("http://127.0.0.1:8420/pay/", "http://127.0.0.1:8420/pay"),
        ("http://[::1]:8420", "http://[::1]:8420"),
    ],
)
def test_public_urls(given: str, kept: str) -> None:
    assert parsed(http={"public_url": given}).http.public_url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("pay.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("ftp://pay.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("https://", 'must be a URL such as "https://pay.example.org"'),
        ("https:///path", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org:99999", 'must be a URL such as "https://pay.example.org"'),
        ("https://[::1", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/a b", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/\n", 'must be a URL such as "https://pay.example.org"'),
        ("https://päy.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/?a=b", "must have no query and no fragment: paths are put behind it"),
        ("https://pay.example.org/?", "must have no query and no fragment: paths are put behind it"),
        ("https://pay.example.org/#a", "must have no query and no fragment: paths are put behind it"),
        ("https://user:hunter2@pay.example.org", "must hold no user and no password"),
        (8420, "must be text in quotes"),
    ],
)
def test_urls_that_links_cannot_begin_with(url: object, words: str) -> None:
    assert problems(http={"public_url": url}) == [f"http.public_url: {words}"]


def test_the_public_url_once_the_port_is_known() -> None:
    assert parsed(http={"bind": "127.0.0.1:0"}).http.public_url_at(41873) == "http://127.0.0.1:41873"
    assert parsed(http={"bind": "[::1]:0"}).http.public_url_at(41873) == "http://[::1]:41873"
    given = parsed(http={"bind": "127.0.0.1:0", "public_url": "https://pay.example/x/"}).http
    assert given.public_url_at(41873) == "https://pay.example/x"


def test_a_default_that_cannot_be_made_is_not_told_beside_its_cause() -> None:
    assert len(problems(http={"bind": "nowhere"})) == 1
    assert len(problems(daemon={"state_dir": 7})) == 1


def test_trusted_proxies() -> None:
    http = parsed(http={"trusted_proxies": ["10.0.0.0/8", "::1/128", "192.0.2.7"]}).http
    assert http.trusted_proxies == (
        IPv4Network("10.0.0.0/8"), IPv6Network("::1/128"), IPv4Network("192.0.2.7/32"),
    )  # fmt: skip
    assert problems(http={"trusted_proxies": ["10.0.0.1/8", "proxy", 7, "::1/129"]}) == [
        'http.trusted_proxies.0: has bits set beyond its prefix; the network is "10.0.0.0/8"',
        'http.trusted_proxies.1: must be a network such as "10.0.0.0/8" or "::1/128"',
        "http.trusted_proxies.2: must be text in quotes",
        'http.trusted_proxies.3: must be a network such as "10.0.0.0/8" or "::1/128"',
    ]
    assert problems(http={"trusted_proxies": "10.0.0.0/8"}) == ["http.trusted_proxies: must be a list"]
