"""Mails by a real server: who gets which, on which connection, and what they look like when they arrive."""

from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import Target
from tests.email.world import BUYERS, OPS, RECEIPTS, notice, payment, received, settled, subjects, telling
from tests.support.mailserver import USER
from tests.support.post import PostOffice

ID = "inv_m4tq7zsv2hx6ydk3lb5wnrpe"


@pytest.mark.parametrize("listener", ["starttls", "tls", "plain"])
async def test_an_operator_is_told_by_each_way_to_a_server(post: PostOffice, listener: str) -> None:
    async with telling(post, listener) as notifier:
        told = await notifier.tell(OPS, [received()])
    (mail,) = post.mails()
    assert (told.status, told.detail) == (250, "2.0.0 Ok: queued as 4F2c1")
    assert (mail.sender, mail.recipients) == ("payments@shop.example", ["ops@shop.example"])
    assert mail.tls is (listener != "plain")
    assert mail.message["Subject"] == f"Transaction received for payment {ID}"
    assert mail.message["From"] == "paydaemon <payments@shop.example>"
    assert mail.message["To"] == "ops@shop.example"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["List-Id"] == "<paydaemon.shop.example>"
    assert mail.message["X-Paydaemon-Event"] in mail.text
    assert parsedate_to_datetime(mail.message["Date"]).isoformat() == "2026-01-31T12:01:00+00:00"
    assert "tx-of-pay_a" in mail.text
    assert "tx-of-pay_a" in mail.html
    assert max(map(len, mail.raw.splitlines())) < 998


async def test_who_logs_in_is_known(post: PostOffice, tmp_path: Path) -> None:
    post.behave(auth_required=True)
    async with telling(post, **post.login(tmp_path)) as notifier:
        await notifier.tell(OPS, [received()])
    assert [mail.user for mail in post.mails()] == [USER]


async def test_lines_that_begin_with_a_dot_arrive_as_they_were(post: PostOffice, tmp_path: Path) -> None:
    dots = "first\n.\n..second\n.third"
    (tmp_path / "en").mkdir()
    (tmp_path / "en/received.txt").write_text(f"Subject: x\n\n{dots}\n{{{{ event_id }}}}\n")
    async with telling(post, templates=str(tmp_path)) as notifier:
        await notifier.tell(OPS, [received()])
    (mail,) = post.mails()
    assert dots in mail.text
    assert mail.text.rstrip().endswith(mail.message["X-Paydaemon-Event"])


async def test_one_connection_serves_many_mails_and_then_another_does(post: PostOffice) -> None:
    async with telling(post, limits={"mails_per_connection": 3}) as notifier:
        for number in range(5):
            await notifier.tell(OPS, [received(id=f"inv_{number}")])
    peers = [mail.peer for mail in post.mails()]
    assert peers[0] == peers[1] == peers[2] != peers[3] == peers[4]


async def test_a_second_attempt_is_the_same_mail_to_the_byte(post: PostOffice) -> None:
    again = received()
    async with telling(post) as notifier, telling(post) as other:
        await notifier.tell(OPS, [again])
        await other.tell(OPS, [again])
    first, second = post.mails()
    assert first.raw == second.raw


async def test_what_is_said_later_of_an_invoice_answers_the_first_mail_about_it(post: PostOffice) -> None:
    reversed_ = notice(EventType.INVOICE_REVERSED, settled().body["data"])  # type: ignore[arg-type]
    async with telling(post) as notifier:
        for one in (received(), settled(), reversed_):
            await notifier.tell(OPS, [one])
    first, *later = (mail.message for mail in post.mails())
    assert first["In-Reply-To"] is None
    assert {mail["In-Reply-To"] for mail in later} == {first["Message-ID"]}
    assert {mail["References"] for mail in later} == {first["Message-ID"]}
    assert len({first["Message-ID"], *(mail["Message-ID"] for mail in later)}) == 3


async def test_each_operator_has_mails_of_their_own(post: PostOffice) -> None:
    operators = {"ada": "ada@shop.example", "bob": "bob@shop.example"}
    post.behave(rcpt={"bob@shop.example": {"answer": "550 5.1.1 No such user"}})
    async with telling(post, operators=operators) as notifier:
        assert [audience.name for audience in notifier.audiences] == ["ada", "bob"]
        await notifier.tell(Target("email:ada", "email", "ada", None), [received()])
    (mail,) = post.mails()
    assert mail.recipients == ["ada@shop.example"]
    assert "bob" not in mail.raw
    assert mail.message["Bcc"] is None


async def test_a_buyer_gets_a_receipt_in_their_language_from_the_seller(post: PostOffice) -> None:
    async with telling(post, receipts=RECEIPTS) as notifier:
        await notifier.tell(BUYERS, [settled()])
    (mail,) = post.mails()
    assert mail.recipients == ["ada@example.org"]
    assert mail.message["To"] == "Ada Example <ada@example.org>"
    assert mail.message["From"] == "Café am Eck <payments@shop.example>"
    assert mail.message["Reply-To"] == "hello@shop.example"
    assert mail.message["Subject"] == "Ihre Zahlung an Café am Eck"
    assert mail.message["List-Id"] is None
    assert 'lang="de"' in mail.html
    assert "Two coffees" not in mail.raw, "a note is the seller's own"


@pytest.mark.parametrize(
    ("buyer", "subject"),
    [
        ({"email": "a@b.example", "locale": "fr"}, "Ihre Zahlung an Café am Eck"),
        ({"email": "a@b.example", "locale": "en-GB"}, "Your payment to Café am Eck"),
        ({"email": "a@b.example"}, "Ihre Zahlung an Café am Eck"),
    ],
)
async def test_a_language_without_templates_is_the_configured_one(
    post: PostOffice, buyer: dict[str, str], subject: str
) -> None:
    async with telling(post, receipts=RECEIPTS, locale="de") as notifier:
        await notifier.tell(BUYERS, [settled(buyer=buyer)])
    assert subjects(post) == [subject]


@pytest.mark.parametrize(
    "fields", [{"buyer": {}}, {"seller_id": "another"}, {"flags": ["reversed"]}], ids=str
)
async def test_who_gets_no_receipt(post: PostOffice, fields: dict[str, object]) -> None:
    async with telling(post, receipts=RECEIPTS) as notifier:
        told = await notifier.tell(BUYERS, [settled(**fields)])
    assert told.status is None
    assert post.mails() == []


async def test_some_that_wait_are_some_mails_and_many_are_a_digest(post: PostOffice) -> None:
    many = [received(id=f"inv_{number:02}") for number in range(12)]
    async with telling(post, limits={"digest_from": 5}) as notifier:
        await notifier.tell(OPS, many[:4])
        assert len(post.mails()) == 4
        await notifier.tell(OPS, many[4:])
    digest = post.mails()[-1]
    assert len(post.mails()) == 5
    assert str(digest.message["Subject"]).startswith("8 notices")
    assert [f"inv_{number:02}" in digest.text for number in range(12)] == [False] * 4 + [True] * 8
    assert digest.message.get_all("X-Paydaemon-Event") == [one.event_id for one in many[4:]]


async def test_what_is_worth_no_mail_is_told_to_nobody(post: PostOffice) -> None:
    second = payment("pay_b", seen_at="2026-01-31T12:05:00.000Z")
    data = received().body["data"]
    assert isinstance(data, dict)
    data["invoice"]["options"][0]["payments"].append(second)
    async with telling(post, tell=["received"]) as notifier:
        for one in (notice(EventType.INVOICE_PAYMENT_SEEN, {**data, "payment": second}), settled()):
            assert (await notifier.tell(OPS, [one])).detail == "not worth a mail"
    assert post.mails() == []
