"""A receiver for ``paydaemon demo``: it takes one request for each connection, and verifies it as any would.

No more than that: whoever receives webhooks has a web server, and docs/webhooks.md says what to do there.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import h11
import trio
from standardwebhooks import Webhook, WebhookVerificationError

from paydaemon.hooks.notifier import RecipientFacts

_HOST = "127.0.0.1"
_MAX_BODY_BYTES = 1_048_576
_WITHIN_S = 20.0
_READ_BYTES = 65_536


class DemoReceiver:
    """A shop on this machine (`paydaemon.hooks.notifier.Recipient`)."""

    def __init__(self) -> None:
        self._secret = trio.Event()
        self._webhook: Webhook | None = None
        self._say: Callable[[str], None] = print

    async def run(
        self,
        seller_id: str,
        say: Callable[[str], None],
        *,
        task_status: trio.TaskStatus[RecipientFacts] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Say of each notice what it is, and whether its signature is right."""
        self._say = say
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(partial(trio.serve_tcp, self._serve, 0, host=_HOST))
            port = listeners[0].socket.getsockname()[1]
            url = f"http://{_HOST}:{port}/hooks/{seller_id}"
            task_status.started(RecipientFacts({"allow": [_HOST]}, {"url": url}))

    def trust(self, secret: str) -> None:
        """Verify by this from now on; until then, whoever asks waits."""
        self._webhook = Webhook(secret)
        self._secret.set()

    async def _serve(self, stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError, h11.RemoteProtocolError), trio.move_on_after(_WITHIN_S):
            async with stream:
                connection = h11.Connection(h11.SERVER)
                headers, body = await _request(stream, connection)
                await self._secret.wait()
                status = self._take(headers, body)
                answer = h11.Response(status_code=status, headers=[("Connection", "close")])
                for event in (answer, h11.EndOfMessage()):
                    await stream.send_all(connection.send(event) or b"")

    def _take(self, headers: dict[str, str], body: bytes) -> int:
        assert self._webhook is not None
        try:
            event = self._webhook.verify(body, headers)
        except WebhookVerificationError as error:
            self._say(f"webhook: something came that was not signed by the daemon: {error}")
            return 401
        self._say(f"webhook: {event['type']}, {event['id']}, signature verified")
        return 204


async def _request(stream: trio.SocketStream, connection: h11.Connection) -> tuple[dict[str, str], bytes]:
    """A request whole. Raises `h11.RemoteProtocolError` for what is none, or too much."""
    headers: dict[str, str] = {}
    body = b""
    while True:
        match event := connection.next_event():
            case h11.Request():
                headers = {name.decode(): value.decode() for name, value in event.headers}
            case h11.Data():
                body += event.data
            case h11.EndOfMessage():
                return headers, body
            case h11.ConnectionClosed():
                raise h11.RemoteProtocolError("nothing was asked")
            case _:
                connection.receive_data(await stream.receive_some(_READ_BYTES))
        if len(body) > _MAX_BODY_BYTES:
            raise h11.RemoteProtocolError("too much was sent")
