"""Addresses: what may be configured as the place where a publisher is told.

The operator alone configures it, so it may lead anywhere. What goes there in the open is signed, but can be
read on the way, or answered by somebody else: so that takes a word of the operator's, except on this machine.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

MAX_URL = 2_048
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?\.?", re.ASCII)


def web_address(text: str) -> str:
    """A URL to post to, as it was given. Raises `ValueError`."""
    _parts(text, ("https", "http"))
    return text


def socket_address(text: str) -> str:
    """A Socket.IO server, as it was given. Raises `ValueError`."""
    parts = _parts(text, ("https", "http", "wss", "ws"))
    if parts.path not in ("", "/") or "?" in text:
        raise ValueError('must end with the host, such as "https://publisher.example": the path is known')
    return text


def is_open(url: str) -> bool:
    """Whether what goes there can be read on the way, and the way leaves this machine."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "ws") and not _is_here(parts.hostname or "")


def is_encrypted(url: str) -> bool:
    """Whether it is reached by TLS."""
    return urlsplit(url).scheme in ("https", "wss")


def host_and_port(url: str) -> tuple[str, int]:
    """What to connect to."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def authority(url: str) -> str:
    """What the Host header says (RFC 9110, section 7.2)."""
    return urlsplit(url).netloc


def _parts(text: str, schemes: tuple[str, ...]) -> SplitResult:
    if len(text) > MAX_URL:
        raise ValueError(f"must be at most {MAX_URL} characters")
    if not text.isascii() or not text.isprintable() or set(text) & set(' "<>\\^`{|}#'):
        raise ValueError("must have no spaces or other characters that are percent-encoded, and no fragment")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("must have a host, and a port from 1 to 65535") from error
    if parts.scheme not in schemes or not _is_host(parts.hostname or "") or port == 0:
        raise ValueError(f'must be a URL that begins with "{schemes[0]}://" and a host')
    if "@" in parts.netloc:
        raise ValueError("must be without user and password")
    return parts


def _is_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None or _address(host) is not None


def _is_here(host: str) -> bool:
    """RFC 6761, section 6.3: ``localhost`` is nowhere else."""
    address = _address(host)
    return host in ("localhost", "localhost.") if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
