"""What the page loads, each under a URL that changes with what is in it: kept by browsers for good.

All scripts of the page share one version, the hash of all of them, as a folder in their URL. So they import
each other by plain relative names, and a page gets either all of one version or all of another.
"""

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files

FOLDER = files("paydaemon.frontends.checkout").joinpath("static")

FIRST = "page.js"
"""The module that the page names; the others are imported."""


def embedding() -> bytes:
    """The script that sellers' own pages load."""
    return files("paydaemon.frontends.checkout").joinpath("paydaemon.js").read_bytes()


class Assets:
    """The page's scripts, read once."""

    def __init__(self) -> None:
        self.scripts: Mapping[str, bytes] = {
            file.name: file.read_bytes() for file in sorted(FOLDER.iterdir(), key=lambda file: file.name)
        }
        self.version = sha256(b"\0".join(self.scripts.values())).hexdigest()[:16]

    def urls(self) -> list[str]:
        """Where they are, the first one first, as seen from a page in a folder beside ``/assets``."""
        names = sorted(self.scripts, key=lambda name: (name != FIRST, name))
        return [f"../assets/checkout/{self.version}/{name}" for name in names]

    def find(self, version: str, name: str) -> bytes | None:
        """A script of this version, or None."""
        return self.scripts.get(name) if version == self.version else None
