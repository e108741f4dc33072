"""What a URL may be, and what becomes of it."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_webhook.endpoint import MAX_URL, BadUrl, parse

KEPT = [
    ("https://shop.example/hooks", "https://shop.example/hooks"),
    ("https://shop.example", "https://shop.example/"),
    ("https://shop.example?a=b", "https://shop.example/?a=b"),
    ("HTTPS://Shop.Example:443/Hooks?A=B", "https://shop.example/Hooks?A=B"),
    ("https://shop.example:8443/", "https://shop.example:8443/"),
    ("http://shop.example:80/", "http://shop.example/"),
    ("https://bücher.example/h", "https://xn--bcher-kva.example/h"),
    ("https://BÜCHER.example/h", "https://xn--bcher-kva.example/h"),
    ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
    ("https://shop。example/", "https://shop.example/"),
    ("https://[2001:DB8::1]:8443/h", "https://[2001:db8::1]:8443/h"),
    ("https://192.0.2.1/h", "https://192.0.2.1/h"),
    ("https://my_shop.example/", "https://my_shop.example/"),
    ("https://shop.example/a//b/../c;d?e=f&g=%20%0D%0A", "https://shop.example/a//b/../c;d?e=f&g=%20%0D%0A"),
]
WITHOUT_HOST = "must have a host such as shop.example"
NO_ADDRESS = "must have a host that is a name or an address such as 192.0.2.1"
REFUSED = [
    ("", 'must be a URL such as "https://shop.example/hooks"'),
    ("shop.example/hooks", 'must be a URL such as "https://shop.example/hooks"'),
    ("ftp://shop.example/", 'must be a URL such as "https://shop.example/hooks"'),
    ("file:///etc/passwd", 'must be a URL such as "https://shop.example/hooks"'),
    ("https:///hooks", 'must be a URL such as "https://shop.example/hooks"'),
    (r"https://shop.example\@evil.example/", 'must be a URL such as "https://shop.example/hooks"'),
    ("https://user@shop.example/", "must be without user and password: what is sent is signed instead"),
    ("https://user:pw@shop.example/", "must be without user and password: what is sent is signed instead"),
    ("https://shop.example/#top", "must not have a fragment: no server is told it"),
    ("https://shop.example/a b", "must not have spaces or control characters in it"),
    ("https://shop.example/a\r\nX-Evil: 1", "must not have spaces or control characters in it"),
    ("https://shop.example/\x00", "must not have spaces or control characters in it"),
    ("https://shop.example\t/", "must not have spaces or control characters in it"),
    ("https://shop.example/\u2028", "must not have spaces or control characters in it"),
    ("https://shop.example/ä", "must have what is beyond ASCII in its path percent-encoded"),
    ("https://shop.example:0/", "must have a port from 1 to 65535"),
    ("https://shop.example:65536/", "must have a port from 1 to 65535"),
    ("https://shop.example:/", WITHOUT_HOST),
    ("https://shop.example:８０/", WITHOUT_HOST),
    ("https://shop..example/", WITHOUT_HOST),
    ("https://shop.example./", WITHOUT_HOST),
    ("https://-shop.example/", WITHOUT_HOST),
    ("https://shop%2eexample/", WITHOUT_HOST),
    ("https://" + "a" * 64 + ".example/", WITHOUT_HOST),
    ("https://" + "a.a" * 90 + "/", WITHOUT_HOST),
    ("https://2130706433/", NO_ADDRESS),
    ("https://127.1/", NO_ADDRESS),
    ("https://0x7f.0.0.1/", NO_ADDRESS),
    ("https://0x7f000001/", NO_ADDRESS),
    ("https://0177.0.0.1/", NO_ADDRESS),
    ("https://１２７.0.0.1.256/", NO_ADDRESS),
    ("https://[::1", WITHOUT_HOST),
    ("https://[fe80::1%25eth0]/", WITHOUT_HOST),
    ("https://[1.2.3.4]/", "must have a host that is a name or an address"),
    ("https://[::1].example/", WITHOUT_HOST),
    ("https://☃.example/", "must have a host that can be a domain"),
    ("https://bücher.example/".ljust(MAX_URL, "a"), f"must be at most {MAX_URL} characters"),
    ("https://shop.example/" + "a" * MAX_URL, f"must be at most {MAX_URL} characters"),
]


@pytest.mark.parametrize(("url", "kept"), KEPT)
def test_it_is_kept_in_one_form(url: str, kept: str) -> None:
    assert parse(url).url == kept
    assert parse(kept) == parse(url)


@pytest.mark.parametrize(("url", "said"), REFUSED)
def test_what_cannot_be_says_why(url: str, said: str) -> None:
    with pytest.raises(BadUrl) as caught:
        parse(url)
    assert str(caught.value).startswith(said)


def test_its_parts() -> None:
    endpoint = parse("http://[2001:db8::1]:8080/a?b")
    assert (endpoint.scheme, endpoint.host, endpoint.port, endpoint.path) == (
        *("http", "2001:db8::1", 8080),
        "/a?b",
    )
    assert str(endpoint.address) == "2001:db8::1"
    assert endpoint.authority == "[2001:db8::1]:8080"
    assert endpoint.is_open
    assert parse("https://shop.example/").address is None


SPICE = st.sampled_from(
    ["https://", "http://", "@", ":", "/", "\\", "#", "?", "[", "]", "\r\n", "%0d", "127.1"]
)


@given(st.lists(SPICE | st.text(max_size=6), max_size=8).map("".join))
def test_whatever_is_taken_can_end_no_line_and_stays_what_it_is(text: str) -> None:
    try:
        endpoint = parse("https://" + text)
    except BadUrl:
        return
    for part in (endpoint.host, endpoint.path, endpoint.authority, endpoint.url):
        assert part.isascii()
        assert part.isprintable()
        assert " " not in part
    assert "@" not in endpoint.authority
    assert endpoint.path.startswith("/")
    assert parse(endpoint.url) == endpoint
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(
        ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=endpoint.host
    )
