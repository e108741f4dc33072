"""Chains, and the destinations issued on them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from paydaemon.core.invoice import Destination
from paydaemon.store.port import ChainRow, Issued
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most


class ReadChains(Session):
    """What can be read of chains."""

    def chain(self, id: str) -> ChainRow:
        row = self._row("chain", id=id)
        return ChainRow(**row) if row is not None else ChainRow(id, next_index=self._first_index())

    def chain_known_as(self, identity: str) -> str | None:
        row = self._row("chain_known_as", identity=identity)
        return None if row is None else str(row["id"])

    def waiting_by_chain(self) -> Mapping[str, int]:
        return {row["chain"]: row["waiting"] for row in self._rows("waiting_by_chain")}

    def issued(self, chain: str, destination_key: str) -> Issued | None:
        row = self._row("issued", chain=chain, destination_key=destination_key)
        return None if row is None else Issued(**row)

    def destinations(self, chain: str, after_index: int, limit: int) -> Sequence[Destination]:
        page = self._rows("destinations", chain=chain, after_index=after_index, limit=at_most(limit))
        return [rows.destination(row) for row in page]

    def _first_index(self) -> int:
        """Where a chain begins."""
        [row] = self._rows("journal")
        return int(row["first_index"])


class WriteChains(ReadChains):
    """What can be written of them."""

    def set_chain(self, row: ChainRow) -> None:
        self._change("set_chain", **asdict(row))

    def reserve_indexes(self, chain: str, count: int) -> int:
        if count < 1:
            raise ValueError(f"count must be at least 1, not {count}")
        [row] = self._rows("reserve_indexes", chain=chain, count=count)
        return int(row["first"])
