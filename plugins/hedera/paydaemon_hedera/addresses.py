"""Addresses: which node is where, and the hash that its certificate is known by."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

PLAIN_PORT = 50211
TLS_PORT = 50212

CERTIFICATE_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{96})", re.ASCII)
"""SHA-384."""


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """One node, by the account that names it. `certificate_hash` is SHA-384 in hex, where it is known."""

    id: str
    host: str
    port: int
    certificate_hash: str | None = None

    @property
    def address(self) -> str:
        """As gRPC takes it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Addresses = Mapping[str, NodeAddress]
"""By the nodes' accounts."""


def configured(nodes: Mapping[str, str], hashes: Mapping[str, str]) -> Addresses:
    """What the operator wrote: ``{"0.0.3": "127.0.0.1:50211"}``, and the hashes of certificates by node."""
    return {id: _configured(id, address, hashes.get(id)) for id, address in nodes.items()}


def with_hashes(nodes: Addresses, book: Addresses) -> Addresses:
    """The same nodes with what an address book knows of their certificates, where the operator wrote none."""
    return {
        id: replace(node, certificate_hash=node.certificate_hash or book[id].certificate_hash)
        if id in book
        else node
        for id, node in nodes.items()
    }


def from_mirror(said: Iterable[Mapping[str, Any]], *, tls: bool, usual: bool = True) -> Addresses:
    """The nodes of ``/api/v1/network/nodes`` that have an endpoint of the kind that is wanted.

    Where `usual`, that is told by its port, which is the same on all public networks. An entry that is not
    understood is left out: the others are not to suffer from it.
    """
    wanted = (TLS_PORT if tls else PLAIN_PORT) if usual else None
    return {node.id: node for entry in said for node in _read(entry, wanted)}


def _configured(id: str, address: str, certificate_hash: str | None) -> NodeAddress:
    host, _, port = address.rpartition(":")
    return NodeAddress(id, host.strip("[]"), int(port), certificate_hash)


def _read(entry: Mapping[str, Any], wanted: int | None) -> Iterator[NodeAddress]:
    id, endpoints = entry.get("node_account_id"), entry.get("service_endpoints")
    if not isinstance(id, str) or not isinstance(endpoints, list):
        return
    found = (one for one in endpoints if isinstance(one, dict) and _is_wanted(one.get("port"), wanted))
    for endpoint in found:
        if host := _host(endpoint):
            yield NodeAddress(id, host, endpoint["port"], _hash(entry.get("node_cert_hash")))
            return


def _is_wanted(port: object, wanted: int | None) -> bool:
    return type(port) is int and 0 < port < 65_536 and wanted in (None, port)


def _hash(said: object) -> str | None:
    return said if isinstance(said, str) and said not in ("", "0x") else None


def _host(endpoint: Mapping[str, Any]) -> str | None:
    for name in ("ip_address_v4", "domain_name"):
        host = endpoint.get(name)
        if isinstance(host, str) and host and (name == "domain_name" or _is_address(host)):
            return host
    return None


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
