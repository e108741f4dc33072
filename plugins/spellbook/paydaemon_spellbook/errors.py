"""Errors, as the older system told them: ``{"error": "<a sentence>"}``.

It answered every request with 200. What it had a sentence for is told by its sentence and its 200 still, so
that clients find it where they look; everything else has the status that it would have anywhere.
"""

from collections.abc import Mapping
from http import HTTPStatus

from paydaemon.core.errors import ErrorType, Refusal

STATUS: Mapping[ErrorType, HTTPStatus] = {
    ErrorType.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    ErrorType.AUTHENTICATION: HTTPStatus.UNAUTHORIZED,
    ErrorType.PERMISSION: HTTPStatus.FORBIDDEN,
    ErrorType.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ErrorType.CONFLICT: HTTPStatus.CONFLICT,
    ErrorType.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorType.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorType.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ErrorType.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

NO_RATE = "no_rate"
"""The daemon's code where a rate is missing, and not the chain."""

MOST_QUOTED = 100
"""How much of what a client sent is told back to it, in characters."""

_FIELDS = {"amount": "amount_fiat"}
"""What the daemon calls otherwise than these clients do."""

_OURS = ("chains", "metadata", "expires_in_s", "late")
"""What the daemon is told by this plugin, and not by the client."""


class AsBefore(Exception):
    """An error that the older system knew; the message is its own sentence."""


def unknown_trigger(name: str) -> AsBefore:
    """There is nothing of this name."""
    return AsBefore(f"Unknown trigger id: {name[:MOST_QUOTED]}")


def other_trigger(name: str, asked: str, kind: str) -> AsBefore:
    """It is asked by another method."""
    return AsBefore(
        f"Trigger {name} is not a HTTP {asked} request trigger but a HTTP{kind.capitalize()}Request trigger"
    )


def unknown_payment_request(id: str) -> AsBefore:
    """There is none of this id, or it is somebody else's: the two are told alike on purpose."""
    return AsBefore(f"Unknown payment request id: {id[:MOST_QUOTED]}")


def no_rate(currency: str) -> AsBefore:
    """There is no rate that is good enough."""
    return AsBefore(f"Unable to convert {currency} amount to BTC amount")


def told(refusal: Refusal) -> tuple[HTTPStatus, str]:
    """The status and the sentence of a refusal. What the client did not say is not its mistake."""
    param = refusal.param or ""
    if param.partition(".")[0] in _OURS:
        ours = refusal.type is ErrorType.INVALID_REQUEST
        return STATUS[ErrorType.INTERNAL if ours else refusal.type], refusal.message
    field = _FIELDS.get(param, param)
    return STATUS[refusal.type], f"{field}: {refusal.message}" if field else refusal.message
