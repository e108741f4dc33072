"""A line: one kept channel to one node, and the certainty of what was handed over it.

gRPC reports a node that refuses connections and a connection that broke in the middle by the same code. But
only after the second may a transaction have been taken. So a call is made on a channel that is known to be
connected, and one that cannot be connected is told apart (`NodeAway`) from one that broke (`NodeSilent`).
"""

import grpc
import trio

from paydaemon_hedera import certificates
from paydaemon_hedera.addresses import NodeAddress
from paydaemon_hedera.certificates import Distrusted
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.wakes import Wakes

_OPTIONS = (
    ("grpc.enable_retries", 0),  # whether to hand something over again is decided here, not below
    ("grpc.keepalive_time_ms", 100_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
_KNOCK = "/paydaemon.Knock/knock"
"""A method that no node has: to be told so proves that there is a connection, and does nothing else."""
_NOBODY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
_UNSENT = "failed to connect to all addresses"
"""What gRPC says where none of a name's addresses takes a connection: so nothing was sent."""
AWAY_FOR_S = 1.0
"""For so long nobody else waits for a node that has just been found away."""


class Line:
    """The channel to one node; dialled at the first call, and again after it broke."""

    def __init__(self, node: NodeAddress, wakes: Wakes, *, tls: bool, connect_timeout_s: float) -> None:
        self.node = node
        self._wakes = wakes
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._channel: grpc.Channel | None = None
        self._is_up = False
        self._is_closed = False
        self._away_until = -1.0
        self._dialling = trio.Lock()

    async def ask(self, method: str, request: bytes, timeout_s: float) -> bytes:
        """The node's answer to one call. Raises `NodeAway` or `NodeSilent`."""
        channel = await self._connected()
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(method)
        try:
            future = call.future(request, timeout=timeout_s)
        except ValueError:  # the channel was closed in this moment
            raise self._away("was hung up on") from None
        await self._wakes.done(future)
        if future.cancelled():
            raise NodeSilent(f"node {self.node.id} was hung up on")
        error = future.exception()
        if error is None:
            return future.result()
        self._is_up = False
        if isinstance(error, grpc.Call) and (error.details() or "").startswith(_UNSENT):
            raise self._away("cannot be reached")
        raise NodeSilent(f"node {self.node.id} does not answer: {_told(error)}")

    def close(self) -> None:
        """Hang up for good; what waits for an answer gets none."""
        self._is_closed = True
        self._hang_up()

    def _hang_up(self) -> None:
        channel, self._channel, self._is_up = self._channel, None, False
        if channel is not None:
            channel.close()

    async def _connected(self) -> grpc.Channel:
        if self._channel is not None and self._is_up:
            return self._channel
        async with self._dialling:
            if self._is_closed or trio.current_time() < self._away_until:
                raise self._away("cannot be reached")
            try:
                with trio.fail_after(self._connect_timeout_s):
                    return await self._connect()
            except Distrusted as other:
                raise self._given_up(str(other)) from other
            except (OSError, trio.TooSlowError) as error:
                raise self._given_up("cannot be reached") from error

    async def _connect(self) -> grpc.Channel:
        channel = self._channel or await self._dial()
        self._channel = channel
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_KNOCK)
        knock = call.future(b"", self._connect_timeout_s, wait_for_ready=True)
        await self._wakes.done(knock)
        if self._is_closed or knock.code() in _NOBODY:
            raise ConnectionError
        self._is_up = True
        return channel

    async def _dial(self) -> grpc.Channel:
        if not self._tls:
            return grpc.insecure_channel(self.node.address, options=_OPTIONS)
        pem = await certificates.presented(self.node)
        credentials = grpc.ssl_channel_credentials(root_certificates=pem)
        named = ("grpc.ssl_target_name_override", certificates.subject(pem))
        return grpc.secure_channel(self.node.address, credentials, options=(*_OPTIONS, named))

    def _given_up(self, why: str) -> NodeAway:
        """The next call dials anew: the node may have come back with another certificate."""
        self._away_until = trio.current_time() + AWAY_FOR_S
        self._hang_up()
        return self._away(why)

    def _away(self, why: str) -> NodeAway:
        return NodeAway(f"node {self.node.id} at {self.node.address} {why}")


def _told(error: Exception) -> str:
    return error.code().name if isinstance(error, grpc.Call) else type(error).__name__
