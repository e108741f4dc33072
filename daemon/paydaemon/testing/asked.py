"""A daemon's folder, and whoever asks it: over its Unix socket, so as an operator who may act for any seller.

How the daemon runs is the matter of those that derive from `Asked`: in a thread (`inprocess`), or in a
process that can be killed (`inchild`).
"""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

SELLER = "shop"
TIMEOUT_S = 60.0

Json = dict[str, Any]


class Asked(ABC):
    """One daemon's files and, while it runs, whoever asks it.

    What it keeps is in its `folder`, so that stopping and starting it is a restart; `starts` counts them.
    `key` is the key of the one seller, `SELLER`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        # A socket's path is short (unix(7)), and a test's own folder need not be.
        self.folder = folder or Path(tempfile.mkdtemp(prefix="paydaemon-"))
        self.key = ""
        self.starts = 0
        self._client: httpx.Client | None = None

    @property
    @abstractmethod
    def is_up(self) -> bool:
        """Whether it runs, and nobody has told it to end."""

    @abstractmethod
    def start(self) -> None:
        """Start it; raises what keeps it from starting."""

    @abstractmethod
    def stop(self) -> None:
        """Ask it to end, as a service manager does, and wait for it."""

    @abstractmethod
    def kill(self) -> None:
        """End it wherever it is."""

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, expect: int = 2
    ) -> Json:
        """A request; `expect` is the first digit of the status. Raises `AssertionError` for another one."""
        answer = self.answer(method, path, body)
        content = answer.json()
        assert answer.status_code // 100 == expect, (answer.status_code, content)
        return dict(content)

    def answer(self, method: str, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        """A request, whatever the answer is."""
        assert self._client is not None, "the daemon does not run"
        return self._client.request(method, path, json=body)

    @property
    def public_url(self) -> str:
        """Where it listens for everybody. It may be another one after a restart."""
        return str(self.call("GET", "/admin/v1/daemon")["public_url"])

    def ask(self, method: str, path: str, content: str = "") -> httpx.Response:
        """A request of the seller's at the public address, as its clients ask: whatever the answer is."""
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.public_url, headers=headers, timeout=TIMEOUT_S) as client:
            return client.request(method, path, content=content)

    def sell(self, amount: str, currency: str, **fields: object) -> Json:
        """A new invoice of the seller's."""
        body = {"amount": amount, "currency": currency, "seller_id": SELLER, **fields}
        return self.call("POST", "/v1/invoices", body)

    def _dial(self, socket: Path) -> None:
        self.starts += 1
        transport = httpx.HTTPTransport(uds=str(socket))
        self._client = httpx.Client(transport=transport, base_url="http://paydaemon", timeout=TIMEOUT_S)

    def _have_seller(self) -> None:
        if not any(seller["id"] == SELLER for seller in self.call("GET", "/admin/v1/sellers")["data"]):
            self.key = str(self.call("POST", "/admin/v1/sellers", {"id": SELLER})["secret"])

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
