"""The wire: how a connection to an endpoint comes about, and what keeps one from coming about.

httpcore, which is what httpx sends by, asks a backend for its connections. This one looks the host up once,
has the guard judge every address it has, and connects to one of those addresses: between the judgement and
the connection no name is asked again. TLS and the Host header keep the host's name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import httpcore
import trio

from paydaemon_webhook.endpoint import Endpoint
from paydaemon_webhook.gathered import GatheredStream
from paydaemon_webhook.guard import Address, Network, why_not
from paydaemon_webhook.names import Resolve

MAX_TRIED = 4
"""How many addresses of one host are tried."""


class NoWay(Exception):
    """There is no connection, or no answer; says why in one line, without more of the URL than its host."""


@dataclass(frozen=True, slots=True)
class Way:
    """What connections need to know that is not the endpoint's own. `seller_id` says whose they are, None for
    the operator's.
    """

    resolve: Resolve
    allow: Sequence[Network]
    timeout_s: float
    seller_id: str | None = None


class Wire(httpcore.AsyncNetworkBackend):
    """Connects to one endpoint. `connected` counts how often it has."""

    def __init__(self, endpoint: Endpoint, way: Way) -> None:
        self.connected = 0
        self._endpoint = endpoint
        self._way = way
        self._tcp = httpcore.TrioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `NoWay`."""
        addresses = await self._addresses()
        self._judge(addresses)
        stream = await self._to_one_of(addresses[:MAX_TRIED])
        self.connected += 1
        return GatheredStream(stream)

    async def _addresses(self) -> Sequence[Address]:
        if self._endpoint.address is not None:
            return (self._endpoint.address,)
        found: Sequence[Address] = ()
        with trio.move_on_after(self._way.timeout_s) as patience:
            try:
                found = await self._way.resolve(self._endpoint.host, self._way.seller_id)
            except (OSError, UnicodeError) as error:
                raise NoWay(f"{self._endpoint.host} could not be looked up") from error
        if patience.cancelled_caught:
            raise NoWay(f"{self._endpoint.host} was not found in {self._way.timeout_s:g} s")
        if not found:
            raise NoWay(f"{self._endpoint.host} has no address")
        return found

    def _judge(self, addresses: Sequence[Address]) -> None:
        """One that may not be spoils all of them: nobody's name leads here and there by accident.

        The address is not told, since it may be one that only our own name server knows.
        """
        for address in addresses:
            kind = why_not(address, self._way.allow, listed_only=self._endpoint.is_open)
            if kind is not None:
                raise NoWay(f"{self._endpoint.host} is at an address that is not allowed: {kind}")

    async def _to_one_of(self, addresses: Sequence[Address]) -> httpcore.AsyncNetworkStream:
        """One after the other, with a fair share of the time for each."""
        share_s = self._way.timeout_s / len(addresses)
        trouble: Exception | None = None
        for address in addresses:
            try:
                return await self._tcp.connect_tcp(str(address), self._endpoint.port, share_s)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        assert trouble is not None
        raise trouble
