"""What goes wrong between us and the server: what the daemon is told, and that nobody hears of it twice."""

import threading
from pathlib import Path
from typing import Any

import pytest
import trio

from paydaemon.hooks.notifier import Notice, NotTold, Target
from paydaemon_email.notifier import EmailNotifier
from tests.email.wires import Handler, babbling, dripping, saying, serving, without_starttls
from tests.email.world import BUYERS, OPS, RECEIPTS, received, settled, subjects, telling
from tests.support.mailserver import PASSWORD
from tests.support.post import PostOffice
from tests.support.waiting import until

SOON_S = 10
"""Sooner than an answer would be given up by itself."""
GREYLISTED = {"ops@shop.example": {"answer": "450 4.2.0 Greylisted, try again in 3 minutes", "times": 1}}


async def refusal(notifier: EmailNotifier, *notices: Notice, target: Target = OPS) -> NotTold:
    with pytest.raises(NotTold) as caught:
        await notifier.tell(target, notices or [received()])
    return caught.value


# --- The server says no


@pytest.mark.parametrize("which", ["the first", "one after others"])
async def test_a_greylisted_mail_is_told_to_wait_and_then_taken(post: PostOffice, which: str) -> None:
    post.behave(rcpt=GREYLISTED)
    async with telling(post) as notifier:
        refused = await refusal(notifier, one := received())
        assert (refused.status, refused.retry_after_s) == (450, 180)
        assert refused.target_down  # it is one mailbox: nothing else for it would be taken
        assert not refused.for_good
        assert refused.reason.endswith("450 4.2.0 Greylisted, try again in 3 minutes")
        await notifier.tell(OPS, [one])
    assert len(post.mails()) == 1


BUSY = {"answer": "451 4.3.0 Try later"}
UNKNOWN = {"answer": "550 5.1.1 No such user"}
RELAY = {"answer": "554 5.7.1 Relay access denied"}


@pytest.mark.parametrize(
    ("behaviour", "status", "buyers_down", "operator_down", "for_good"),
    [
        ({"rcpt": {"ops@shop.example": BUSY, "ada@example.org": BUSY}}, 451, False, True, False),
        ({"rcpt": {"ops@shop.example": UNKNOWN, "ada@example.org": UNKNOWN}}, 550, False, False, True),
        ({"rcpt": {"ops@shop.example": RELAY, "ada@example.org": RELAY}}, 554, False, True, False),
        ({"mail": "451 4.3.2 Too busy"}, 451, True, True, False),
        ({"mail": "550 5.1.8 Sender unknown"}, 550, True, True, False),
        ({"data": "451 4.7.1 Try again"}, 451, False, True, False),
        ({"data": "554 5.6.0 Looks like spam"}, 554, False, False, True),
    ],
    ids=str,
)
async def test_what_a_refusal_means(
    post: PostOffice,
    behaviour: dict[str, object],
    status: int,
    buyers_down: bool,
    operator_down: bool,
    for_good: bool,
) -> None:
    post.behave(**behaviour)
    async with telling(post, receipts=RECEIPTS) as notifier:
        told = await refusal(notifier, settled(), target=BUYERS)
        assert (told.status, told.target_down, told.for_good) == (status, buyers_down, for_good)
        told = await refusal(notifier)
        assert (told.status, told.target_down, told.for_good) == (status, operator_down, for_good)
        assert told.reason.startswith(f"localhost:{post.ports['starttls']} refused ")
        post.behave()
        await notifier.tell(OPS, [received()])
    assert len(post.mails()) == 1


async def test_of_several_nobody_says_which_is_refused_for_good(post: PostOffice) -> None:
    post.behave(data="554 5.6.0 Looks like spam")
    async with telling(post, limits={"digest_from": 3}) as notifier:
        for number in (2, 3):
            told = await refusal(notifier, *(received() for _ in range(number)))
            assert (told.target_down, told.for_good) == (False, False)


async def test_who_was_taken_before_a_refusal_is_not_told_again(post: PostOffice) -> None:
    some = [received(id=f"inv_{number}") for number in range(3)]
    async with telling(post) as notifier:
        await notifier.tell(OPS, some[:1])
        post.behave(data="451 4.3.0 Not now")
        await refusal(notifier, *some)
        post.behave()
        await notifier.tell(OPS, some)
    assert subjects(post) == [f"Transaction received for payment inv_{number}" for number in range(3)]


async def test_a_digest_leaves_out_who_was_taken_before(post: PostOffice) -> None:
    some = [received(id=f"inv_{number}") for number in range(6)]
    async with telling(post, limits={"digest_from": 4}) as notifier:
        await notifier.tell(OPS, some[:2])
        await notifier.tell(OPS, some)
    assert subjects(post)[2].startswith("4 notices")
    assert [f"inv_{number}" in post.mails()[2].text for number in range(6)] == [False] * 2 + [True] * 4


async def test_a_server_that_closes_is_called_again(post: PostOffice) -> None:
    async with telling(post) as notifier:
        await notifier.tell(OPS, [received()])
        post.behave(mail="421 4.3.2 Shutting down")
        refused = await refusal(notifier)
        assert (refused.status, refused.target_down) == (421, True)
        post.behave()
        await notifier.tell(OPS, [received()])
    first, second = (mail.peer for mail in post.mails())
    assert first != second


@pytest.mark.parametrize("address", ["ada@", "Ada <ada@example.org>", "ada@example.org\r\nRCPT TO:<b@c.d>"])
async def test_a_buyer_without_a_real_address_is_given_up(post: PostOffice, address: str) -> None:
    async with telling(post, receipts=RECEIPTS) as notifier:
        refused = await refusal(notifier, settled(buyer={"email": address}), target=BUYERS)
    assert refused.reason.startswith("buyer.email: ")
    assert refused.for_good
    assert not refused.target_down


async def test_an_address_beyond_ascii_needs_a_server_that_takes_it(post: PostOffice) -> None:
    wanted = settled(buyer={"email": "änne@bücher.example"})
    post.behave(ascii=True)
    async with telling(post, receipts=RECEIPTS) as notifier:
        refused = await refusal(notifier, wanted, target=BUYERS)
        assert "has no SMTPUTF8" in refused.reason
        assert refused.for_good
    post.behave()
    async with telling(post, receipts=RECEIPTS) as notifier:
        await notifier.tell(BUYERS, [wanted])
    assert [mail.recipients for mail in post.mails()] == [["änne@xn--bcher-kva.example"]]
    assert post.mails()[0].message["To"] == "änne@xn--bcher-kva.example"


# --- TLS


@pytest.mark.parametrize(
    ("listener", "ca", "reason"),
    [
        ("other", True, "TLS: the certificate is not trusted: Hostname mismatch"),
        ("expired", True, "TLS: the certificate is not trusted: certificate has expired"),
        ("starttls", False, "TLS: the certificate is not trusted: unable to get local issuer certificate"),
        ("tls", False, "TLS: the certificate is not trusted: unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_not_trusted(
    post: PostOffice, tmp_path: Path, listener: str, ca: bool, reason: str
) -> None:
    trust: dict[str, Any] = {} if ca else {"ca_file": None}
    async with telling(post, listener, **trust, **post.login(tmp_path)) as notifier:
        refused = await refusal(notifier)
    assert reason in refused.reason
    assert refused.target_down
    assert post.mails() == []


async def test_starttls_that_somebody_in_the_middle_took_away(post: PostOffice, tmp_path: Path) -> None:
    async with (
        serving(without_starttls(post.ports["starttls"])) as port,
        telling(post, port=port, **post.login(tmp_path)) as notifier,
    ):
        refused = await refusal(notifier)
    assert "the server offers no STARTTLS, and nothing is sent in the open" in refused.reason
    assert post.mails() == []


async def test_what_is_said_in_the_open_after_starttls_counts_for_nothing(post: PostOffice) -> None:
    injected = b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n"
    script = saying(b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", injected)
    async with serving(script) as port, telling(post, port=port, timeout_s=1) as notifier:
        refused = await refusal(notifier)
    assert "TLS: " in refused.reason


async def test_in_the_open_it_speaks_to_this_machine_alone(
    post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paydaemon_email.mailer._is_here", lambda stream: False)
    async with telling(post, "plain") as notifier:
        refused = await refusal(notifier)
        assert 'security = "none" is for this machine' in refused.reason
    async with telling(post, "plain", allow_plain=True) as notifier:
        await notifier.tell(OPS, [received()])


# --- Logging in


async def test_a_wrong_password_is_told_without_it(
    post: PostOffice, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with telling(post, **post.login(tmp_path, "Tr0ub4dor&3-wrong")) as notifier:
        refused = await refusal(notifier)
    assert refused.reason.endswith("refused logging in: 535 5.7.8")
    assert refused.target_down
    assert "Tr0ub4dor" not in f"{refused!r}{refused.__cause__!r}{refused.__context__!r}{caplog.text}"


async def test_a_server_that_repeats_the_password(post: PostOffice, tmp_path: Path) -> None:
    repeats = f"535 you said {PASSWORD}\r\n".encode()
    script = saying(b"220 hello\r\n", b"250-hello\r\n250 AUTH PLAIN\r\n", repeats)
    async with serving(script) as port, telling(post, "plain", port=port, **post.login(tmp_path)) as notifier:
        refused = await refusal(notifier)
    assert refused.reason.endswith("refused logging in: 535")


async def test_a_server_that_knows_no_way_to_log_in(post: PostOffice, tmp_path: Path) -> None:
    script = saying(b"220 hello\r\n", b"250-hello\r\n250 AUTH GSSAPI\r\n")
    async with serving(script) as port, telling(post, "plain", port=port, **post.login(tmp_path)) as notifier:
        assert "offers no way to log in" in (await refusal(notifier)).reason


async def test_a_password_that_cannot_be_read(post: PostOffice, tmp_path: Path) -> None:
    login = post.login(tmp_path)
    async with telling(post, **login) as notifier:
        (tmp_path / "smtp-password").unlink()
        assert "the password cannot be read: No such file" in (await refusal(notifier)).reason


# --- The connection


async def test_nobody_is_there(post: PostOffice) -> None:
    async with serving(saying()) as port:
        pass
    async with telling(post, port=port) as notifier:
        refused = await refusal(notifier)
    assert refused.reason == f"localhost:{port}: connecting: Connection refused"
    assert refused.target_down


async def test_a_name_that_nobody_has(post: PostOffice) -> None:
    async with telling(post, host="nobody.invalid") as notifier:
        refused = await refusal(notifier)
    assert refused.reason.startswith(f"nobody.invalid:{post.ports['starttls']}: connecting: ")
    assert refused.target_down


@pytest.mark.parametrize(
    ("drop", "taken", "reason"),
    [("before the dot", 0, "the mail's end"), ("after the dot", 1, "it may have been taken")],
)
async def test_a_connection_that_is_lost(post: PostOffice, drop: str, taken: int, reason: str) -> None:
    one = received()
    post.behave(drop=drop)
    async with telling(post) as notifier:
        refused = await refusal(notifier, one)
        assert reason in refused.reason
        assert refused.target_down
        assert not refused.for_good
        await until(lambda: len(post.mails()) == taken)
        post.behave()
        await notifier.tell(OPS, [one])
    assert len(post.mails()) == taken + 1
    assert len({mail.message["Message-ID"] for mail in post.mails()}) == 1


@pytest.mark.parametrize("script", [saying(), dripping, babbling], ids=["silent", "dripping", "babbling"])
async def test_a_server_without_an_end_keeps_no_thread(post: PostOffice, script: Handler) -> None:
    before = threading.active_count()
    async with serving(script) as port, telling(post, "plain", port=port) as notifier:
        with trio.fail_after(SOON_S), trio.move_on_after(0.5) as scope:
            await notifier.tell(OPS, [received()])
        assert scope.cancelled_caught
        # Threads that have nothing to do stay for a while, to be used again: what they wait for is no socket.
        await until(lambda: notifier._mailer._threads.borrowed_tokens == 0)
    assert threading.active_count() <= before + 3


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n", b"99 bottles\r\n", b"\xff\xfe\r\n"])
async def test_what_is_no_mail_server(post: PostOffice, greeting: bytes) -> None:
    async with serving(saying(greeting)) as port, telling(post, "plain", port=port) as notifier:
        refused = await refusal(notifier)
    assert refused.reason == f"localhost:{port}: the greeting: that was no answer of SMTP"
    assert refused.target_down


async def test_a_server_that_is_slow_is_waited_for_so_long(post: PostOffice) -> None:
    post.behave(data_s=2)
    async with telling(post, timeout_s=1) as notifier:
        refused = await refusal(notifier)
    assert refused.reason.endswith("the mail's end: no answer in 1 s: it may have been taken")


async def test_an_idle_connection_that_the_server_has_left_is_noticed(post: PostOffice) -> None:
    async with telling(post) as notifier:
        await notifier.tell(OPS, [received()])
        notifier._mailer._idle[0][0].cut()
        await notifier.tell(OPS, [received()])
    assert len(post.mails()) == 2
