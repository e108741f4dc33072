"""Mails all the way: from a payment on a real node, by a real daemon, to a real mail server."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from paydaemon_bitcoin.regtest import RegtestNode
from tests.e2e.setup import bitcoin
from tests.support.daemon import Daemon, Json, address_of, due_of, patiently, running
from tests.support.mailserver import PASSWORD
from tests.support.node import pay_many, reorganise
from tests.support.post import Mail, PostOffice
from tests.support.waiting import until

RECEIPTS = [{"seller": "shop", "name": "Café am Eck"}]
WRONG = "Tr0ub4dor&3"
BUYER = {"email": "ada@example.org", "locale": "de-AT", "name": "Ada"}
QUICKLY = {"deliveries": {"retry_pause_s": 1}, "requests_per_s": 10_000, "requests_burst": 10_000}


@pytest.fixture
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostOffice]:
    with PostOffice(tmp_path_factory.mktemp("post")).open() as post:
        yield post


def tables(node: RegtestNode, post: PostOffice, folder: Path, **settings: Any) -> Json:
    own = {"plugin": "email", **post.settings(receipts=RECEIPTS, **post.login(folder), **settings)}
    return {**bitcoin(node), "notifiers": {"email": own}, "limits": QUICKLY}


@asynccontextmanager
async def telling(
    node: RegtestNode, post: PostOffice, folder: Path, **settings: Any
) -> AsyncIterator[Daemon]:
    async with running(folder, tables(node, post, folder, **settings)) as daemon:
        yield daemon
        assert PASSWORD not in daemon.log()
        assert WRONG not in daemon.log()


async def paid(node: RegtestNode, daemon: Daemon, **fields: Any) -> Json:
    invoice = await daemon.invoice(confirmations=1, **fields)
    await pay_many(node, (address_of(invoice), due_of(invoice)))
    return invoice


async def was_tried(daemon: Daemon) -> bool:
    """Whether there is a record of an attempt that failed: it says why, and not by which password."""
    listed = await daemon.call("GET", "/v1/deliveries?state=pending")
    assert WRONG not in str(listed)
    return any("refused logging in: 535 5.7.8" in str(delivery) for delivery in listed["data"])


def about(post: PostOffice, invoice: Json) -> list[Mail]:
    return [mail for mail in post.mails() if invoice["id"] in mail.text]


async def test_an_invoice_is_two_mails_to_the_operator_and_a_receipt_to_the_buyer(
    node: RegtestNode, post: PostOffice, folder: Path
) -> None:
    async with telling(node, post, folder) as daemon:
        invoice = await paid(node, daemon, note="Two coffees", buyer=BUYER)
        await until(lambda: len(about(post, invoice)) == 1)
        await node.mine(1)
        await until(lambda: len(about(post, invoice)) == 3)
        unknown = await paid(node, daemon)
        await node.mine(1)
        await until(lambda: len(about(post, unknown)) == 2)
        await daemon.stop()
    first, *others = about(post, invoice)
    confirmed, receipt = sorted(others, key=lambda mail: mail.recipients, reverse=True)
    assert first.message["Subject"] == f"Transaction received for payment {invoice['id']}"
    assert confirmed.message["Subject"] == f"Payment request {invoice['id']} is confirmed"
    assert confirmed.message["In-Reply-To"] == first.message["Message-ID"]
    assert (receipt.recipients, receipt.message["Subject"]) == (
        ["ada@example.org"],
        "Ihre Zahlung an Café am Eck",
    )
    assert "Two coffees" in first.text
    assert "Two coffees" not in receipt.text
    assert invoice["checkout_url"] in receipt.text
    assert {tuple(mail.recipients) for mail in about(post, unknown)} == {("ops@shop.example",)}


async def test_what_could_not_be_told_is_told_after_a_kill_and_no_mail_comes_twice(
    node: RegtestNode, post: PostOffice, folder: Path
) -> None:
    async with telling(node, post, folder) as daemon:
        post.login(folder, WRONG)  # it is read anew for each connection
        invoice = await paid(node, daemon, buyer=BUYER)
        await node.mine(1)
        await daemon.until_status(invoice["id"], "settled")
        await patiently(lambda: was_tried(daemon))
        await daemon.kill()
        post.login(folder)
        await daemon.start()
        await until(lambda: len(about(post, invoice)) == 3)
        await daemon.stop()
        await daemon.start()
        another = await paid(node, daemon)
        await until(lambda: len(about(post, another)) == 1)
    ids = [mail.message["Message-ID"] for mail in post.mails()]
    assert len(ids) == len(set(ids)) == 4


async def test_greylisted_mails_come_later_and_keep_no_other_recipient_waiting(
    node: RegtestNode, post: PostOffice, folder: Path
) -> None:
    answer = "450 4.7.1 Greylisted, come back in 2 seconds"
    post.behave(rcpt={"ops@shop.example": {"answer": answer, "times": 1}})
    operators = {"ops": "ops@shop.example", "ada": "ada@shop.example"}
    async with telling(node, post, folder, operators=operators) as daemon:
        invoice = await paid(node, daemon)
        await until(lambda: len(about(post, invoice)) == 2)
    assert [mail.recipients for mail in about(post, invoice)] == [["ada@shop.example"], ["ops@shop.example"]]


async def test_what_was_taken_back_and_what_belongs_to_nobody_is_told(
    node: RegtestNode, post: PostOffice, folder: Path
) -> None:
    async with telling(node, post, folder) as daemon:
        invoice = await paid(node, daemon, buyer=BUYER)
        await node.mine(1)
        await until(lambda: len(about(post, invoice)) == 3)
        await reorganise(node, 1)
        await until(lambda: len(about(post, invoice)) == 4)
        await node.mine(1)
        await until(lambda: len(about(post, invoice)) == 5)
        await daemon.until_status(invoice["id"], "settled")
    subjects = [str(mail.message["Subject"]) for mail in about(post, invoice)[3:]]
    assert subjects == [
        f"Payment request {invoice['id']} is no longer settled",
        f"Payment request {invoice['id']} is confirmed",
    ], "and no second receipt"
