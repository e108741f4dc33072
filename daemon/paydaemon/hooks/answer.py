"""Answers: what a frontend answers a request by. One that could not be sent as it stands is not made.

So whoever writes a frontend sees a mistake where it is made, in a traceback and in tests of their own, and
not as a broken connection at a client's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NO_BODY = frozenset({204, 205, 304})
"""Statuses whose answers end with their headers (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5)."""

OURS = frozenset(
    {
        "connection", "content-length", "date", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
        "content-type", "x-content-type-options", "x-request-id",
    }
)  # fmt: skip
"""Headers that the daemon writes itself: where an answer ends, how the connection goes on, and its stamp."""

OURS_ALL = "access-control-allow-"
"""And all that begin so: which pages see an answer is what its route says."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""RFC 9110, section 5.1."""
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?", re.ASCII)
"""RFC 9110, section 5.5, in ASCII: of other letters no two readers make the same."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered by. The daemon adds the headers that all its answers have.

    `status` is from 200 to 599. With 204, 205 and 304 goes no `body`. `content_type` and `headers` are of
    printable ASCII, and name nothing that the daemon writes itself. Raises `ValueError` for anything else.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fault in _faults(self.status, self.body, self.content_type, self.headers):
            raise ValueError(f"an answer's {fault}")
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))


def _faults(status: object, body: object, content_type: object, headers: object) -> Iterator[str]:
    """What is wrong, field by field, whatever a type checker has seen."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        yield f"status must be a number from 200 to 599, not {status!r}"
    if not isinstance(body, bytes):
        yield f"body must be bytes, not {type(body).__name__}"
    if body and status in NO_BODY:
        yield f"body must be empty with status {status}"
    if not content_type or not _is_value(content_type):
        yield f"content_type must be such as 'text/plain; charset=utf-8', not {content_type!r}"
    if isinstance(headers, Mapping):
        yield from (fault for item in headers.items() for fault in _header_faults(*item))
    else:
        yield f"headers must be a mapping, not {type(headers).__name__}"


def _header_faults(name: object, value: object) -> Iterator[str]:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        yield f"headers have {name!r}, which is no name of a header"
    elif name.lower() in OURS or name.lower().startswith(OURS_ALL):
        yield f"headers have {name}, which the daemon writes itself"
    elif not _is_value(value):
        yield f"header {name} must be printable ASCII, without a space at either end, not {value!r}"


def _is_value(value: object) -> bool:
    return isinstance(value, str) and _VALUE.fullmatch(value) is not None
