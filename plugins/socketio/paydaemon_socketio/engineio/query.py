"""The query: what a request asks for, as every Engine.IO request says it in its parameters.

``EIO`` is the version, 3 where it is not said; ``transport`` how, ``sid`` the session, none to open one.
``t`` and ``b64`` are for caches, and for servers that send what is binary: they mean nothing here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from paydaemon_socketio.engineio.packets import Version
from paydaemon_socketio.engineio.refusals import Code, Refused

NO_JSONP = "JSONP is not spoken here: use polling by XHR, or websockets"
_VERSIONS = {"3": Version.THREE, "4": Version.FOUR}


class Transport(StrEnum):
    """How packets are carried."""

    POLLING = "polling"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for; a `sid` of None means a new session."""

    version: Version
    transport: Transport
    sid: str | None


def read(query: Sequence[tuple[str, str]], over: Transport, method: str) -> Asked:
    """What is asked for `over` this transport, in the order in which engine.io looks. Raises `Refused`."""
    said = {name: value for name, value in query if name in ("EIO", "transport", "sid", "j")}
    if said.get("transport") not in list(Transport):
        raise Refused(Code.TRANSPORT_UNKNOWN)
    if "j" in said:
        raise Refused(Code.BAD_REQUEST, NO_JSONP)
    if not said.get("sid") and method != "GET":
        raise Refused(Code.BAD_HANDSHAKE_METHOD)
    if said["transport"] != over or method not in ("GET", "POST"):
        raise Refused(Code.BAD_REQUEST)
    version = _VERSIONS.get(said.get("EIO", "3"))
    if version is None:
        raise Refused(Code.UNSUPPORTED_VERSION)
    return Asked(version, over, said.get("sid") or None)
