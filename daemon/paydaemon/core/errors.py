"""What can be wrong with a request, in words a caller can act on.

One exception carries every refusal from the place that notices it to the frontend that words it. `type` says
whose turn it is, `code` is stable for programs, `message` is for people and `param` names the field at fault.
"""

from enum import StrEnum


class ErrorType(StrEnum):
    """Who has to do something about it; each maps to one HTTP status in the frontends."""

    INVALID_REQUEST = "invalid_request"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Refusal(Exception):
    """A request that is not carried out. Nothing was changed when this is raised.

    `type` says whose turn it is, `code` is stable for programs, `message` is for people and `param` names the
    field at fault, None where it is no field's.
    """

    def __init__(self, type: ErrorType, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.type = type
        self.code = code
        self.message = message
        self.param = param


def invalid(param: str | None, message: str, code: str = "invalid_value") -> Refusal:
    """The caller sent something unusable; `param` is the field's path, such as ``options.0.chain``."""
    return Refusal(ErrorType.INVALID_REQUEST, code, message, param)


def not_found(what: str, id: str, param: str = "id") -> Refusal:
    """There is no such thing, or it belongs to somebody else: the two are told alike on purpose."""
    return Refusal(ErrorType.NOT_FOUND, f"{what}_not_found", f"there is no {what} with the id {id!r}", param)


def unknown_cursor(cursor: str) -> Refusal:
    """A list cannot be gone on with from here: without this, a mistyped cursor would look like its end."""
    return invalid("cursor", f"{cursor!r} is no next_cursor of this list", "unknown_cursor")


def conflict(code: str, message: str, param: str | None = None) -> Refusal:
    """The request contradicts what is already recorded."""
    return Refusal(ErrorType.CONFLICT, code, message, param)


def unavailable(code: str, message: str, param: str | None = None) -> Refusal:
    """Nothing is wrong with the request; the daemon cannot serve it now. Trying again later may help."""
    return Refusal(ErrorType.UNAVAILABLE, code, message, param)
