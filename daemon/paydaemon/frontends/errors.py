"""Errors: one envelope around everything that can go wrong, from a wrong field to a bug.

What is told is what the caller can act on. An unexpected exception is logged whole and told as nothing but
the request's id.
"""

import random
from http import HTTPStatus

import structlog
from quart import Quart, Response, g
from werkzeug.exceptions import HTTPException, MethodNotAllowed, UnsupportedMediaType

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.public import Json
from paydaemon.frontends import wire
from paydaemon.frontends.pace import TooFast
from paydaemon.store.port import StoreUnavailable

log = structlog.get_logger(__name__)

RETRY_AFTER_S = 1
"""When to try again what the daemon could not do now."""

STATUS: dict[ErrorType, int] = {
    ErrorType.INVALID_REQUEST: 400,
    ErrorType.AUTHENTICATION: 401,
    ErrorType.PERMISSION: 403,
    ErrorType.NOT_FOUND: 404,
    ErrorType.CONFLICT: 409,
    ErrorType.TOO_LARGE: 413,
    ErrorType.RATE_LIMITED: 429,
    ErrorType.INTERNAL: 500,
    ErrorType.UNAVAILABLE: 503,
}

HTTP: dict[int, tuple[ErrorType, str, str]] = {
    400: (ErrorType.INVALID_REQUEST, "bad_request", "this is not a request that can be understood"),
    404: (ErrorType.NOT_FOUND, "no_such_path", "there is nothing at this path"),
    405: (ErrorType.INVALID_REQUEST, "method_not_allowed", "this path does not take this method"),
    408: (ErrorType.INVALID_REQUEST, "request_timeout", "the body did not arrive in time"),
    413: (ErrorType.TOO_LARGE, "body_too_large", "the body is too large"),
    415: (ErrorType.INVALID_REQUEST, "unsupported_media_type", "the body must be application/json"),
    431: (
        ErrorType.TOO_LARGE,
        "headers_too_large",
        "headers or chunk extensions are too many or too large",
    ),
    500: (ErrorType.INTERNAL, "internal", "something went wrong here; the request's id is in the log"),
    501: (ErrorType.INVALID_REQUEST, "not_implemented", "this kind of request is not spoken here"),
    505: (ErrorType.INVALID_REQUEST, "http_version", "HTTP/1.1 is spoken here"),
}
"""What is said about errors of the protocol itself; each names its own status."""


class UnreadableBody(UnsupportedMediaType):
    """A body in a form that is not spoken here; `param` is the header that says so."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__()
        self.param = param
        self.message = message


def new_request_id() -> str:
    """An id for a request: never the same twice, and no secret."""
    return f"req_{random.getrandbits(96):024x}"


def request_id() -> str:
    """This request's id, the same in its answer and in the log. A client's own is not believed."""
    return str(g.setdefault("request_id", new_request_id()))


def envelope(type: ErrorType, code: str, message: str, param: str | None, id: str) -> Json:
    """The one shape of an error."""
    return {"error": {"type": type.value, "code": code, "message": message, "param": param, "request_id": id}}


NOT_RECORDED = "nothing can be recorded now; try again, with the same Idempotency-Key if there was one"


def as_refusal(error: Exception) -> Refusal:
    """What is told of an error where there is no HTTP to tell it by. What is unexpected is logged."""
    match error:
        case Refusal():
            return error
        case StoreUnavailable():
            log.warning("the store was not available", error=str(error))
            return Refusal(ErrorType.UNAVAILABLE, "store_unavailable", NOT_RECORDED)
        case _:
            log.error("a message failed unexpectedly", exc_info=error)
            return Refusal(*HTTP[500])


def for_status(status: int) -> tuple[ErrorType, str, str]:
    """Type, code and message of an error that is known by its HTTP status alone."""
    if status in HTTP:
        return HTTP[status]
    kind = ErrorType.INTERNAL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErrorType.INVALID_REQUEST
    return kind, f"http_{status}", "this request was not carried out"


def install(app: Quart) -> None:
    """Put the envelope around every error of `app`."""
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(HTTPException, as_answer)
    app.register_error_handler(UnreadableBody, _unreadable)
    app.register_error_handler(Exception, _unexpected)


async def refused(refusal: Refusal) -> Response:
    """A refusal, in its envelope."""
    body = envelope(refusal.type, refusal.code, refusal.message, refusal.param, request_id())
    return wire.answer(body, STATUS[refusal.type], headers(refusal))


def headers(refusal: Refusal) -> dict[str, str]:
    """What is told of a refusal beside its status, such as when to try again."""
    match refusal.type:
        case ErrorType.AUTHENTICATION:
            return {"WWW-Authenticate": 'Bearer realm="paydaemon"'}
        case ErrorType.RATE_LIMITED if isinstance(refusal, TooFast):
            return {"Retry-After": str(int(refusal.retry_after_s) + 1)}
        case ErrorType.RATE_LIMITED | ErrorType.UNAVAILABLE:
            return {"Retry-After": str(RETRY_AFTER_S)}
        case _:
            return {}


async def _store_unavailable(error: StoreUnavailable) -> Response:
    log.warning("the store was not available", error=str(error))
    return await refused(Refusal(ErrorType.UNAVAILABLE, "store_unavailable", NOT_RECORDED))


async def as_answer(error: HTTPException) -> Response:
    """An error of the protocol itself, in its envelope."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    type, code, message = for_status(status)
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return wire.answer(envelope(type, code, message, None, request_id()), status, headers)


async def _unreadable(error: UnreadableBody) -> Response:
    type, code, _ = HTTP[415]
    return wire.answer(envelope(type, code, error.message, error.param, request_id()), 415)


async def _unexpected(error: Exception) -> Response:
    log.error("a request failed unexpectedly", exc_info=error)
    type, code, message = HTTP[500]
    return wire.answer(envelope(type, code, message, None, request_id()), 500)
