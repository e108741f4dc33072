"""A line: one kept channel to one node, and the certainty of what was handed over it.

gRPC reports a node that refuses connections and a connection that broke in the middle by the same code. But
only after the second may a transaction have been taken. So a call is made on a channel that is known to be
connected, and one that cannot be connected is told apart (`NodeAway`) from one that broke (`NodeSilent`).
"""

import asyncio

import grpc
import grpc.aio
import trio

from paydaemon_hedera import certificates
from paydaemon_hedera.addresses import NodeAddress
from paydaemon_hedera.certificates import Distrusted
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.sidethread import Closed, SideThread

Ask = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]

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

    def __init__(self, node: NodeAddress, side: SideThread, *, tls: bool, connect_timeout_s: float) -> None:
        self.node = node
        self._side = side
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._channel: grpc.aio.Channel | None = None
        self._callables: dict[str, Ask] = {}
        self._is_up = False
        self._is_closed = False
        self._away_until = -1.0
        self._dialling = trio.Lock()

    async def ask(self, method: str, request: bytes, timeout_s: float) -> bytes:
        """The node's answer to one call. Raises `NodeAway` or `NodeSilent`."""
        channel = await self._connected()
        try:
            call = self._callable(channel, method)
            return await self._side.call(lambda: call(request, timeout=timeout_s))
        except grpc.aio.AioRpcError as error:
            self._is_up = False
            if (error.details() or "").startswith(_UNSENT):
                raise self._away("cannot be reached") from error
            raise NodeSilent(f"node {self.node.id} does not answer: {error.code().name}") from error
        except (grpc.aio.UsageError, Closed) as error:  # the channel was closed in this moment
            raise self._away("was hung up on") from error
        except asyncio.CancelledError:
            raise NodeSilent(f"node {self.node.id} was hung up on") from None

    def _callable(self, channel: grpc.aio.Channel, method: str) -> Ask:
        """Made once for each method, since that takes as long as a call's own part in Python."""
        call = self._callables.get(method)
        if call is None:
            call = self._callables[method] = channel.unary_unary(method)
        return call

    def close(self) -> None:
        """Hang up for good; what waits for an answer gets none."""
        self._is_closed = True
        self._hang_up()

    def _hang_up(self) -> None:
        channel, self._channel, self._is_up = self._channel, None, False
        self._callables.clear()
        if channel is not None:
            self._side.part(channel.close)

    async def _connected(self) -> grpc.aio.Channel:
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
            except (OSError, Closed, asyncio.CancelledError, trio.TooSlowError) as error:
                raise self._given_up("cannot be reached") from error

    async def _connect(self) -> grpc.aio.Channel:
        channel = self._channel or await self._dial()
        self._channel = channel
        answer = await self._side.call(lambda: _knock(channel, self._connect_timeout_s))
        if self._is_closed or answer in _NOBODY:
            raise ConnectionError
        self._is_up = True
        return channel

    async def _dial(self) -> grpc.aio.Channel:
        pem = await certificates.presented(self.node) if self._tls else None
        return await self._side.call(lambda: _open(self.node.address, pem))

    def _given_up(self, why: str) -> NodeAway:
        """The next call dials anew: the node may have come back with another certificate."""
        self._away_until = trio.current_time() + AWAY_FOR_S
        self._hang_up()
        return self._away(why)

    def _away(self, why: str) -> NodeAway:
        return NodeAway(f"node {self.node.id} at {self.node.address} {why}")


# In the side thread


async def _open(address: str, pem: bytes | None) -> grpc.aio.Channel:
    """A channel belongs to the loop it is made in. With a certificate it speaks TLS, to its owner alone."""
    if pem is None:
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(root_certificates=pem)
    named = ("grpc.ssl_target_name_override", certificates.subject(pem))
    return grpc.aio.secure_channel(address, credentials, options=(*_OPTIONS, named))


async def _knock(channel: grpc.aio.Channel, timeout_s: float) -> grpc.StatusCode:
    call: Ask = channel.unary_unary(_KNOCK)
    return await call(b"", timeout=timeout_s, wait_for_ready=True).code()
