"""Endpoints: what a URL may be, and what is said on the way to it.

A URL is taken apart here once, strictly, and only its parts go any further: nothing of it can end a line of
the request, or mean one host to us and another to a library.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

import idna

from paydaemon_webhook.guard import Address

MAX_URL = 2_048
TOO_LONG = f"must be at most {MAX_URL} characters"
_PORTS = {"https": 443, "http": 80}
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<authority>[^/?\\]+)(?P<path>/[^?\\]*)?(?P<query>\?[^\\]*)?", re.IGNORECASE
)
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
MAX_NAME = 253


class BadUrl(ValueError):
    """A URL that cannot be an endpoint's; says why."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where notices are posted to. `host` is a name in ASCII, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_open(self) -> bool:
        """Whether what is sent to it can be read on the way."""
        return self.scheme == "http"

    @property
    def address(self) -> Address | None:
        """Its host, where that is an address."""
        return _address(self.host)

    @property
    def authority(self) -> str:
        """What the Host header says (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """All of it, in the one form in which it is kept."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> Endpoint:
    """Take a URL apart. Raises `BadUrl`."""
    if len(url) > MAX_URL:
        raise BadUrl(TOO_LONG)
    if not url.isprintable() or " " in url:
        raise BadUrl("must not have spaces or control characters in it")
    if "#" in url:
        raise BadUrl("must not have a fragment: no server is told it")
    found = _URL.fullmatch(url)
    if found is None:
        raise BadUrl('must be a URL such as "https://shop.example/hooks"')
    if "@" in found["authority"]:
        raise BadUrl("must be without user and password: what is sent is signed instead")
    scheme, target = found["scheme"].lower(), (found["path"] or "/") + (found["query"] or "")
    if not target.isascii():
        raise BadUrl("must have what is beyond ASCII in its path percent-encoded")
    host, port = _host_and_port(found["authority"])
    return _kept(Endpoint(scheme, host, _PORTS[scheme] if port is None else port, target))


def _kept(endpoint: Endpoint) -> Endpoint:
    """What is kept is taken apart again for each notice, and may be longer than what was given."""
    if len(endpoint.url) > MAX_URL:
        raise BadUrl(TOO_LONG)
    return endpoint


def _host_and_port(authority: str) -> tuple[str, int | None]:
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        raise BadUrl("must have a host such as shop.example")
    port = None if found["port"] is None else int(found["port"])
    if port is not None and not 1 <= port <= 65_535:
        raise BadUrl("must have a port from 1 to 65535")
    return (_v6(found["v6"]) if found["name"] is None else _name(found["name"])), port


def _v6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError as error:
        raise BadUrl("must have a host that is a name or an address") from error


def _name(text: str) -> str:
    """A name, or an IPv4 address in its usual form: others, such as 127.1, mean an address to some only."""
    name = _in_ascii(text).lower()
    labels = name.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _v4(name)
    if len(name) > MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadUrl("must have a host such as shop.example")
    return name


def _v4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except ValueError as error:
        raise BadUrl("must have a host that is a name or an address such as 192.0.2.1") from error


def _in_ascii(name: str) -> str:
    """A name beyond ASCII as the DNS knows it (RFC 5891, UTS 46)."""
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadUrl("must have a host that can be a domain") from error


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
