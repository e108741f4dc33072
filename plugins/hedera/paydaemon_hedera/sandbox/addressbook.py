"""The address book: which nodes there are, and where, for the mirror node and for the network's own files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class NodeEntry:
    """A node in the address book; `cert_hash` is hex of the SHA-384 of its certificate in PEM, or empty."""

    number: int
    host: str
    port: int
    cert_hash: str = ""


AddressBook: TypeAlias = Callable[[], Sequence[NodeEntry]]
"""As it is when it is asked for: ports are known once the nodes listen."""
