"""A mail as bytes: whatever anybody typed, it has the headers that we gave it and no other."""

import email
import re
from email import policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_email.addresses import parse_mailbox
from paydaemon_email.message import Heading, Letter, Party, Thread, sealed
from paydaemon_email.text import MAX_LINE, in_lines, one_line

HEADERS = [
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("Auto-Submitted", "X-Auto-Response-Suppress", "List-Id", "X-Paydaemon-Event"),
    *("MIME-Version", "Content-Type"),
]
HOSTILE = st.text(max_size=120) | st.builds(
    "{}{}{}".format,
    st.text(max_size=20),
    st.sampled_from(
        ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x1c", "\0", "\r\n\r\n"]
    ),
    st.sampled_from(
        ["Bcc: eve@evil.example", "Subject: x", " folded", "\n.\r\n", "<script>", "=?utf-8?q?=0A?="]
    ),
)
IDS = Thread("inv_a.confirmed", "inv_a.received")


def heading(sender: str = "", recipient: str = "", to: str = "ada@example.org") -> Heading:
    return Heading(
        Party(parse_mailbox("payments@shop.example"), sender),
        Party(parse_mailbox(to), recipient),
        IDS,
        1_769_860_860_412,
        ("evt_1",),
        parse_mailbox("hello@shop.example"),
        "paydaemon",
    )


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return message


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_nothing_that_was_typed_makes_a_header(subject: str, sender: str, recipient: str, body: str) -> None:
    letter = Letter(one_line(subject), in_lines(body), in_lines(f"<p>{body}</p>"))
    content = sealed(letter, heading(sender, recipient)).content
    message = parsed(content)
    assert list(message.keys()) == HEADERS
    assert message["To"].addresses[0].addr_spec == "ada@example.org"
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    assert message["Subject"] == one_line(subject).replace("=?", "= ?")
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None
    assert max(map(len, content.split(b"\r\n"))) <= 998


@given(HOSTILE, HOSTILE)
def test_the_subject_is_one_line_even_where_a_template_made_more(subject: str, name: str) -> None:
    message = parsed(sealed(Letter(subject, "text\n", None), heading(name)).content)
    assert sorted(message) == sorted([*HEADERS, "Content-Transfer-Encoding"])


@given(HOSTILE)
def test_a_body_arrives_as_it_was_written(body: str) -> None:
    text = in_lines(body)
    message = parsed(sealed(Letter("s", text, None), heading()).content)
    assert message.get_content().replace("\r\n", "\n") == text


@given(HOSTILE)
def test_one_line_is_one_and_no_longer_than_it_may_be(text: str) -> None:
    line = one_line(text)
    assert len(line) <= MAX_LINE
    assert line.isprintable() or all(sign.isprintable() or sign == " " or ord(sign) > 127 for sign in line)
    assert len(line.splitlines()) <= 1


def test_marks_that_turn_text_round_are_left_out() -> None:
    assert one_line("a\u202eb\u2066c") == "a b c"
    assert in_lines("a\u202eb\u200fc") == "abc\n"


def test_the_same_mail_is_the_same_bytes() -> None:
    letter = Letter("s", "text\n", "<p>html</p>\n")
    assert sealed(letter, heading()).content == sealed(letter, heading()).content


def test_its_id_is_of_what_it_is_about_and_whom_it_is_for() -> None:
    letter = Letter("s", "text\n", None)
    mine, another = (parsed(sealed(letter, heading(to=to)).content) for to in ("a@b.example", "c@d.example"))
    assert re.fullmatch(r"<inv_a\.confirmed\.[0-9a-f]{12}@shop\.example>", mine["Message-ID"])
    assert mine["In-Reply-To"] == mine["Message-ID"].replace("confirmed", "received") == mine["References"]
    assert mine["Message-ID"] != another["Message-ID"]


@pytest.mark.parametrize("html", [None, "<p>html</p>\n"])
def test_a_mail_has_text_and_html_where_there_is_some(html: str | None) -> None:
    message = parsed(sealed(Letter("s", "text\n", html), heading()).content)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == (["text/plain"] if html is None else ["multipart/alternative", "text/plain", "text/html"])
