"""Relays."""

from collections.abc import Sequence

from paydaemon.core.relay import Relay
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most
from paydaemon.store.sqlite.tables.invoices import BEYOND_ALL


class ReadRelays(Session):
    """What can be read of relays."""

    def relay(self, chain: str, transaction_id: str) -> Relay | None:
        row = self._row("relay", chain=chain, transaction_id=transaction_id)
        return None if row is None else rows.relay(row)

    def relays(self, *, after: str | None, limit: int) -> Sequence[Relay]:
        page = self._rows("relays", after=self._relay_number(after), limit=at_most(limit))
        return [rows.relay(row) for row in page]

    def unresolved_relays(self, chain: str, *, after: str | None, limit: int) -> Sequence[Relay]:
        number = self._relay_number(after)
        page = self._rows("unresolved_relays", chain=chain, after=number, limit=at_most(limit))
        return [rows.relay(row) for row in page]

    def relays_towards(self, invoice_id: str) -> Sequence[Relay]:
        return [rows.relay(row) for row in self._rows("relays_towards", invoice_id=invoice_id)]

    def _relay_number(self, after: str | None) -> int:
        """Where a page starts; nothing comes after an unknown relay."""
        if after is None:
            return 0
        row = self._row("relay_number", id=after)
        return BEYOND_ALL if row is None else int(row["number"])


class WriteRelays(ReadRelays):
    """What can be written of them."""

    def add_relay(self, relay: Relay) -> None:
        self._change("add_relay", **rows.relay_values(relay))

    def set_relay(self, relay: Relay) -> None:
        if self._change("set_relay", **rows.relay_change_values(relay)) == 0:
            raise LookupError(f"there is no relay {relay.id!r} of {relay.transaction_id!r}")

    def replace_relay(self, id: str, relay: Relay) -> None:
        if self._change("replace_relay", replaced=id, **rows.relay_values(relay)) == 0:
            raise LookupError(f"there is no relay {id!r} of {relay.transaction_id!r}")
