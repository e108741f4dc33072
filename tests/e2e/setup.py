"""What these tests configure."""

from typing import Any

from paydaemon_bitcoin.regtest import RegtestNode
from paydaemon_bitcoin.sandbox import seller_descriptor

NEVER_S = 60
"""A poll interval that no test waits for: whatever is told sooner was brought by ZMQ."""


def bitcoin(node: RegtestNode, **settings: Any) -> dict[str, Any]:
    """The configuration of one Bitcoin chain on a node."""
    return {"chains": {"bitcoin": chain(node, **settings)}}


def chain(node: RegtestNode, *, kind: str = "wpkh", **settings: Any) -> dict[str, Any]:
    """One chain's table, with a seller's descriptor of its own."""
    return {"plugin": "bitcoin", **node.settings, "descriptor": seller_descriptor(kind), **settings}
