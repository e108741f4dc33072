"""The guard: which addresses an endpoint may be at.

Whoever may make an endpoint could otherwise have the daemon speak to what only the daemon reaches: its host,
its network, the cloud's own services ("server-side request forgery"). So public addresses are taken, and of
all others those that the operator lists. A name is judged by its addresses, each time a connection is made,
and the connection goes to the very address that was judged.

Sources: the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), as of 2025. The tables
are our own, since those of `ipaddress` differ between releases of Python.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL_V4 = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "no address to connect to"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "a carrier's own"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's own"),  # Azure: "What is IP address 168.63.129.16?"
        ("169.254.0.0/16", "link-local"),  # and most clouds' metadata, 169.254.169.254
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_SPECIAL_V6 = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "no address to connect to"),
        ("::1/128", "this machine"),
        ("2001::/23", "reserved"),  # Teredo, which hides an IPv4 address, and others
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "reserved"),  # 6to4, which hides an IPv4 address
        ("3fff::/20", "for documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")
"""All that is public of IPv6 lies in here."""
_V4_INSIDE = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""Addresses that end in an IPv4 address and lead to it: mapped ones (RFC 4291), and NAT64 (RFC 6052)."""


def why_not(address: Address, allow: Sequence[Network], *, listed_only: bool = False) -> str | None:
    """What kind of address it is that nothing is sent to; None where it may be.

    With `listed_only` public ones may not be either: for what is sent in the open.
    """
    seen = _inner(address)
    if any(one in network for network in allow for one in (address, seen)):
        return None
    kind = _special(seen)
    return "public, where TLS is needed" if kind is None and listed_only else kind


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, or else the address itself."""
    if isinstance(address, IPv6Address) and any(address in network for network in _V4_INSIDE):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _special(address: Address) -> str | None:
    table: Sequence[tuple[Network, str]] = _SPECIAL_V4 if address.version == 4 else _SPECIAL_V6
    for network, kind in table:
        if address in network:
            return kind
    is_known = address.version == 4 or address in _GLOBAL_V6
    return None if is_known else "reserved"
