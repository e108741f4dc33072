"""A publisher is told by one signed POST, and its answer is taken for what it means."""

import ssl
from pathlib import Path

import pytest
import trio
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paydaemon.core.events import EventType
from paydaemon.hooks.notifier import NotTold, Told
from tests.publisher.sites import example
from tests.publisher.world import PUBLIC, SITE, config, keep_key, notice, outcome, telling
from tests.webhook.wires import Saying, answer, dripping_body, endless_head, half_closed, serving


@pytest.fixture
def key(tmp_path: Path) -> dict[str, object]:
    return keep_key(tmp_path)


async def test_the_bytes_and_their_signature(key: object) -> None:
    server = Saying(answer())
    async with serving(server) as port:
        url = f"http://127.0.0.1:{port}/?rest_route=/hedera-micropayment/v1/hello"
        async with telling(config(url=url, key=key)) as notifier:
            assert await outcome(notifier) == Told(204, "No Content")
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = dict(one.lower().split(": ", 1) for one in lines)
    assert line == "POST /?rest_route=/hedera-micropayment/v1/hello HTTP/1.1"
    assert body == (
        b'{"transactionId":"0.0.1002@1700000000.000000001","account":"0.0.1002","memo":"138,1",'
        b'"cost":1000,"nodePrecheckcode":0}'
    )
    scheme, signature = headers.pop("authorization").split(" ")
    assert scheme == "bearer"
    verifier = Ed25519PublicKey.from_public_bytes(bytes.fromhex(PUBLIC))
    verifier.verify(bytes.fromhex(signature), body)
    assert headers.pop("user-agent").startswith("paydaemon-socketio/")
    assert headers == {
        "host": f"127.0.0.1:{port}",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
    }


async def test_the_example_records_each_payment_once(key: object, tmp_path: Path) -> None:
    busy = {"transaction_id": "0.0.1002@1700000000.000000002", "status": "failed", "precheck": "BUSY"}
    async with example(tmp_path) as site, telling(config(url=site.begins, key=key)) as notifier:
        for _ in range(2):
            assert isinstance(await outcome(notifier), Told)
        await outcome(notifier, notice(EventType.RELAY_FAILED, **busy))
        told = [await site.line() for _ in range(3)]
    paid = "0.0.1002@1700000000.000000001 138 1 0.0.1002 1000 0"
    assert told == [paid, paid, "0.0.1002@1700000000.000000002 138 1 0.0.1002 1000 12"]


async def test_what_another_key_has_signed_is_not_taken(tmp_path: Path) -> None:
    key = keep_key(tmp_path, "ab" * 32)
    async with example(tmp_path) as site, telling(config(url=site.begins, key=key)) as notifier:
        refused = await outcome(notifier)
        assert isinstance(refused, NotTold)
        assert (refused.status, refused.reason, refused.target_down) == (
            401,
            "it answered 401 Unauthorized",
            True,
        )
        keep_key(tmp_path)  # it is read anew each time
        assert isinstance(await outcome(notifier), Told)


@pytest.mark.parametrize("spoilt", ["", "zz" * 32, None])
async def test_without_a_key_nothing_is_sent(spoilt: str | None, tmp_path: Path) -> None:
    key = keep_key(tmp_path, spoilt or "")
    if spoilt is None:
        (tmp_path / "publisher.key").unlink()
    server = Saying(answer())
    async with serving(server) as port, telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert refused.reason.startswith("there is no key to sign with: it ")
    assert not refused.for_good
    assert server.opened == 0


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        ("404 Not Found", {}, "it answered 404 Not Found"),
        ("500 Oops: a secret", {}, "it answered 500 Internal Server Error"),
        (
            "301 Moved",
            {"Location": "http://127.0.0.1:1/"},
            "it answered 301 Moved Permanently, and redirects",
        ),
        ("410 Gone", {}, "it answered 410 Gone: it wants none of this any more"),
        ("503 Busy", {"Retry_After": "7"}, "it answered 503 Service Unavailable"),
        ("429 Slow", {"Retry_After": "999999"}, "it answered 429 Too Many Requests"),
    ],
)
async def test_what_is_no_2xx_is_tried_again(
    key: object, status: str, headers: dict[str, str], said: str
) -> None:
    server = Saying(answer(status, b"a secret", **headers))
    async with serving(server) as port, telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert refused.reason.startswith(said)
    assert "secret" not in refused.reason
    assert (refused.status, refused.for_good) == (int(status[:3]), status.startswith("410"))
    asked_s = {"503": 7.0, "429": 3_600.0}
    assert refused.retry_after_s == asked_s.get(status[:3])
    assert len(server.requests) == 1


REFUSAL = b'"{\\"msg\\":\\"failed validation. invalid authorization.\\"}"'


@pytest.mark.parametrize("body", [REFUSAL, b'{"msg":"failed validation. invalid content type."}'])
async def test_the_wordpress_plugin_says_no_with_200(key: object, body: bytes) -> None:
    server = Saying(answer("200 OK", body))
    async with serving(server) as port, telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert (refused.status, refused.for_good) == (200, False)
    assert "look whether it has our public key" in refused.reason


@pytest.mark.parametrize(
    "body", [b'"{\\"msg\\":\\"success\\"}"', b"[" * 9_000, b"\xff", b"null", b'{"msg":7}']
)
async def test_any_other_2xx_is_taken(key: object, body: bytes) -> None:
    server = Saying(answer("202 Accepted", body, Set_Cookie="a=b"))
    async with serving(server) as port, telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        for _ in range(2):
            assert await outcome(notifier) == Told(202, "Accepted")
    assert server.opened == 2, "no connection is kept"
    assert b"ookie" not in server.requests[1]


async def test_the_status_holds_whatever_comes_behind_it(key: object) -> None:
    async with (
        serving(dripping_body) as port,
        telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier,
    ):
        with trio.fail_after(10):
            assert await outcome(notifier) == Told(200, "OK")


@pytest.mark.parametrize("handle", [half_closed, endless_head])
async def test_what_is_no_answer_is_tried_again(key: object, handle: object) -> None:
    assert callable(handle)
    async with serving(handle) as port, telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert (refused.reason, refused.status) == ("the connection was lost", None)


async def test_nobody_is_there(key: object) -> None:
    async with serving(half_closed) as port:
        pass
    async with telling(config(url=f"http://127.0.0.1:{port}/", key=key)) as notifier:
        refused = await outcome(notifier)
    assert isinstance(refused, NotTold)
    assert refused.reason == "no connection: connection refused"


async def test_certificates_are_looked_at(key: object, authority: trustme.CA, ca_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Saying(answer())
    async with serving(server, context) as port:
        url = f"https://127.0.0.1:{port}/"
        async with telling(config(url=url, key=key)) as notifier:
            refused = await outcome(notifier)
        async with telling(config(url=url, key=key, ca_file=str(ca_file))) as notifier:
            assert isinstance(await outcome(notifier), Told)
    assert isinstance(refused, NotTold)
    assert refused.reason.startswith("no connection: its certificate is not trusted: ")
    assert len(server.requests) == 1


async def test_what_is_not_for_the_publisher_is_done_with(key: object) -> None:
    async with telling(config(url="http://127.0.0.1:1/", key=key)) as notifier:
        for other in (notice(chain="testnet"), notice(EventType.RELAY_SUCCEEDED, receipt="SUCCESS")):
            assert await notifier.tell(SITE, [other]) == Told(detail="nothing that it is told")
