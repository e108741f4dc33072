"""``[relay]``: what is passed on, for whom, and from which pages."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.config.addresses import ANY_ORIGIN, parse_origin
from paydaemon.core.policy import RelayPolicy
from paydaemon.frontends.gate import origin_of
from tests.config.coins import parsed, problems

WORDS = 'must be an origin such as "https://shop.example", without a path, or "*"'


def test_by_default_nothing_is_public() -> None:
    relay = parsed().relay
    assert (relay.policy, relay.public, relay.origins) == (RelayPolicy.PAYEES, False, ())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example", "https://shop.example"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("*", ANY_ORIGIN),
    ],
)
def test_origins_as_browsers_write_them(given: str, kept: str) -> None:
    assert parsed(relay={"origins": [given]}).relay.origins == (kept,)


@pytest.mark.parametrize(
    "origin",
    [
        "", "null", "shop.example", "//shop.example", "ftp://shop.example", "file://", "https://",
        "https://shop.example/", "https://shop.example/pay", "https://shop.example?a", "https://shop.example#a",
        "https://user@shop.example", "https://*.example", "https://shop.example:", "https://shop.example:0",
        "https://shop.example:0443", "https://shop.example:65536", "https://shop.example:port",
        "https://shop.example,https://cafe.example", "https://shop.example ", "https://shop.example\n",
        "https://bücher.example", "https://[::1", "https://[::g]", "https://::1", "https://a\\b", "**",
    ],
)  # fmt: skip
def test_what_no_browser_ever_sends_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"^must be an origin such as"):
        parse_origin(origin)


def test_which_one_is_wrong_is_told() -> None:
    given = ["https://shop.example", "https://shop.example/pay"]
    assert problems(relay={"origins": given}) == [f"relay.origins.1: {WORDS}"]


@given(
    st.sampled_from(["http", "https"]),
    st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z]{2,8})?", fullmatch=True),
    st.none() | st.integers(1, 65_535),
)
def test_it_is_the_origin_of_every_page_there(scheme: str, host: str, port: int | None) -> None:
    site = f"{scheme}://{host}" + ("" if port is None else f":{port}")
    assert parse_origin(site) == origin_of(f"{site}/checkout?for=me#here")


@given(st.text(max_size=40))
def test_what_is_taken_stays_what_it_became(text: str) -> None:
    with suppress(ValueError):
        origin = parse_origin(text)
        assert parse_origin(origin) == origin
