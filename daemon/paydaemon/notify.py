"""What a service manager is told: datagrams to the socket that it names in the environment (sd_notify(3)).

Telling is never waited for and never fails: where nobody listens, the daemon runs all the same.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

MAX_STATUS = 500
"""The most characters of a status line."""


class Manager:
    """The service manager, or nobody where `address` is None.

    `address` is a path, or begins with ``@`` and is then in Linux's abstract namespace (unix(7)).
    `watchdog_s` is how long the manager waits for `feed` before it takes the daemon for dead, None for ever.
    """

    def __init__(self, address: str | None = None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._address = None if address is None else address.replace("@", "\0", 1)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def ready(self) -> None:
        """The daemon is up, or has taken over its new configuration."""
        self._tell("READY=1")

    def status(self, line: str) -> None:
        """How the daemon is doing, for people."""
        self._tell(f"STATUS={' '.join(line.split())[:MAX_STATUS]}")

    def reloading(self) -> None:
        """It reads its configuration anew; `ready` ends that (systemd.service(5), ``notify-reload``)."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """It is going down, and means to."""
        self._tell("STOPPING=1")

    def feed(self) -> None:
        """It is alive."""
        self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Nothing more will be told."""
        self._socket.close()

    def _tell(self, *assignments: str) -> None:
        if self._address is not None:
            with suppress(OSError):
                self._socket.sendto("\n".join(assignments).encode(), self._address)


def from_environment(environment: Mapping[str, str] = os.environ) -> Manager:
    """The manager that started this process, as sd_notify(3) and sd_watchdog_enabled(3) say."""
    address = environment.get("NOTIFY_SOCKET", "")
    return Manager(address if address[:1] in ("/", "@") else None, _watchdog_s(environment))


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    meant_for = environment.get("WATCHDOG_PID", str(os.getpid()))
    microseconds = environment.get("WATCHDOG_USEC", "")
    if meant_for != str(os.getpid()) or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1_000_000
