"""One envelope around everything that can go wrong."""

import gzip
from typing import Any

import pytest
import trio

from paydaemon.core.errors import ErrorType
from paydaemon.frontends import errors
from paydaemon.frontends.settings import Limits
from paydaemon.store.port import StoreUnavailable
from tests.support.served import Served, error_of, served


def test_every_type_of_error_has_its_status() -> None:
    assert set(errors.STATUS) == set(ErrorType)
    assert len(set(errors.STATUS.values())) == len(ErrorType)


async def test_a_path_that_does_not_exist(daemon: Served) -> None:
    async with daemon.client("") as client:
        for path in (
            "/",
            "/v1",
            "/v1/invoices/",
            "//v1/invoices",
            "/v1//rates",
            "/V1/rates",
            "/v1/rates/a",
        ):
            answer = await client.get(path)
            assert answer.status_code == 404, path
            assert error_of(answer)["code"] == "no_such_path"
            assert "Location" not in answer.headers


async def test_a_method_that_is_not_taken_names_those_that_are(daemon: Served) -> None:
    async with daemon.client("") as client:
        answer = await client.delete("/v1/invoices")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD, POST"
        assert error_of(answer)["code"] == "method_not_allowed"
        for method in ("OPTIONS", "PUT", "TRACE", "CONNECTION"):
            answer = await client.request(method, "/v1/invoices")
            assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("type", ["", "text/plain", FORM, "multipart/form-data; boundary=x", "text/json"])
async def test_a_body_that_is_not_json_by_its_type(daemon: Served, type: str) -> None:
    async with daemon.client() as client:
        headers = {"Content-Type": type} if type else {}
        answer = await client.post("/v1/invoices", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert error_of(answer)["code"] == "unsupported_media_type"
    assert error_of(answer)["param"] == "Content-Type"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
async def test_json_with_its_charset_is_json(daemon: Served, charset: str) -> None:
    async with daemon.client() as client:
        headers = {"Content-Type": f"Application/JSON; charset={charset}", "Content-Encoding": "identity"}
        answer = await client.post("/v1/invoices", content=b"{}", headers=headers)
    assert error_of(answer)["code"] == "missing"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Type", "application/json; charset=latin-1"),
        ("Content-Type", "application/json; charset=utf-16"),
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "br, identity"),
    ],
)
async def test_a_body_in_another_form_is_refused_by_the_header_that_says_so(
    daemon: Served, header: str, value: str
) -> None:
    async with daemon.client() as client:
        headers = {"Content-Type": "application/json", header: value}
        answer = await client.post("/v1/invoices", content=gzip.compress(b"{}"), headers=headers)
    assert answer.status_code == 415
    error = error_of(answer)
    assert (error["code"], error["param"]) == ("unsupported_media_type", header)


async def test_a_request_with_a_body_takes_no_parameters(daemon: Served) -> None:
    async with daemon.client() as client:
        answer = await client.post("/v1/invoices?dry_run=true", json={"amount": "1", "currency": "EUR"})
        assert answer.status_code == 400
        assert (error_of(answer)["code"], error_of(answer)["param"]) == ("unknown_parameter", "dry_run")
        assert (await client.get("/v1/invoices")).json()["data"] == []


async def test_a_body_too_large_is_refused_whether_its_length_is_told_or_not(daemon: Served) -> None:
    async def endless() -> Any:
        for _ in range(1_000):
            yield b"x" * 10_000

    async with daemon.client(**{"Content-Type": "application/json"}) as client:
        for content in (b"x" * 10_000_000, endless()):
            answer = await client.post("/v1/invoices", content=content)
            assert answer.status_code == 413
            assert (error_of(answer)["type"], error_of(answer)["code"]) == ("too_large", "body_too_large")


async def test_a_body_of_just_the_limit_is_read(daemon: Served) -> None:
    fits = b'{"note": "' + b"x" * (65_536 - 12) + b'"}'
    assert len(fits) == 65_536
    async with daemon.client(**{"Content-Type": "application/json"}) as client:
        assert error_of(await client.post("/v1/invoices", content=fits))["code"] == "missing"
        assert (await client.post("/v1/invoices", content=fits + b" ")).status_code == 413


async def test_a_store_that_is_not_available(daemon: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unavailable(*_: object) -> None:
        await trio.lowlevel.checkpoint()
        raise StoreUnavailable("no space left on /secret/place")

    monkeypatch.setattr(daemon.engine.api._store, "transact", unavailable)
    async with daemon.client() as client:
        body = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
        answer = await client.post("/v1/invoices", json=body)
    assert answer.status_code == 503
    assert (error_of(answer)["type"], error_of(answer)["code"]) == ("unavailable", "store_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "secret" not in answer.text


async def test_a_bug_is_logged_whole_and_told_as_nothing(
    daemon: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret plan")

    monkeypatch.setattr(daemon.engine.api, "rates_now", broken)
    async with daemon.client() as client:
        answer = await client.get("/v1/rates")
        assert answer.status_code == 500
        assert (error_of(answer)["type"], error_of(answer)["code"]) == ("internal", "internal")
        assert "secret plan" not in answer.text
        assert (await client.get("/healthz")).status_code == 200
    logged = capsys.readouterr().out
    assert error_of(answer)["request_id"] in logged
    assert "the secret plan" in logged
    assert "Traceback" in logged


async def test_a_request_that_takes_too_long_is_told_so(tmp_path: Any) -> None:
    async with served(tmp_path, Limits(request_timeout_s=0.2)) as daemon:
        daemon.engine.bitcoin.faults.destination_waits_for = trio.Event()
        async with daemon.client() as client:
            body = {"amount": "1", "currency": "EUR", "seller_id": "shop"}
            answer = await client.post("/v1/invoices", json=body)
            assert answer.status_code == 503
            assert error_of(answer)["code"] == "timeout"
            assert (await client.get("/v1/invoices")).json()["data"] == []


async def test_a_body_that_does_not_come_is_told_so(tmp_path: Any) -> None:
    async with served(tmp_path, Limits(body_timeout_s=0.2)) as daemon:
        head = (
            "POST /v1/invoices HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {daemon.key}\r\nContent-Length: 100\r\n\r\n{{"
        )
        async with daemon.tcp() as stream:
            await stream.send_all(head.encode())
            received = await read_all(stream)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b'"code":"request_timeout"' in received


async def test_every_answer_has_an_id_of_our_own(daemon: Served) -> None:
    paths = ("/healthz", "/v1/invoices", "/nope", "/v1/invoices/inv_x", "/readyz")
    async with daemon.client(**{"X-Request-Id": "chosen-by-the-client"}) as client:
        ids = [(await client.get(path)).headers["X-Request-Id"] for path in paths]
    assert len(set(ids)) == 5
    assert all(id.startswith("req_") for id in ids)


async def test_answers_are_not_kept_and_not_reinterpreted(daemon: Served) -> None:
    async with daemon.client() as client:
        for path in ("/healthz", "/v1/invoices", "/nope"):
            headers = (await client.get(path)).headers
            assert headers["Cache-Control"] == "no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Type"] == "application/json"
            assert "Server" not in headers


async def test_a_client_may_go_on_after_an_error_on_the_same_connection(daemon: Served) -> None:
    async with daemon.client() as client:
        before = daemon.counts.accepted
        for _ in range(5):
            answer = await client.post("/v1/invoices", json={"amount": 1})
            assert answer.status_code == 400
        assert (await client.get("/v1/rates")).status_code == 200
    assert daemon.counts.accepted == before + 1


async def read_all(stream: trio.SocketStream) -> bytes:
    """Everything until the server closes."""
    received = b""
    with trio.fail_after(30):
        while data := await stream.receive_some():
            received += data
    return received


def test_an_error_known_by_status_alone_has_words() -> None:
    assert errors.for_status(418)[1] == "http_418"
    assert errors.for_status(599)[0] is ErrorType.INTERNAL
