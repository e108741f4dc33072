"""Translation: a request of Quart's as a frontend of a plugin is handed it, and its answer as Quart's."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl

import trio
from quart import Response
from quart.wrappers.base import BaseRequestWebsocket

from paydaemon.core.access import Principal
from paydaemon.frontends import addresses, errors
from paydaemon.frontends.pace import TooFast
from paydaemon.frontends.settings import Network
from paydaemon.hooks.frontend import Answer, Request


def request_of(
    asked: BaseRequestWebsocket,
    values: Mapping[str, str],
    body: bytes,
    principal: Principal,
    take_turn: Callable[[], None],
    trusted: tuple[Network, ...],
) -> Request:
    """A request, whole; `take_turn` takes one token of its client's pace, or raises `TooFast`."""
    client = addresses.client_of(asked, trusted)
    return Request(
        method=asked.method,
        path=asked.path,
        values=values,
        query=parse_qsl(asked.query_string.decode("latin-1"), keep_blank_values=True),
        headers=_headers(asked),
        body=body,
        principal=principal,
        client=None if client is None else str(addresses.one_client(client)),
        request_id=errors.request_id(),
        pace=_pacing(take_turn),
    )


def response_of(answer: object) -> Response:
    """Raises `TypeError` where a plugin has answered by anything else.

    Also by what is derived from it: an `Answer` itself has looked at what it says.
    """
    if type(answer) is not Answer:
        raise TypeError(f"the frontend answered by a {type(answer).__name__}, not by an Answer")
    return Response(answer.body, answer.status, dict(answer.headers), content_type=answer.content_type)


def _headers(asked: BaseRequestWebsocket) -> Mapping[str, str]:
    """As they came: Quart puts one of its own beside them."""
    found: dict[str, str] = {}
    for name, value in asked.scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _pacing(take_turn: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def pace() -> None:
        while True:
            try:
                return take_turn()
            except TooFast as fast:
                await trio.sleep(fast.retry_after_s)

    return pace
