"""The frontends: HTTP and websockets, and the guard between them and the network.

They parse, call one method of `paydaemon.engine.api.Api`, and word the answer. Nothing about money or state
is decided here. A request passes, in this order: `listener` (connections and their limits), `connection` and
`protocol` (HTTP/1.1), `gate` (pace and keys), a module of `routes`, `requests` (its body and query), the
engine, and `wire` (the answer) or `errors`.
"""

from paydaemon.frontends.activation import Passed, take_passed
from paydaemon.frontends.app import make_app
from paydaemon.frontends.listener import serve
from paydaemon.frontends.settings import FrontendSettings, Limits, Status
from paydaemon.frontends.tcp import TcpListener, open_public, open_tcp
from paydaemon.frontends.traffic import Counts, Traffic
from paydaemon.frontends.unix import UnixListener, open_unix

__all__ = [
    "Counts",
    "FrontendSettings",
    "Limits",
    "Passed",
    "Status",
    "TcpListener",
    "Traffic",
    "UnixListener",
    "make_app",
    "open_public",
    "open_tcp",
    "open_unix",
    "serve",
    "take_passed",
]
