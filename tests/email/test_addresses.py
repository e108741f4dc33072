"""What an address can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_email.addresses import parse_mailbox


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("ada@shop.example", "ada", "shop.example"),
        ("Ada.B+orders@SHOP.Example", "Ada.B+orders", "shop.example"),
        ("root@localhost", "root", "localhost"),
        ("ada@bücher.example", "ada", "xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada", "xn--bcher-kva.example"),
        ("änne@shop.example", "änne", "shop.example"),
        ("a\u0308nne@shop.example", "änne", "shop.example"),
    ],
)
def test_what_is_an_address(text: str, local: str, domain: str) -> None:
    mailbox = parse_mailbox(text)
    assert (mailbox.local, mailbox.domain) == (local, domain)
    assert str(mailbox) == f"{local}@{domain}"
    assert mailbox.needs_smtputf8 is (not local.isascii())


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "@shop.example", "ada@", "a@b@c.example", "ada @shop.example", ".ada@shop.example"),
        *("a..da@shop.example", '"ada"@shop.example', "Ada <ada@shop.example>", "ada@-shop.example"),
        *("ada@shop..example", "ada@shop_.example", "ada@127.0.0.1", "ada@[127.0.0.1]", "a,b@shop.example"),
        *("ada@shop.example\r\nBcc: x@y.example", "ada\n@shop.example", "ada\u2028@shop.example"),
        *("ada\u202e@shop.example", "ada@sh\u00adop\u2028.example", "\ud800@shop.example"),
        *("a" * 65 + "@shop.example", "ada@" + "a" * 64 + ".example", "ada@" + "a." * 130 + "example"),
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|has) "):
        parse_mailbox(text)


@given(st.text(max_size=40) | st.from_regex(r"[^@]{1,20}@[^@]{1,20}"))
def test_nothing_taken_can_end_a_line_or_an_address(text: str) -> None:
    try:
        taken = str(parse_mailbox(text))
    except ValueError:
        return
    assert taken.isprintable()
    assert not set(taken) & set(' <>()[],;:"\\')
    assert taken.count("@") == 1
