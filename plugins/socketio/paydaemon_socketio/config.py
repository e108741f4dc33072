"""The keys of ``[frontends.<id>]`` for Socket.IO."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from paydaemon.hooks.settings import ChainId, Settings
from paydaemon_socketio.limits import SocketIoLimits

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+", re.ASCII | re.IGNORECASE)
MAX_ORIGINS = 100


def _origin(text: str) -> str:
    if text != "*" and _ORIGIN.fullmatch(text) is None:
        raise ValueError('must be an origin such as "https://shop.example", without a path, or "*"')
    return text.lower()


class SocketIoConfig(Settings):
    """Whom it passes transactions on to, and which pages may ask."""

    chain: ChainId = Field(
        default="hedera", description="The chain whose transactions and questions are passed on."
    )
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=("*",),
        max_length=MAX_ORIGINS,
        description='Pages that may connect from a browser, such as ["https://shop.example"]; "*" is every '
        "page. A browser's extension has an origin of its own.",
    )
    limits: SocketIoLimits = SocketIoLimits()
