"""What an endpoint is sent: to a receiver in a process of its own, which verifies with the public library."""

import json
import logging
import re
import ssl
import time
from email.utils import formatdate

import pytest
import structlog
import trio
from standardwebhooks import Webhook

from paydaemon.hooks.notifier import NotTold, Told
from paydaemon_webhook.notifier import WebhookNotifier
from tests.support.receiving import Receiver
from tests.webhook.conftest import Authority
from tests.webhook.wires import Saying, answer, impatient, serving
from tests.webhook.world import OLDER, SECRET, Hosts, config, notice, outcome, target, telling


async def test_an_event_arrives_whole_and_signed(receiver: Receiver, authority: Authority) -> None:
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        what = notice()
        assert await notifier.tell(target(receiver.url()), [what]) == Told(204, "No Content")
    (taken,) = receiver.taken()
    assert taken.body == {"version": 1, **what.body}
    assert next(iter(taken.body)) == "version"
    assert taken.headers["webhook-id"] == what.event_id
    assert abs(int(taken.headers["webhook-timestamp"]) - time.time()) < 60
    assert taken.headers["Content-Type"] == "application/json"
    assert re.fullmatch(r"paydaemon-webhook/\d+\.\d+\.\S+", taken.headers["User-Agent"])
    assert taken.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert sorted(name.lower() for name in taken.headers) == [
        *("accept", "content-length", "content-type", "host", "user-agent"),
        *("webhook-id", "webhook-signature", "webhook-timestamp"),
    ]


async def test_while_a_secret_is_rotated_either_verifies(receiver: Receiver, authority: Authority) -> None:
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        for known in (SECRET, OLDER):
            receiver.knows(hook=known)
            await notifier.tell(target(receiver.url(), SECRET, OLDER), [notice()])
        receiver.knows(hook=OLDER)
        refused = await outcome(notifier, target(receiver.url(), SECRET))
    assert [len(taken.signatures) for taken in receiver.taken()] == [2, 2]
    assert isinstance(refused, NotTold)
    assert refused.status == 401
    taken = receiver.taken()[0]
    for secret in (SECRET, OLDER):
        Webhook(secret).verify(taken.raw, taken.headers)
    assert {signature[:3] for signature in taken.signatures} == {"v1,"}


async def test_a_retry_bears_the_same_id_and_a_fresh_time(receiver: Receiver, authority: Authority) -> None:
    times = iter([time.time() - 200, time.time(), time.time(), time.time()])
    settings = config(ca_file=str(authority.ca_file))
    notifier = WebhookNotifier("webhook", settings, now=lambda: next(times))
    what = notice()
    async with trio.open_nursery() as nursery:
        await nursery.start(notifier.run)
        for _ in range(2):
            await notifier.tell(target(receiver.url()), [what])
        nursery.cancel_scope.cancel()
    first, second = receiver.taken()
    assert first.id == second.id
    assert first.raw == second.raw
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in (
        199,
        200,
        201,
    )


async def test_a_connection_is_kept_for_the_next_one(receiver: Receiver, authority: Authority) -> None:
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        for status in (200, 204, 503, 301, 200):
            receiver.behaves(status=status, body="words" * (status != 204))
            await outcome(notifier, target(receiver.url()))
    assert len({taken.peer for taken in receiver.taken()}) == 1


async def test_one_that_was_closed_meanwhile_costs_nothing() -> None:
    server = Saying(answer(), then="close")
    async with serving(server) as port, telling() as notifier:
        for _ in range(5):
            assert await notifier.tell(target(f"http://127.0.0.1:{port}/"), [notice()]) == Told(
                204, "No Content"
            )
    assert server.opened == 5


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
async def test_any_2xx_is_taken(receiver: Receiver, authority: Authority, status: int) -> None:
    receiver.behaves(status=status, body="" if status == 204 else "thanks")
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        told = await notifier.tell(target(receiver.url()), [notice()])
    assert told.status == status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere(receiver: Receiver, authority: Authority, status: int) -> None:
    elsewhere = Saying(answer())
    async with serving(elsewhere) as port, telling(ca_file=str(authority.ca_file)) as notifier:
        receiver.behaves(status=status, headers={"Location": f"http://127.0.0.1:{port}/"})
        not_told = await outcome(notifier, target(receiver.url()))
    assert isinstance(not_told, NotTold)
    assert not_told.reason.endswith(", and redirects are not followed")
    assert elsewhere.opened == 0


async def test_it_is_asked_when_to_come_again(receiver: Receiver, authority: Authority) -> None:
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        for asked in ("17", formatdate(time.time() + 17, usegmt=True)):
            receiver.behaves(status=503, headers={"Retry-After": asked})
            not_told = await outcome(notifier, target(receiver.url()))
            assert isinstance(not_told, NotTold)
            assert not_told.retry_after_s is not None
            assert 10 < not_told.retry_after_s <= 17
        receiver.behaves(status=410)
        gone = await outcome(notifier, target(receiver.url()))
        assert isinstance(gone, NotTold)
        assert gone.for_good


async def test_no_cookie_is_kept(receiver: Receiver, authority: Authority) -> None:
    receiver.behaves(status=200, headers={"Set-Cookie": "a=b; Path=/"})
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        for _ in range(2):
            await notifier.tell(target(receiver.url()), [notice()])
    assert all("Cookie" not in taken.headers for taken in receiver.taken())


async def test_a_name_beyond_ascii_has_its_certificate(receiver: Receiver, authority: Authority) -> None:
    hosts = Hosts(**{"xn--bcher-kva_example": [["127.0.0.1"]]})
    async with telling(hosts, ca_file=str(authority.ca_file)) as notifier:
        kept = notifier.check({"url": receiver.url(host="bücher.example")})
        assert await notifier.tell(target(str(kept["url"])), [notice()]) == Told(204, "No Content")
    assert receiver.taken()[0].headers["Host"] == f"xn--bcher-kva.example:{receiver.port}"


# --- Secrets


def all_there_is(error: BaseException | None) -> str:
    seen = []
    while error is not None:
        seen.append(repr(error) + str(vars(error)))
        error = error.__cause__ or error.__context__
    return " ".join(seen)


async def test_no_secret_is_said_anywhere(
    receiver: Receiver, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = "hook?token=hidden-in-the-path"
    receiver.behaves(status=500, body="the answer's own words", headers={"X-Words": "the answer's own words"})
    said = []
    with structlog.testing.capture_logs() as logs:
        async with telling(ca_file=str(authority.ca_file)) as notifier:
            for to in (
                target(receiver.url(path)),
                target(f"https://localhost:{receiver.port}/{path}"),
                target(f"https://127.0.0.1:1/{path}"),
                target(receiver.url(path), "whsec_!!not-base-64!!"),
                target(receiver.url(path), "whsec_"),
            ):
                result = await outcome(notifier, to)
                assert isinstance(result, NotTold)
                said += [repr(to), all_there_is(result)]
    everything = " ".join(said) + json.dumps(logs, default=repr)
    # httpcore notes an answer's headers at debug; the daemon keeps it from that (`paydaemon.logs.QUIET`).
    records = " ".join(record.getMessage() for record in caplog.records if record.name != "httpcore.http11")
    assert "is not trusted" in everything
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "not-base-64", "own words"):
        assert secret not in everything.replace(f"'url': '{receiver.url(path)}'", "")
        assert secret not in records
    reasons = " ".join(line for line in said if "NotTold" in line)
    assert "hidden-in-the-path" not in reasons + records + json.dumps(logs, default=repr)


async def test_nothing_is_sent_unsigned(receiver: Receiver, authority: Authority) -> None:
    bare = target(receiver.url())
    async with telling(ca_file=str(authority.ca_file)) as notifier:
        not_told = await outcome(notifier, type(bare)("we_a", "webhook", None, "shop", bare.settings, ()))
    assert isinstance(not_told, NotTold)
    assert not_told.reason == "there is no secret to sign with, and nothing is sent unsigned"
    assert receiver.taken() + receiver.refused() == []


# --- TLS


def context_of(authority: Authority, certificate: bytes) -> ssl.SSLContext:
    file = authority.ca_file.with_name("server.pem")
    file.write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    ("names", "days", "known", "reason"),
    [
        (["elsewhere.example"], 2, True, "Hostname mismatch, certificate is not valid for 'shop.example'"),
        (["shop.example"], -1, True, "certificate has expired"),
        (["shop.example"], 2, False, "unable to get local issuer certificate"),
    ],
)
async def test_a_certificate_that_is_none(
    authority: Authority, names: list[str], days: int, known: bool, reason: str
) -> None:
    server, hosts = Saying(answer()), Hosts(shop_example=[["127.0.0.1"]])
    context = context_of(authority, authority.certificate(*names, days=days))
    settings = {"ca_file": str(authority.ca_file)} if known else {}
    async with serving(server, context) as port, telling(hosts, **settings) as notifier:
        not_told = await outcome(notifier, target(f"https://shop.example:{port}/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason.startswith(f"its certificate is not trusted: {reason}")
    assert not_told.target_down
    assert server.requests == []


async def test_what_speaks_no_tls() -> None:
    async with serving(impatient) as port, telling() as notifier:
        not_told = await outcome(notifier, target(f"https://127.0.0.1:{port}/"))
    assert isinstance(not_told, NotTold)
    assert not_told.reason.startswith("TLS failed: ")
