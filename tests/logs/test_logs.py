"""Logs are lines that machines can read, and hold no secret that redaction can know."""

import io
import json
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.logs import (
    REDACTED,
    LogFormat,
    LogLevel,
    configure,
    in_one_line,
    redact,
    without_credentials,
)
from tests.logs.restore import restored

log = structlog.get_logger("a module's own")


class Lines(io.BytesIO):
    """A stream that is read as lines of JSON."""

    @property
    def json(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.json[-1]


@pytest.fixture
def lines() -> Iterator[Lines]:
    stream = Lines()
    with restored():
        configure(LogFormat.JSON, LogLevel.INFO, stream=stream)
        yield stream


# --- The form


def test_one_line_of_json_for_each_event(lines: Lines) -> None:
    log.info("one", count=1, nothing=None, yes=True, share=0.5, names=["ä", "b"])
    log.warning("two\nlines")
    first, second = lines.json
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", first.pop("timestamp"))
    assert first == {
        "level": "info", "event": "one", "count": 1, "nothing": None, "yes": True, "share": 0.5,
        "names": ["ä", "b"],
    }  # fmt: skip
    assert (second["level"], second["event"]) == ("warning", "two\nlines")
    assert list(second) == ["timestamp", "level", "event"]


def test_what_json_does_not_know_is_told_all_the_same(lines: Lines) -> None:
    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError

    deep: list[Any] = []
    deep.append(deep)
    log.info(
        "odd", nan=float("nan"), raw=b"\xff", pair=(1, 2), mute=Mute(), deep=deep, keys={1: 2}, lone="\ud800"
    )
    assert lines.last["nan"] == "nan"
    assert lines.last["raw"] == "b'\\xff'"
    assert lines.last["pair"] == [1, 2]
    assert lines.last["mute"] == "<Mute: RuntimeError in its repr>"
    assert "…" in str(lines.last["deep"])
    assert lines.last["keys"] == {"1": 2}
    assert lines.last["lone"] == "\ud800"


def test_lines_for_people() -> None:
    stream = io.BytesIO()
    with restored():
        configure(LogFormat.CONSOLE, LogLevel.INFO, stream=stream)
        log.info("listening", bind="127.0.0.1:8420", password="hunter2")
    text = stream.getvalue().decode()
    assert "listening" in text
    assert "bind=127.0.0.1:8420" in text
    assert "hunter2" not in text
    assert "\x1b" not in text  # no terminal


def test_less_than_the_level_is_not_logged() -> None:
    stream = Lines()
    with restored():
        configure(LogFormat.JSON, LogLevel.WARNING, stream=stream)
        for tell in (log.debug, log.info, log.warning, log.error):
            tell("x")
        for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logging.getLogger("library").log(number, "x")
    assert [line["level"] for line in stream.json] == ["warning", "error"] * 2


def test_the_last_call_counts(lines: Lines) -> None:
    log.info("to the first")
    other = Lines()
    configure(LogFormat.JSON, LogLevel.INFO, stream=other)
    log.info("to the second")
    logging.getLogger("library").warning("to the second")
    assert [line["event"] for line in lines.json] == ["to the first"]
    assert [line["event"] for line in other.json] == ["to the second"] * 2


def test_standard_error_is_where_it_goes() -> None:
    program = (
        "import logging, structlog; from paydaemon.logs import *; configure(LogFormat.JSON, LogLevel.INFO);"
        "structlog.get_logger().info('a'); logging.getLogger('x').info('b')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, timeout=60)
    assert done.stdout == b""
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["a", "b"]


def test_importing_configures_nothing() -> None:
    program = (
        "import logging, structlog; import paydaemon.logs;"
        "assert not structlog.is_configured(); assert not logging.getLogger().handlers"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


# --- A log that cannot be written


@pytest.mark.parametrize(
    "error", [BrokenPipeError(), OSError(28, "No space left on device"), ValueError("closed")]
)
def test_a_log_that_cannot_be_written_stops_nobody(error: Exception) -> None:
    class Full(io.BytesIO):
        def write(self, line: object) -> int:
            raise error

    with restored():
        configure(LogFormat.JSON, LogLevel.INFO, stream=Full())
        log.info("lost")
        logging.getLogger("library").warning("lost too")
        closed = io.BytesIO()
        closed.close()
        other = Lines()
        configure(LogFormat.JSON, LogLevel.INFO, stream=other)
        log.info("heard")
    assert other.last["event"] == "heard"


# --- The standard library's way


def test_libraries_take_the_same_way(lines: Lines) -> None:
    logging.getLogger("hypercorn.error").warning("listening on %s", "http://user:hunter2@h/")
    assert lines.last["event"] == "listening on http://[redacted]@h/"
    assert (lines.last["level"], lines.last["logger"]) == ("warning", "hypercorn.error")


def test_their_tracebacks_too(lines: Lines) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        logging.getLogger("library").exception("failed")
    assert "LookupError: gone" in lines.last["exception"]
    assert lines.last["level"] == "error"


def test_their_mistakes_do_not_become_ours(lines: Lines) -> None:
    record = logging.makeLogRecord({"name": "library", "levelno": 30, "msg": "%d of %s", "args": ("many",)})
    # Past pytest's own handlers, which would raise.
    (ours,) = [handler for handler in logging.getLogger().handlers if "paydaemon" in type(handler).__module__]
    ours.handle(record)
    assert lines.last["event"] == "%d of %s"
    for number, level in ((1, None), (5, None), (25, "info"), (35, "warning"), (77, "critical")):
        before = len(lines.json)
        logging.getLogger("library").log(number, "odd level")
        assert (lines.last["level"] if len(lines.json) > before else None) == level


def test_warnings_become_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "old ways" in lines.last["event"]
    assert lines.last["logger"] == "py.warnings"


def test_those_that_tell_every_request_are_quieter(lines: Lines) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET /")
    assert lines.json == []
    logging.getLogger("httpx").warning("odd")
    assert lines.last["event"] == "odd"


# --- Redaction


@pytest.mark.parametrize(
    "name",
    ["password", "rpc_password", "Password", "passwd", "passphrase", "secret", "client_secret", "token",
     "access_token", "Authorization", "authorisation", "key", "api_key", "api-key", "private_key",
     "privatekey", "mnemonic", "cookie", "set-cookie", "credentials"],
)  # fmt: skip
def test_what_is_named_like_a_secret_is_not_told(name: str, lines: Lines) -> None:
    log.info("x", **{name: "hunter2"}, inner={name: ["hunter2"], "list": [{name: b"hunter2"}]})
    assert b"hunter2" not in lines.getvalue()
    assert lines.last[name] == REDACTED
    assert lines.last["inner"] == {name: REDACTED, "list": [{name: REDACTED}]}


@pytest.mark.parametrize("name", ["key_id", "keys", "monkey", "cookie_file", "invoice_id", "passed", "chain"])
def test_what_is_not_is(name: str, lines: Lines) -> None:
    log.info("x", **{name: "shown"})
    assert lines.last[name] == "shown"


def test_nothing_is_told_as_nothing(lines: Lines) -> None:
    log.info("x", password=None)
    assert lines.last["password"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://user:hunter2@node:8332/", "http://[redacted]@node:8332/"),
        ("http://user@node", "http://[redacted]@node"),
        ("tcp://:hunter2@node", "tcp://[redacted]@node"),
        ("http://user:hunt@er2@node/a@b", "http://[redacted]@node/a@b"),
        ("two: http://a:b@c, ws://d:e@f", "two: http://[redacted]@c, ws://[redacted]@f"),
        ("http://node/path?to=me@there", "http://node/path?to=me@there"),
        ("mail me@there", "mail me@there"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"),
        ("basic dXNlcjpwYXNz", "basic [redacted]"),
        ("a basic idea", "a basic idea"),
    ],
)
def test_credentials_in_texts(text: str, told: str) -> None:
    assert without_credentials(text) == told


def test_they_are_found_wherever_texts_are(lines: Lines) -> None:
    url = "http://user:hunter2@node/"
    try:
        raise ConnectionError(f"cannot reach {url}")
    except ConnectionError as error:
        log.exception(f"at {url}", error=error, urls=[url], inner={"url": (url,)})  # noqa: G004
    assert b"hunter2" not in lines.getvalue()
    assert "ConnectionError: cannot reach http://[redacted]@node/" in lines.last["exception"]


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_a_traceback_carries_no_local_variables(log_format: LogFormat) -> None:
    stream = io.BytesIO()

    def fail(unnamed: str) -> None:
        raise ValueError("failed")

    with restored():
        configure(log_format, LogLevel.INFO, stream=stream)
        try:
            fail("hunter2" * 2)
        except ValueError:
            log.exception("x")
    assert b"ValueError: failed" in stream.getvalue()
    assert b"hunter2hunter2" not in stream.getvalue()


VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES))
def test_whatever_is_logged_becomes_json(event: dict[str, object]) -> None:
    told = redact(None, "info", event)
    assert set(told) == set(event)
    json.loads(json.dumps(told, allow_nan=False))


# --- Exceptions in one line


def _mute() -> Exception:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    return Mute()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ValueError("a\n  b"), "ValueError: a b"),
        (ValueError, "ValueError"),
        (lambda: ValueError("at http://u:p@h/"), "ValueError: at http://[redacted]@h/"),
        (lambda: ExceptionGroup("several", [ValueError()]), "ExceptionGroup: several (1 sub-exception)"),
    ],
)
def test_an_exception_in_one_line(make: Callable[[], Exception], told: str) -> None:
    assert in_one_line(make()) == told


def test_an_exception_that_cannot_be_told() -> None:
    assert in_one_line(_mute()).endswith("Mute: <exception str() failed>")
