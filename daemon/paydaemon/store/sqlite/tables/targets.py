"""Targets."""

from collections.abc import Sequence

from paydaemon.core.delivery import Condition, Target
from paydaemon.store.sqlite import deliveryrows as rows
from paydaemon.store.sqlite.session import Session, at_most
from paydaemon.store.sqlite.tables.invoices import BEYOND_ALL


class ReadTargets(Session):
    """What can be read of targets."""

    def target(self, id: str) -> Target | None:
        row = self._row("target", id=id)
        return None if row is None else rows.target(row)

    def targets(self, *, after: str | None, limit: int) -> Sequence[Target]:
        page = self._rows("targets", after=self._target_number(after), limit=at_most(limit))
        return [rows.target(row) for row in page]

    def endpoints(self, seller_id: str | None) -> Sequence[Target]:
        return [rows.target(row) for row in self._rows("endpoints_of", seller_id=seller_id)]

    def targets_with_work(self) -> Sequence[str]:
        return [str(row["id"]) for row in self._rows("targets_with_work")]

    def _target_number(self, after: str | None) -> int:
        if after is None:
            return 0
        row = self._row("target_number", id=after)
        return BEYOND_ALL if row is None else int(row["number"])


class WriteTargets(ReadTargets):
    """What can be written of them."""

    def add_target(self, target: Target) -> None:
        self._change("add_target", **rows.target_values(target))

    def set_target(self, target: Target) -> None:
        if self._change("set_target", **rows.target_change_values(target)) == 0:
            raise LookupError(f"there is no target {target.id!r}")

    def move_cursor(self, target_id: str, seq: int) -> None:
        self._change("move_cursor", id=target_id, cursor=seq)

    def set_condition(self, target_id: str, condition: Condition) -> None:
        if self._change("set_condition", **rows.condition_values(target_id, condition)) == 0:
            raise LookupError(f"there is no target {target_id!r}")

    def prune_targets(self, limit: int) -> int:
        return self._change("prune_removed", limit=at_most(limit)) + self._change("prune_targets")
