"""The demo's mail server, spoken to by the standard library, by our own mailer, and by nobody polite."""

import smtplib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage

import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from paydaemon_email import sink
from paydaemon_email.config import EmailConfig
from paydaemon_email.notifier import EmailNotifier
from paydaemon_email.receiver import DemoReceiver
from tests.email.wires import Stream, serving
from tests.email.world import BUYERS, OPS, received, settled
from tests.support.waiting import BOUND_S

Mails = list[tuple[Sequence[str], bytes]]

HELLO = b"EHLO [127.0.0.1]\r\n"
BEGIN = HELLO + b"MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@shop.example>\r\n"
DATA = BEGIN + b"DATA\r\n"
ONE = DATA + b"Subject: one\r\n\r\n.\r\n"
QUIT = b"QUIT\r\n"


@asynccontextmanager
async def sinking() -> AsyncIterator[tuple[int, Mails]]:
    """A server, and what it takes."""
    mails: Mails = []

    async def handle(stream: Stream) -> None:
        await sink.converse(stream, lambda recipients, content: mails.append((recipients, content)))

    async with serving(handle) as port:
        yield port, mails


async def led(port: int, work: Callable[[smtplib.SMTP], object]) -> None:
    """A conversation by smtplib, in a thread."""

    def lead() -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="[127.0.0.1]", timeout=BOUND_S) as client:
            work(client)

    await trio.to_thread.run_sync(lead)


async def codes(port: int, said: bytes) -> list[int]:
    """What is answered to bytes that end in QUIT, all sent at once; several lines of one answer are one."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, said)
        with trio.fail_after(BOUND_S):
            answers = b"".join([bytes(chunk) async for chunk in stream])
    assert answers.endswith(b"\r\n")
    return [int(line[:3]) for line in answers.decode().splitlines() if line[3:4] == " "]


def mail(text: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@shop.example", "b@shop.example", "A mail"
    message.set_content(text)
    return message


# --- By those who speak it well


async def test_smtplib_hands_over_what_it_likes() -> None:
    dots = ".\n..\n.a line\n...\n"

    def work(client: smtplib.SMTP) -> None:
        assert client.send_message(mail(dots)) == {}
        client.send_message(mail("Again"), to_addrs=["c@shop.example", "d@shop.example"])
        assert [client.noop()[0], client.rset()[0], client.verify("b")[0]] == [250, 250, 252]
        assert int(client.esmtp_features["size"]) == sink.MAX_MAIL_BYTES

    async with sinking() as (port, mails):
        await led(port, work)
    (first, content), (second, _) = mails
    assert content.partition(b"\r\n\r\n")[2].decode() == dots.replace("\n", "\r\n")
    assert (first, second) == (("b@shop.example",), ("c@shop.example", "d@shop.example"))


async def test_an_address_beyond_ascii_is_taken_and_shown_without_marks() -> None:
    said = HELLO + "MAIL FROM:<> SMTPUTF8\r\nRCPT TO:<zoë@bü\u00adcher.example>\r\nDATA\r\n.\r\n".encode()
    async with sinking() as (port, mails):
        assert await codes(port, said + QUIT) == [220, 250, 250, 250, 354, 250, 221]
    assert mails == [(("zoë@xn--bcher-kva.example",), b"")]


async def test_reset_forgets_and_each_mail_begins_anew() -> None:
    async with sinking() as (port, mails):
        assert await codes(port, BEGIN + b"RSET\r\nDATA\r\n" + ONE + b"DATA\r\n" + QUIT) == [
            *(220, 250, 250, 250, 250, 503),
            *(250, 250, 250, 354, 250, 503, 221),
        ]
    assert mails == [(("b@shop.example",), b"Subject: one\r\n\r\n")]


# --- And by others


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<a@shop.example>", 503),
        (b"RCPT TO:<b@shop.example>", 503),
        (b"DATA", 503),
        (b"DATA now", 500),
        (b"HELO", 500),
        (b"STARTTLS", 500),
        (b"", 500),
        (b"\x00\xff\xfe", 500),
        (b"NOOP" + b"x" * sink.MAX_LINE_BYTES, 500),
        (b"NOOP " * 100_000, 500),
    ],
    ids=lambda value: str(value[:20] if isinstance(value, bytes) else value),
)
async def test_what_does_not_fit_is_refused_and_the_next_command_is_not(line: bytes, code: int) -> None:
    async with sinking() as (port, mails):
        assert await codes(port, line + b"\r\n" + ONE + QUIT) == [220, code, 250, 250, 250, 354, 250, 221]
    assert len(mails) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"MAIL FROM:<c@shop.example>", 503),
        (b"RCPT TO:<>", 501),
        (b"RCPT TO:b@shop.example", 501),
        (b"RCPT TO:<b@shop.example> NOTIFY=NEVER", 501),
        (b"RCPT TO:<b@shop.example\n>", 501),
        (b"RCPT TO:<b\x1b[2J@shop.example>", 501),
        ("RCPT TO:<b\u202e@shop.example>".encode(), 501),
        (b"RCPT TO:<b\xff@shop.example>", 500),
    ],
    ids=str,
)
async def test_an_address_is_an_address(line: bytes, code: int) -> None:
    said = BEGIN + line + b"\r\nDATA\r\n.\r\n" + QUIT
    async with sinking() as (port, mails):
        assert await codes(port, said) == [220, 250, 250, 250, code, 354, 250, 221]
    assert mails == [(("b@shop.example",), b"")]


@pytest.mark.parametrize(
    "sender", ["<a>", "a@shop.example", "<a@shop.example> AUTH=<>", "<a@shop.example> SIZE=x"]
)
async def test_a_sender_is_one_or_nobody(sender: str) -> None:
    async with sinking() as (port, _):
        assert await codes(port, HELLO + f"MAIL FROM:{sender}\r\n".encode() + QUIT) == [220, 250, 501, 221]


async def test_there_are_only_so_many_recipients() -> None:
    said = BEGIN + b"RCPT TO:<c@shop.example>\r\n" * sink.MAX_RECIPIENTS + b"DATA\r\n.\r\n" + QUIT
    async with sinking() as (port, mails):
        assert (await codes(port, said)).count(452) == 1
    assert len(mails[0][0]) == sink.MAX_RECIPIENTS


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n..\r\n"])
async def test_only_a_dot_between_whole_line_ends_ends_a_mail(end: bytes) -> None:
    hidden = b"MAIL FROM:<c@shop.example>\r\n"
    async with sinking() as (port, mails):
        answers = await codes(port, DATA + b"text" + end + hidden + b"\r\n.\r\n" + QUIT)
    assert answers == [220, 250, 250, 250, 354, 250, 221]
    assert hidden in mails[0][1]


LONG = b"x" * (sink.MAX_LINE_BYTES + 1) + b"\r\n"
LARGE = (b"x" * 998 + b"\r\n") * (sink.MAX_MAIL_BYTES // 1_000 + 1)


@pytest.mark.parametrize("content", [LONG, LARGE, LONG * 50 + LARGE], ids=["long", "large", "both"])
async def test_of_too_much_nothing_is_kept_and_nothing_of_it_is_a_command(content: bytes) -> None:
    async with sinking() as (port, mails):
        said = DATA + content + b"NOOP\r\nQUIT\r\n.\r\n" + ONE + QUIT
        assert await codes(port, said) == [220, 250, 250, 250, 354, 552, 250, 250, 250, 354, 250, 221]
    assert mails == [(("b@shop.example",), b"Subject: one\r\n\r\n")]


async def test_the_longest_line_and_the_largest_mail_are_taken() -> None:
    line = b"x" * sink.MAX_LINE_BYTES + b"\r\n"
    async with sinking() as (port, mails):
        await codes(port, DATA + line * (sink.MAX_MAIL_BYTES // len(line)) + b".\r\n" + QUIT)
    assert len(mails) == 1


async def test_a_long_line_may_arrive_in_any_pieces() -> None:
    client, server = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sink.converse, server, lambda recipients, content: None)
        for piece in (b"x" * 3_000, b"x" * 3_000 + b"\r", b"\n", b"NOOP\r", b"\n", QUIT):
            await client.send_all(piece)
            await wait_all_tasks_blocked()
        answers = b"".join([bytes(chunk) async for chunk in client])
    assert [line[:3] for line in answers.splitlines()] == [b"220", b"500", b"250", b"221"]


async def test_one_who_says_nothing_or_reads_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink, "_WITHIN_S", 0.2)
    async with sinking() as (port, _):
        for said in (b"", DATA + b"a line\r\n", HELLO * 200_000):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                with trio.fail_after(BOUND_S), suppress(trio.BrokenResourceError):
                    await stream.send_all(said)
                    while await stream.receive_some():
                        pass


# --- The receiver


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[EmailConfig, list[str]]]:
    """The demo's receiver, with the settings that lead to it, and what it says."""
    said: list[str] = []
    async with trio.open_nursery() as nursery:
        facts = await nursery.start(DemoReceiver().run, "shop", said.append)
        assert facts.endpoint is None
        yield EmailConfig.model_validate(facts.settings, strict=False), said
        nursery.cancel_scope.cancel()


async def test_it_says_whom_each_of_our_mails_is_for_and_its_subject() -> None:
    async with receiving() as (config, said), trio.open_nursery() as nursery:
        notifier = EmailNotifier("email", config)
        await nursery.start(notifier.run)
        await notifier.tell(OPS, [what := received()])
        await notifier.tell(BUYERS, [settled(buyer={"email": "ada@example.org"})])
        nursery.cancel_scope.cancel()
    assert said == [
        f"mail to ops@shop.example: Transaction received for payment {what.invoice_id}",
        "mail to ada@example.org: Your payment to the shop shop",
    ]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        (b"Subject: =?utf-8?q?Caf=C3=A9?=", "mail to b@shop.example: Café"),
        (b"Subject: a\r\n b\x1b[2J\x07 c", "mail to b@shop.example: a b [2J c"),
        (b"Subject: =?utf-8?q?a=0D=0Ab=E2=80=AEc?=", "mail to b@shop.example: a b c"),
        (b"Subject: \xff\xfe", "mail to b@shop.example: \ufffd\ufffd"),
    ],
    ids=str,
)
async def test_a_subject_is_one_line_whatever_it_holds(header: bytes, line: str) -> None:
    async with receiving() as (config, said):
        assert await codes(config.server_port, DATA + header + b"\r\n\r\n.\r\n" + QUIT) == [
            *(220, 250, 250, 250, 354, 250, 221)
        ]
    assert said == [line]


@pytest.mark.parametrize("content", [b"", b"no mail\r\n", b"Subject:\r\n\r\n", b"\xff\x00\r\n"], ids=str)
async def test_what_is_no_mail_is_refused_without_a_word(content: bytes) -> None:
    async with receiving() as (config, said):
        assert 554 in await codes(config.server_port, DATA + content + b".\r\n" + QUIT)
    assert said == []


async def test_headers_that_the_library_trips_over_cost_that_mail_alone() -> None:
    broken = DATA + b"Subject: two\r\nContent-Type: multipart/mixed;\xff*0*\r\n\r\n.\r\n"
    async with receiving() as (config, said):
        answers = await codes(config.server_port, broken + ONE + QUIT)
    assert answers[5] in (250, 554), "which of them depends on the library's release"
    assert answers[6:] == [250, 250, 250, 354, 250, 221]
    assert said[-1] == "mail to b@shop.example: one"


@pytest.mark.parametrize(
    "said", [b"", b"EHL", BEGIN, DATA, DATA + b"Subject: half\r\n.\r", HELLO * 1_000], ids=str
)
async def test_one_who_is_gone_is_forgotten_and_the_next_one_served(said: bytes) -> None:
    async with receiving() as (config, mails):
        async with await trio.open_tcp_stream("127.0.0.1", config.server_port) as stream:
            await stream.send_all(said)
        async with await trio.open_tcp_stream("127.0.0.1", config.server_port) as stream:
            await stream.send_all(said)
            await stream.send_eof()
            async for _ in stream:
                pass
        await codes(config.server_port, ONE + QUIT)
    assert mails == ["mail to b@shop.example: one"]
