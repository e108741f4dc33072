"""An `Answer` that could not be sent as it stands is not made: its author sees why."""

from dataclasses import FrozenInstanceError, replace
from http import HTTPStatus
from typing import Any

import pytest

from paydaemon.hooks.frontend import Answer


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199, 600, 1000, -1, True, "200", 200.0, None, [200]])
def test_a_status_is_that_of_an_answer(status: Any) -> None:
    with pytest.raises(ValueError, match=r"an answer's status must be a number from 200 to 599, not "):
        Answer(status)


@pytest.mark.parametrize("body", [None, "text", bytearray(b"x"), memoryview(b"x"), 7, {"a": 1}])
def test_a_body_is_bytes(body: Any) -> None:
    with pytest.raises(ValueError, match=f"an answer's body must be bytes, not {type(body).__name__}"):
        Answer(body=body)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_some_statuses_go_without_a_body(status: int) -> None:
    assert Answer(status).body == b""
    with pytest.raises(ValueError, match=f"an answer's body must be empty with status {status}"):
        Answer(status, b"x")


@pytest.mark.parametrize("content_type", ["", None, b"text/plain", "text/plain\r\nX-Own: yes", "text/plain "])
def test_a_content_type_is_one_line(content_type: Any) -> None:
    with pytest.raises(ValueError, match="an answer's content_type must be such as"):
        Answer(content_type=content_type)


@pytest.mark.parametrize("name", ["", "X Own", "X-Own:", "X-Own\r\nY", "X-Öwn", 7, None])
def test_a_header_has_a_name(name: Any) -> None:
    with pytest.raises(ValueError, match=r"an answer's headers have .*, which is no name of a header"):
        Answer(headers={name: "yes"})


@pytest.mark.parametrize(
    "value", ["a\r\nb", "a\nb", "a\rb", "a\0b", " a", "a\t", "€", "ü", "\x7f", b"a", None]
)
def test_a_header_is_one_line_of_ascii(value: Any) -> None:
    with pytest.raises(ValueError, match="an answer's header X-Own must be printable ASCII"):
        Answer(headers={"X-Own": value})


@pytest.mark.parametrize(
    "name",
    ["Transfer-Encoding", "content-length", "CONNECTION", "Keep-Alive", "Upgrade", "Trailer", "Date"]
    + ["Content-Type", "X-Request-Id", "Access-Control-Allow-Origin"],
)
def test_what_the_daemon_writes_is_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=f"an answer's headers have {name}, which the daemon writes itself"):
        Answer(headers={name: "x"})


@pytest.mark.parametrize("headers", [None, ["X-Own"], [("X-Own", "yes")], "X-Own: yes"])
def test_headers_are_a_mapping(headers: Any) -> None:
    with pytest.raises(ValueError, match="an answer's headers must be a mapping"):
        Answer(headers=headers)


def test_what_can_be_sent_is_taken() -> None:
    headers = {"X-Own": "", "Retry-After": "5", "Set-Cookie": 'a="b c"; Path=/', "Vary": "a,\tb"}
    answer = Answer(HTTPStatus.IM_A_TEAPOT, b"\0\xff", "text/plain; charset=utf-8", headers)
    assert (answer.status, answer.headers) == (418, headers)
    assert replace(answer, status=200).headers == headers


def test_it_stays_as_it_was_made() -> None:
    headers = {"X-Own": "yes"}
    answer: Any = Answer(headers=headers)
    headers["X-Own"] = "a\r\nb"
    assert answer.headers == {"X-Own": "yes"}
    with pytest.raises(TypeError):
        answer.headers["X-Own"] = "no"
    with pytest.raises(FrozenInstanceError):
        answer.status = 0
