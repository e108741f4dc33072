"""Frontends: how a plugin speaks to clients in a way of its own, on the daemon's own address.

The daemon keeps what every client has to pass (connections, sizes, paces, keys, origins) and hands a frontend
requests that are whole, and websockets that are open. What a frontend does for them it asks of its
`FrontendHost`: the same operations that the HTTP API has, under a named principal. So a frontend is words
alone, and nothing of money or state is decided in it.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import trio

from paydaemon.core.access import Principal
from paydaemon.core.relay import Relay
from paydaemon.hooks.answer import Answer as Answer
from paydaemon.hooks.ports import Reply


class Access(StrEnum):
    """Who may ask. A key that is sent is looked at, also where none is needed."""

    KEY = "key"
    """Whoever sends a key, as everywhere."""
    LOOPBACK = "loopback"
    """Programs on this machine itself, and whoever sends a key.

    What a proxy passes on needs one, and so does what a browser here asks for the page of another site.
    """
    OPEN = "open"
    """Everybody."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks, whole: `method` and `path`, and the `body`.

    `values` are the parts of the path that its route leaves open. `query` has every parameter in the order it
    came, `headers` every header by its name in small letters, repeated ones joined by commas (RFC 9110,
    section 5.2). `principal` is `paydaemon.core.access.PUBLIC` for whoever needs no key and sends none.
    `client` stands for whoever is at the other end, as far as that can be believed: an IPv4 address or the
    /64 of an IPv6 one; None where it is unknown. `request_id` is in the answer and in the log.

    `pace` takes a turn for one message on a websocket, and waits until its client may have one; requests have
    taken theirs already.
    """

    method: str
    path: str
    values: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    principal: Principal
    client: str | None
    request_id: str
    pace: Callable[[], Awaitable[None]]


class SocketGone(Exception):
    """The client is gone, or was cut because it reads too slowly."""


class Socket(Protocol):
    """An accepted websocket. `send` and `receive` raise `SocketGone` once the client is gone."""

    async def receive(self) -> str | bytes:
        """The next message."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the client reads nothing, within the server's patience."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye, by a code of RFC 6455, section 7.4."""
        ...


class PromptSocket(Socket, Protocol):
    """One that can be spoken on without waiting, so that an idle client needs no task for it."""

    def send_now(self, text: str) -> bool:
        """Send a message without waiting; False, and nothing sent, where others have to be sent first.

        Then `send` waits for them.
        """
        ...


Handle = Callable[[Request], Awaitable[Answer]]
"""Answers a request. A `Refusal` that it raises is told in the daemon's own envelope.

It is cancelled when the client leaves, or when it takes longer than the daemon waits for it.
"""

Accept = Callable[[], Awaitable[PromptSocket]]
"""Accepts a websocket; to be called once."""

Converse = Callable[[Request, Accept], Awaitable[Answer | None]]
"""Talks on a websocket until it returns, which closes it.

Whoever is not accepted gets the answer that it returns, or the `Refusal` that it raises. A `Refusal` raised
later closes the websocket: by 1008 with its message, by 1013 where it may work later. It is cancelled when
the client is gone, the key is revoked, the frontend goes down or the daemon stops.
"""


@dataclass(frozen=True, slots=True)
class Route:
    """Requests by one of the `methods` to a `path`, which `handle` answers for whom `access` lets ask.

    Parts of the path in angle brackets, ``/orders/<number>``, take anything but a slash.

    `origins` are the pages in browsers that may ask, beside the daemon's own: an origin (RFC 6454), or "*"
    for all of them; they see the answer. With `credentials` also where they send cookies, which mean nothing
    here but which some clients always send. A body may have `body_bytes`, by default as many as anywhere.
    No path may begin as the daemon's own do, nor overlap with another frontend's. Of one frontend's, a part
    that is written out goes before an open one, from left to right.
    """

    path: str
    methods: Collection[str]
    handle: Handle
    access: Access = Access.KEY
    origins: Collection[str] = ()
    credentials: bool = False
    body_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class SocketRoute:
    """Websockets at a `path`, on which `converse` talks; a message may have `message_bytes`.

    For `access` and `origins` see `Route`.
    """

    path: str
    converse: Converse
    message_bytes: int
    access: Access = Access.KEY
    origins: Collection[str] = ()


Json = Mapping[str, object]
"""What the HTTP API takes and returns."""


class FrontendHost(Protocol):
    """What the daemon gives a frontend. Every call raises `Refusal` for what it does not do.

    JSON is that of the HTTP API, as ``/openapi.json`` describes it: what it takes and what it returns.
    """

    @property
    def stopping(self) -> trio.Event:
        """Set when the daemon stops. Whatever waits for news answers now, so that nobody is cut off."""

    @property
    def answer_within_s(self) -> float:
        """How long a request may take to be answered; what takes longer is cut off."""

    def acting_for(self, seller_id: str) -> Principal:
        """The principal for what the operator's configuration has a frontend do in a seller's name."""

    async def create_invoice(
        self, principal: Principal, order: Json, idempotency_key: str | None = None
    ) -> Json:
        """``POST /v1/invoices``."""

    async def invoice(self, principal: Principal, id: str) -> Json:
        """``GET /v1/invoices/{id}``."""

    async def hand_in(
        self, principal: Principal, chain: str, given: bytes | str, *, invoice_id: str | None = None
    ) -> Relay:
        """``POST /v1/relay/{chain}``: returns once the network has said its first word, or after some wait.

        Once it returns the transaction is recorded, and on its way. What is refused was not passed on.
        """

    async def ask(
        self,
        principal: Principal,
        chain: str,
        question: bytes,
        kinds: Collection[str],
        *,
        client: str | None = None,
    ) -> Reply:
        """What a chain's network answers to a question in its own form (`paydaemon.hooks.ports.Inquiry`).

        What a question costs its asker is passed on only where the policy for relays is "open". Each key has
        so many answered at once, and who has none each `client`, as `Request.client` tells them apart:
        nobody takes the places of others. All for whom no client is named count as one.
        """

    def look_now(self, chain: str) -> None:
        """Have a chain look at its network at once: somebody says that there is something to see."""


class Frontend(Protocol):
    """One configured frontend, ``[frontends.<id>]``."""

    @property
    def routes(self) -> Sequence[Route | SocketRoute]:
        """What it serves, always the same."""

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled; restarted where it ends. It is begun once the daemon has its address.

        Nothing is asked of it before it has called ``task_status.started()``, within ``[limits.plugins]
        start_timeout_s``, or while it is down: clients are told to come again.
        """
