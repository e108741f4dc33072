"""Logs: one line for each event, as JSON for machines or as text for people, on standard error.

What is logged by way of the standard library (hypercorn, httpx, …) takes the same way out. Secrets are kept
out of log calls where they are written; `redact` is the second line of defence: it hides values by their
name, and the user and password of every URL. A log that cannot be written stops nobody.
"""

import contextlib
import json
import logging
import math
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import BinaryIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
MAX_REASON = 500
"""The most characters of a reason."""

_SECRET_NAME = re.compile(
    r"pass(?:word|wd|phrase)|secret|token|authori[sz]ation|credential|mnemonic|private|cookie$|(?:^|[_-])key$",
    re.IGNORECASE,
)
_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/?#'\"<>]+@")
_AUTHORIZATION = re.compile(r"\b([Bb]earer|[Bb]asic) +[A-Za-z0-9._~+/=-]{8,}")
_MAX_DEPTH = 8
_ENCODER = json.JSONEncoder(ensure_ascii=False)
QUIET = ("httpx", "httpcore", "hpack", "h2", "wsproto")
"""Libraries that tell every request at INFO and every byte at DEBUG."""


class LogFormat(StrEnum):
    """How a line looks."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        """The standard library's number for it."""
        return logging.getLevelNamesMapping()[self.value.upper()]


def configure(
    format: LogFormat,  # noqa: A002 - as `logging.basicConfig` calls it
    level: LogLevel,
    *,
    stream: BinaryIO | None = None,
) -> None:
    """Send everything that is logged from now on to `stream` (standard error), in `format`.

    May be called again; the last call counts.
    """
    target = stream if stream is not None else sys.stderr.buffer
    structlog.configure(
        processors=[*_PROCESSORS, *_renderers(format, colors=target.isatty())],
        wrapper_class=structlog.make_filtering_bound_logger(level.number),
        logger_factory=_Factory(_Patient(target)),
        # Not cached: a logger that a module keeps would hold on to the stream of an earlier call.
        cache_logger_on_first_use=False,
    )
    _route_standard_library(level)


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A processor of structlog's: the event without what looks like a secret."""
    return {name: _clean(name, value, 0) for name, value in event.items()}


def without_credentials(text: str) -> str:
    """The text, with the user and password of every URL and what follows ``Bearer`` hidden."""
    if "://" in text:
        text = _URL_CREDENTIALS.sub(f"{REDACTED}@", text)
    if " " in text:  # without one there is nothing to find, and looking was half the cost of a line
        text = _AUTHORIZATION.sub(rf"\1 {REDACTED}", text)
    return text


def in_one_line(error: BaseException) -> str:
    """An exception for people to read: its type and text, without credentials, whatever its text may hold."""
    # Not by str(error): that may raise in its turn.
    text = " ".join("".join(traceback.format_exception_only(error)).split())
    # It is journaled, and neither a lone surrogate nor NUL can be stored everywhere.
    return without_credentials(text.replace("\0", "\\x00").encode(errors="backslashreplace").decode())


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Every exception in it that is no group of others."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from leaves(one)
    else:
        yield error


def reason_of(error: BaseException) -> str:
    """What went wrong, in one line: every exception that is no group."""
    return "; ".join(map(in_one_line, leaves(error)))[:MAX_REASON]


def _clean(name: object, value: object, depth: int) -> object:
    if value is not None and _is_secret(str(name)):
        return REDACTED
    if depth > _MAX_DEPTH:
        return "…"
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else repr(value)
        case str():
            return without_credentials(value)
        case Mapping():
            return {str(key): _clean(key, inner, depth + 1) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(None, inner, depth + 1) for inner in value]
        case _:
            return without_credentials(_repr(value))


@lru_cache(maxsize=1_024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - a __repr__ that raises must not take its caller down
        return f"<{type(value).__name__}: {type(error).__name__} in its repr>"


_PROCESSORS: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    # As text: structlog's other forms of a traceback carry local variables, and those carry secrets.
    structlog.processors.format_exc_info,
    redact,
)


def _renderers(log_format: LogFormat, *, colors: bool) -> tuple[Processor, ...]:
    match log_format:
        case LogFormat.JSON:
            return (_to_json,)
        case LogFormat.CONSOLE:
            return (structlog.dev.ConsoleRenderer(colors=colors), _to_bytes)


def _to_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    head = {name: event.pop(name, None) for name in ("timestamp", "level", "event")}
    return _ENCODER.encode({**head, **event}).encode(errors="backslashreplace")


def _to_bytes(logger: WrappedLogger, method: str, line: EventDict) -> bytes:
    return str(line).encode(errors="backslashreplace")


class _Patient:
    """A stream whose failures are swallowed: journald restarting, a full disk, a terminal that is gone."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, line: bytes) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(line)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class _Factory:
    """Makes structlog's loggers, all upon the one stream."""

    def __init__(self, stream: _Patient) -> None:
        self._logger = structlog.BytesLogger(stream)  # type: ignore[arg-type]  # it calls write and flush only

    def __call__(self, *args: object) -> structlog.BytesLogger:
        return self._logger


class _ToStructlog(logging.Handler):
    """Hands what the standard library logs to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        """Called by `logging`, once for each record."""
        log = structlog.get_logger().bind(logger=record.name)
        log.log(_standard_level(record.levelno), _message(record), exc_info=record.exc_info)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a library's wrong format string must not become ours
        return str(record.msg)


def _standard_level(number: int) -> int:
    return min(max(number // 10 * 10, logging.DEBUG), logging.CRITICAL)


def _route_standard_library(level: LogLevel) -> None:
    logging.basicConfig(handlers=[_ToStructlog()], level=level.number, force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level.number, logging.WARNING))
