"""Messages from clients: walked strictly first, then parsed, and what is wrong with them is a refusal."""

from itertools import islice
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from paydaemon.core.errors import Refusal
from paydaemon_hedera import refusals, wire

MAX_FIELDS = 64
"""Fields of one message, before it is known what they mean: a list for twice the main network's nodes."""

M = TypeVar("M", bound=Message)


def parse(message: type[M], data: bytes, param: str = refusals.TRANSACTION) -> M:
    """These bytes as that message. Raises `Refusal` naming `param` unless they are strictly that."""
    try:
        wire.check(message, data)
        return message.FromString(data)
    except wire.Malformed as wrong:
        raise refusal(wrong, param) from None
    except DecodeError:  # what is left to the parser: text that is not UTF-8
        raise refusals.wrong(param, f"{message.DESCRIPTOR.name} holds text that is not UTF-8") from None


def fields(data: bytes, param: str = refusals.TRANSACTION) -> tuple[wire.Field, ...]:
    """The fields of a message, whatever they mean. Raises `Refusal` naming `param` where they do not fit."""
    try:
        found = tuple(islice(wire.fields(data), MAX_FIELDS + 1))
    except wire.Malformed as wrong:
        raise refusal(wrong, param) from None
    if len(found) > MAX_FIELDS:
        raise refusals.wrong(param, f"has more than {MAX_FIELDS} entries or fields")
    return found


def refusal(wrong: wire.Malformed, param: str) -> Refusal:
    """What a client is told of bytes that do not fit."""
    return refusals.wrong(param, str(wrong))
