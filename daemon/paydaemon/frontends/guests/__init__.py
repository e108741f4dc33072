"""Guests: the frontends that plugins bring, behind the same gate and on the same address as our own.

`live` has each of them while it runs, `doors` leads requests to it and `talks` websockets. `translation`
turns what Quart has into what it is handed, `faults` names it where it fails, `host` is what it may ask for.
"""

from paydaemon.frontends.guests.host import GuestHost
from paydaemon.frontends.guests.live import LiveFrontend

__all__ = ["GuestHost", "LiveFrontend"]
