"""Here: whether a request was made on this machine itself, by a program of its own.

It comes from a loopback address then, which others can borrow. A proxy that runs here says for whom it asks,
or is named in the configuration. A browser that runs here asks for pages from anywhere:

* a page of another site is told by ``Sec-Fetch-Site``, which a page cannot change (Fetch Metadata,
  https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header), unless its origin was let in already;
* a page whose own name leads to this machine (DNS rebinding) is the same site, and is told by ``Host``, which
  has that name. Every browser sends it. This alone is decided by Host: whom not to believe.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from quart.wrappers.base import BaseRequestWebsocket
from werkzeug.datastructures import Headers

from paydaemon.frontends import addresses
from paydaemon.frontends.settings import Network

FORWARDED = ("Forwarded", "Via", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP")
"""What only a proxy adds, beside everything that begins as the next one does. Whoever it asks for is not on
this machine, for all that can be known.
"""
FORWARDED_AS = "x-forwarded-"

OWN_PAGES = frozenset({"same-origin", "none"})
"""What browsers say of a page of ours, and of what a person has typed; programs say nothing."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]*)?", re.ASCII | re.IGNORECASE)
"""RFC 9110, section 7.2."""


def is_from_here(asked: BaseRequestWebsocket, trusted: Sequence[Network], public_url: str) -> bool:
    """Whether a program on this machine asks, for all that can be known. Its origin was looked at before."""
    peer = addresses.client_of(asked, ())
    return (
        peer is not None
        and peer.is_loopback
        and not addresses.is_trusted(peer, trusted)
        and not _is_passed_on(asked.headers)
        and _is_no_foreign_page(asked.headers)
        and _is_called_here(asked.headers.get("Host", ""), public_url)
    )


def _is_passed_on(headers: Headers) -> bool:
    said = any(name in headers for name in FORWARDED)
    return said or any(name.lower().startswith(FORWARDED_AS) for name in headers.keys())  # noqa: SIM118 - no dict


def _is_no_foreign_page(headers: Headers) -> bool:
    return "Origin" in headers or headers.get("Sec-Fetch-Site", "none") in OWN_PAGES


def _is_called_here(host: str, public_url: str) -> bool:
    """Whether a Host is this machine for everybody, or the daemon's public one."""
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = (match[1] or match[2]).lower().removesuffix(".")
    address = addresses.parse(name)
    if address is not None and address.is_loopback:
        return True
    # RFC 6761, section 6.3: nobody's names but this machine's.
    return name == "localhost" or name.endswith(".localhost") or name == urlsplit(public_url).hostname
