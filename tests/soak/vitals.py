"""A daemon seen from outside: its memory, its open descriptors, and how soon it says that it is well."""

import http.client
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import trio

ASK_EVERY_S = 0.1
ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Vitals:
    """Resident memory, and open file descriptors."""

    rss_bytes: int
    descriptors: int

    @classmethod
    def of(cls, pid: int) -> "Vitals":
        """A process's vitals now."""
        process = Path("/proc", str(pid))
        (rss,) = (line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS"))
        return cls(int(rss.split()[1]) * 1024, len(list((process / "fd").iterdir())))

    @property
    def rss_mib(self) -> int:
        """The same memory in whole MiB."""
        return self.rss_bytes // 2**20

    def __str__(self) -> str:
        return f"{self.rss_mib} MiB and {self.descriptors} descriptors"


@dataclass(slots=True)
class Watch:
    """What was seen of a process while it was watched.

    `answers_s` is how long each ``/healthz`` took, less the time for which the daemon was ready to run and
    the machine ran something else: a busy machine makes no daemon unwell.
    """

    api: str
    pid: int
    answers_s: list[float] = field(default_factory=list)
    seen: list[Vitals] = field(default_factory=list)

    @property
    def most_rss_mib(self) -> int:
        """The most memory it had."""
        return max(vitals.rss_mib for vitals in self.seen)

    @property
    def slowest_s(self) -> float:
        """The longest that it took to say that it is well."""
        return max(self.answers_s)

    def __str__(self) -> str:
        most = max(vitals.descriptors for vitals in self.seen)
        return (
            f"at most {self.most_rss_mib} MiB and {most} descriptors; {len(self.answers_s)} times healthy, "
            f"half within {median(self.answers_s):.3f} s, all within {self.slowest_s:.2f} s"
        )

    @asynccontextmanager
    async def during(self) -> AsyncIterator[None]:
        """Watch for as long as the block runs: from a thread, so that our own work delays it little."""
        over = threading.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, self._watch_until, over)
            try:
                yield
            finally:
                over.set()

    def _watch_until(self, over: threading.Event) -> None:
        while not over.wait(ASK_EVERY_S):
            begun_s, waited_s = time.monotonic(), _waited_s(self.pid)
            self._ask()
            took_s, waited_s = time.monotonic() - begun_s, _waited_s(self.pid) - waited_s
            self.answers_s.append(max(0.0, took_s - waited_s))
            self.seen.append(Vitals.of(self.pid))

    def _ask(self) -> None:
        parts = urlsplit(self.api)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_S)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, b'{"status":"ok"}')
        finally:
            connection.close()


def _waited_s(pid: int) -> float:
    """How long a process's main thread has waited for a processor (proc(5), ``schedstat``)."""
    _, waited_ns, _ = Path("/proc", str(pid), "schedstat").read_text().split()
    return int(waited_ns) / 1e9
