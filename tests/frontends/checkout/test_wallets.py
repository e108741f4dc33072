"""What a wallet is handed: BIP-21's link where wallets open one, and otherwise no link at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.frontends.checkout import qr
from paydaemon.frontends.checkout.wallets import Handover, handover


@pytest.mark.parametrize(
    ("uri", "link"),
    [
        ("bitcoin:bc1qa?amount=0.5", "bitcoin:bc1qa?amount=0.1"),
        ("bitcoin:bc1qa", "bitcoin:bc1qa?amount=0.1"),
        ("BITCOIN:BC1QA?amount=0.5", "BITCOIN:BC1QA?amount=0.1"),
        ("bitcoin:bc1qa?label=A%20%26%20B&amount=1", "bitcoin:bc1qa?amount=0.1&label=A%20%26%20B"),
    ],
)
def test_the_link_asks_for_what_is_left(uri: str, link: str) -> None:
    told = handover(uri, "bc1qa", "0.1")
    assert told == Handover(link, link)
    assert told.tells_amount


@pytest.mark.parametrize(
    "uri",
    [
        "hedera:0.0.1001?amount=1&memo=000018",
        "javascript:alert(1)",
        "https://evil.example/",
        "data:,x",
        "x",
        "",
    ],
)
def test_what_no_wallet_opens_is_no_link(uri: str) -> None:
    told = handover(uri, "0.0.1001", "0.1")
    assert told == Handover("0.0.1001", None)
    assert not told.tells_amount


@given(st.text(min_size=1, max_size=200))
def test_a_drawing_holds_nothing_but_numbers_whatever_it_says(text: str) -> None:
    drawn = qr.drawing(text)
    assert drawn.startswith("<svg viewBox=")
    assert not set("&'") & set(drawn)
    assert drawn.count("<") == drawn.count(">") == 4
