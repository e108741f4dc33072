"""Refusals: how Engine.IO words what it does not do (engine.io, lib/server.ts, ``errorMessages``)."""

import json
from enum import IntEnum

from paydaemon.hooks.frontend import Answer


class Code(IntEnum):
    """What is wrong, by the numbers that clients know."""

    TRANSPORT_UNKNOWN = 0
    SESSION_UNKNOWN = 1
    BAD_HANDSHAKE_METHOD = 2
    BAD_REQUEST = 3
    FORBIDDEN = 4
    UNSUPPORTED_VERSION = 5


WORDS = {
    Code.TRANSPORT_UNKNOWN: "Transport unknown",
    Code.SESSION_UNKNOWN: "Session ID unknown",
    Code.BAD_HANDSHAKE_METHOD: "Bad handshake method",
    Code.BAD_REQUEST: "Bad request",
    Code.FORBIDDEN: "Forbidden",
    Code.UNSUPPORTED_VERSION: "Unsupported protocol version",
}


class Refused(Exception):
    """A request that is not for any session; `message` is in place of the usual words."""

    def __init__(self, code: Code, message: str | None = None) -> None:
        self.code = code
        self.message = message or WORDS[code]
        super().__init__(self.message)


def answer(refused: Refused) -> Answer:
    """What its client is told."""
    body = json.dumps({"code": refused.code, "message": refused.message}, separators=(",", ":"))
    return Answer(403 if refused.code is Code.FORBIDDEN else 400, body.encode())
