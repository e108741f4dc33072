"""What the page loads, each under a URL that changes with what is in it: kept by browsers for good.

All scripts of the page share one version, the hash of all of them, as a folder in their URL. So they import
each other by plain relative names, and a page gets either all of one version or all of another. The
operator's own, which bring wallets, are among them.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files

FOLDER = files("paydaemon.frontends.checkout").joinpath("static")

FIRST = "page.js"
"""The module that the page names; the others are imported."""


def embedding() -> bytes:
    """The script that sellers' own pages load."""
    return files("paydaemon.frontends.checkout").joinpath("paydaemon.js").read_bytes()


class Assets:
    """The page's scripts, read once, and the operator's `wallets`."""

    def __init__(self, wallets: Sequence[bytes] = ()) -> None:
        own = {file.name: file.read_bytes() for file in sorted(FOLDER.iterdir(), key=lambda file: file.name)}
        brought = {f"wallet-{number}.js": script for number, script in enumerate(wallets, 1)}
        self._own, self._brought = list(own), list(brought)
        self.scripts: Mapping[str, bytes] = {**own, **brought}
        self.version = sha256(b"\0".join(self.scripts.values())).hexdigest()[:16]

    def urls(self) -> list[str]:
        """Where ours are, the first one first, as seen from a page in a folder beside ``/assets``."""
        return self._at(sorted(self._own, key=lambda name: (name != FIRST, name)))

    def wallet_urls(self) -> list[str]:
        """Where the operator's are, which the page runs after its own."""
        return self._at(self._brought)

    def find(self, version: str, name: str) -> bytes | None:
        """A script of this version, or None."""
        return self.scripts.get(name) if version == self.version else None

    def _at(self, names: Iterable[str]) -> list[str]:
        return [f"../assets/checkout/{self.version}/{name}" for name in names]
