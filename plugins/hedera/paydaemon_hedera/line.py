"""A line: one kept channel to one node, and the certainty of what was handed over it.

gRPC reports a node that refuses connections and a connection that broke in the middle by the same code. But
only after the second may a transaction have been taken. So a call is made on a channel that is known to be
connected, and one that cannot be connected is told apart (`NodeAway`) from one that broke (`NodeSilent`).
"""

import hashlib
import re
import ssl
from contextlib import suppress

import grpc
import trio
from cryptography import x509
from cryptography.x509.oid import NameOID

from paydaemon_hedera.addresses import NodeAddress
from paydaemon_hedera.errors import NodeAway, NodeSilent
from paydaemon_hedera.wakes import Wakes

_OPTIONS = (
    ("grpc.enable_retries", 0),  # whether to hand something over again is decided here, not below
    ("grpc.keepalive_time_ms", 100_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 8_000),
)
_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{96})", re.ASCII)


class Line:
    """The channel to one node; dialled at the first call, and again after it broke."""

    def __init__(self, node: NodeAddress, wakes: Wakes, *, tls: bool, connect_timeout_s: float) -> None:
        self.node = node
        self._wakes = wakes
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._channel: grpc.Channel | None = None
        self._connected = False
        self._dialling = trio.Lock()

    async def ask(self, method: str, request: bytes, timeout_s: float) -> bytes:
        """The node's answer to one call. Raises `NodeAway` or `NodeSilent`."""
        if not self._connected:
            await self._connect()
        assert self._channel is not None
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)
        future = call.future(request, timeout=timeout_s)
        await self._wakes.done(future)
        error = future.exception()
        if error is None:
            return future.result()
        self._connected = False
        if _was_never_sent(error):
            raise NodeAway(f"node {self.node.id} cannot be reached at {self.node.address}")
        raise NodeSilent(f"node {self.node.id} does not answer: {_told(error)}")

    def close(self) -> None:
        """Hang up; what waits for an answer gets none."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._connected = False

    async def _connect(self) -> None:
        async with self._dialling:
            if self._connected:
                return
            if self._channel is None:
                self._channel = await self._dial()
            ready = grpc.channel_ready_future(self._channel)
            with trio.move_on_after(self._connect_timeout_s) as patience:
                await self._wakes.done(ready)
            if patience.cancelled_caught:
                raise NodeAway(f"node {self.node.id} cannot be reached at {self.node.address}")
            self._connected = True

    async def _dial(self) -> grpc.Channel:
        if not self._tls:
            return grpc.insecure_channel(self.node.address, options=_OPTIONS)
        pem = await self._certificate()
        credentials = grpc.ssl_channel_credentials(root_certificates=pem)
        named = ("grpc.ssl_target_name_override", subject(pem))
        return grpc.secure_channel(self.node.address, credentials, options=(*_OPTIONS, named))

    async def _certificate(self) -> bytes:
        """The node's own certificate, which nobody has signed but itself: it is known by its hash alone."""
        where = (self.node.host, self.node.port)
        try:
            with trio.fail_after(self._connect_timeout_s):
                pem = await trio.to_thread.run_sync(_presented, where, self._connect_timeout_s)
        except (OSError, ValueError, trio.TooSlowError) as error:
            raise NodeAway(f"node {self.node.id} shows no certificate at {self.node.address}") from error
        expected = self.node.certificate_hash
        if expected is not None and not matches(pem, expected):
            raise NodeAway(f"node {self.node.id} shows another certificate than the address book has")
        return pem


def matches(pem: bytes, expected: str) -> bool:
    """Whether a certificate, as PEM, is the one of this SHA-384 in hex.

    (hedera: basic_types.proto, NodeAddress.) Some hash it with its last line's end, and some without.
    """
    found = _HEX.fullmatch(expected)
    hashes = {hashlib.sha384(text).hexdigest() for text in (pem, pem.rstrip(b"\n"))}
    return found is not None and found[1].lower() in hashes


def subject(pem: bytes) -> str:
    """The name that a certificate is for."""
    certificate = x509.load_pem_x509_certificate(pem)
    names: list[object] = []
    with suppress(x509.ExtensionNotFound):
        also = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += [*also.get_values_for_type(x509.DNSName), *also.get_values_for_type(x509.IPAddress)]
    names += [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return str(names[0]) if names else "127.0.0.1"


def _presented(where: tuple[str, int], timeout_s: float) -> bytes:
    return ssl.get_server_certificate(where, timeout=timeout_s).encode("ascii")


def _was_never_sent(error: Exception) -> bool:
    """Whether the call found no connection at all: what gRPC says where none of a name's addresses takes one."""
    unsent = "failed to connect to all addresses"
    return isinstance(error, grpc.Call) and (error.details() or "").startswith(unsent)


def _told(error: Exception) -> str:
    return error.code().name if isinstance(error, grpc.Call) else type(error).__name__
