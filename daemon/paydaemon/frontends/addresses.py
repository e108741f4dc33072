"""Client addresses: who is at the other end, as far as that can be believed.

The peer of the connection is believed, and beyond it only what trusted proxies say. The Host header is a
client's claim and decides nothing of this.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from quart.wrappers.base import BaseRequestWebsocket

from paydaemon.frontends.settings import Network

Address = IPv4Address | IPv6Address

PREFIX_OF_ONE_CLIENT = 64
"""RFC 4291, section 2.5.4: one IPv6 subnet is a /64, so whoever has one address has all of them."""


def parse(text: str) -> Address | None:
    """An IP address, an IPv4 one also where it is written as ``::ffff:…``; None where it is no address."""
    try:
        address = ip_address(text.split("%", maxsplit=1)[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_address(
    peer: Address | None, forwarded_for: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """The address of the client behind the trusted proxies; `peer` itself where it is not one of them.

    `forwarded_for` are the values of ``X-Forwarded-For``. Each proxy adds whom it was called by at the end,
    so they are read from the end, until the first address that is not a trusted proxy's: what stands before
    it is that client's own claim.
    """
    client = peer
    for hop in reversed(",".join(forwarded_for).split(",")):
        if client is None or not is_trusted(client, trusted):
            return client
        client = parse(hop.strip()) or client
    return client


def client_of(asked: BaseRequestWebsocket, trusted: Sequence[Network]) -> Address | None:
    """The address that a request came from; None on the Unix socket."""
    peer = asked.scope.get("client")
    if peer is None:
        return None
    return client_address(parse(peer[0]), asked.headers.getlist("X-Forwarded-For"), trusted)


def is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    """Whether an address belongs to one of the trusted networks."""
    return any(address.version == network.version and address in network for network in trusted)


def one_client(address: Address) -> Address | IPv6Network:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address
    return IPv6Network((address, PREFIX_OF_ONE_CLIENT), strict=False)


def one_of(asked: BaseRequestWebsocket, trusted: Sequence[Network]) -> Address | IPv6Network | None:
    """What counts as the one client that a request came from; None on the Unix socket."""
    address = client_of(asked, trusted)
    return None if address is None else one_client(address)
