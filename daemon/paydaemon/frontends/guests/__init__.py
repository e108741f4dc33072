"""Guests: the frontends that plugins bring, behind the same gate and on the same address as our own.

`live` has each of them while it runs, `doors` leads requests and websockets to it, `words` turns what Quart
has into what it is handed, and `host` is what it may ask for.
"""

from paydaemon.frontends.guests.host import GuestHost
from paydaemon.frontends.guests.live import LiveFrontend

__all__ = ["GuestHost", "LiveFrontend"]
