"""Faults: what goes wrong in a plugin's frontend is told by its name, and as nothing but a 500 to its client.

What a handler raises on purpose passes: a `Refusal`, the store's own error, and on a websocket that its
client is gone. Everything else is the plugin's fault, whatever its kind: what would end a process of its own,
such as `SystemExit`, ends no more than the request. Only cancellation goes through, which is trio's.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.frontends import errors
from paydaemon.hooks.frontend import Route, SocketGone, SocketRoute
from paydaemon.logs import leaves, reason_of
from paydaemon.store.port import StoreUnavailable

log = structlog.get_logger(__name__)


class Fault(Refusal):
    """What a client is told of a plugin's fault. The log has the rest."""

    def __init__(self) -> None:
        super().__init__(*errors.HTTP[500])


@contextmanager
def told_of(frontend: str, route: Route | SocketRoute) -> Iterator[None]:
    """Raises `Fault` for whatever goes wrong inside, and logs it with the names of frontend and route."""
    try:
        yield
    except BaseException as error:
        cancelled, rest = _parted(error)
        meant = _meant(rest, route)
        if rest is not None and meant is None:
            about = {"frontend": frontend, "route": route.path, "reason": reason_of(rest)}
            log.exception("a frontend failed", **about, exc_info=rest)
        raise (cancelled or meant or Fault()) from None


def _parted(error: BaseException) -> tuple[BaseException | None, BaseException | None]:
    """The cancellation in it, and all else."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)
    return (error, None) if isinstance(error, trio.Cancelled) else (None, error)


def _meant(error: BaseException | None, route: Route | SocketRoute) -> Exception | None:
    """What was raised on purpose, also where several tasks of a handler did so at once."""
    found = [] if error is None else list(leaves(error))
    meant = [one for one in found if isinstance(one, Exception) and _is_meant(one, route)]
    return meant[0] if meant and len(meant) == len(found) else None


def _is_meant(error: Exception, route: Route | SocketRoute) -> bool:
    if isinstance(error, Refusal):
        return _can_be_told(error)
    return isinstance(error, StoreUnavailable) or (
        isinstance(error, SocketGone) and isinstance(route, SocketRoute)
    )


def _can_be_told(refusal: Refusal) -> bool:
    """Whether it was made as its types say."""
    type: object = refusal.type
    told: list[object] = [refusal.code, refusal.message, refusal.param or ""]
    return isinstance(type, ErrorType) and all(isinstance(text, str) for text in told)
