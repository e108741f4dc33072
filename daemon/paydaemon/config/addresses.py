"""Network addresses as the configuration writes them."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})", re.ASCII)
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535


class Address(NamedTuple):
    """Where to listen: an IP address and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """As in a URL: IPv6 in brackets (RFC 3986, section 3.2.2)."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """``127.0.0.1:8420`` or ``[::1]:8420``. Raises `ValueError`.

    An address and no name: a name may stand for several addresses, or for others tomorrow.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match[3]) > _MAX_PORT or not _is_ip(match[1] or match[2]):
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:8420 or [::1]:8420")
    return Address(str(ip_address(match[1] or match[2])), int(match[3]))


def parse_network(text: object) -> IPv4Network | IPv6Network:
    """``10.0.0.0/8``, ``::1/128`` or a single address. Raises `ValueError`."""
    if not isinstance(text, str):
        raise ValueError("must be text in quotes")
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        wider = ip_network(text, strict=False)
    except ValueError:
        raise ValueError('must be a network such as "10.0.0.0/8" or "::1/128"') from None
    raise ValueError(f'has bits set beyond its prefix; the network is "{wider}"')


def parse_public_url(text: str) -> str:
    """A URL that paths can be put behind: http or https, a host, perhaps a path; no trailing slash.

    Raises `ValueError`.
    """
    if _URL.fullmatch(text) is None or not _has_host_and_port(text):
        raise ValueError('must be a URL such as "https://pay.example.org"')
    parts = urlsplit(text)
    if "?" in text or "#" in text:
        raise ValueError("must have no query and no fragment: paths are put behind it")
    if "@" in parts.netloc:
        raise ValueError("must hold no user and no password")
    if _is_wildcard(str(parts.hostname)):
        raise ValueError(
            "must be given, and be what others can open: 0.0.0.0 and [::] are for listening only"
        )
    return text.rstrip("/")


ANY_ORIGIN = "*"
"""Every page."""


def parse_origin(text: str) -> str:
    """A page's origin as browsers write it (RFC 6454, section 6.1), or `ANY_ORIGIN`. Raises `ValueError`.

    What no browser would ever send is refused, and not left to match nobody.
    """
    if text == ANY_ORIGIN:
        return text
    match = _ORIGIN.fullmatch(text.lower())
    if match is None or not _has_host_and_port(text):
        raise ValueError('must be an origin such as "https://shop.example", without a path, or "*"')
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def parse_peer_origin(text: str) -> str:
    """Whom a page may speak to: an origin by HTTP or by websockets, one alone. Raises `ValueError`."""
    scheme, _, rest = text.lower().partition("://")
    pages = {"wss": "https", "ws": "http"}.get(scheme, scheme)
    try:
        origin = parse_origin(f"{pages}://{rest}")
    except ValueError:
        raise ValueError('must be an origin such as "wss://relay.example", without a path') from None
    return origin.replace(pages, scheme, 1)


def _has_host_and_port(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port <= _MAX_PORT)
    except ValueError:
        return False


def _is_wildcard(host: str) -> bool:
    return _is_ip(host) and ip_address(host).is_unspecified


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
