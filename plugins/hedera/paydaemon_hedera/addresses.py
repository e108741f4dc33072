"""The address book: which node is where, and the hash that its certificate is known by."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PLAIN_PORT = 50211
TLS_PORT = 50212


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


def configured(nodes: Mapping[str, str]) -> dict[str, NodeAddress]:
    """What the operator wrote: ``{"0.0.3": "127.0.0.1:50211"}``."""
    return {id: _configured(id, address) for id, address in nodes.items()}


def from_mirror(said: list[Mapping[str, Any]], *, tls: bool) -> dict[str, NodeAddress]:
    """The nodes of ``/api/v1/network/nodes`` that have an endpoint of the kind that is wanted.

    An entry that is not understood is left out: the others are not to suffer from it.
    """
    return {node.id: node for entry in said for node in _read(entry, TLS_PORT if tls else PLAIN_PORT)}


def _configured(id: str, address: str) -> NodeAddress:
    host, _, port = address.rpartition(":")
    return NodeAddress(id, host.strip("[]"), int(port))


def _read(entry: Mapping[str, Any], wanted: int) -> Iterator[NodeAddress]:
    id, endpoints = entry.get("node_account_id"), entry.get("service_endpoints")
    if not isinstance(id, str) or not isinstance(endpoints, list):
        return
    for endpoint in endpoints:
        if isinstance(endpoint, dict) and endpoint.get("port") == wanted and (host := _host(endpoint)):
            said = entry.get("node_cert_hash")
            yield NodeAddress(id, host, wanted, said if isinstance(said, str) and said != "0x" else None)
            return


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
