"""What rates there were."""

from collections.abc import Sequence

from paydaemon.store.rateport import KeptRate
from paydaemon.store.sqlite import rows
from paydaemon.store.sqlite.session import Session, at_most


class ReadRates(Session):
    """What can be read of rates."""

    def last_rates(self) -> Sequence[KeptRate]:
        return [rows.kept_rate(row, row["base"], row["quote"]) for row in self._rows("last_rates")]

    def rate_history(
        self, base: str, quote: str, *, from_ms: int, before_ms: int, limit: int
    ) -> Sequence[KeptRate]:
        page = self._rows(
            "rate_history",
            base=base,
            quote=quote,
            from_ms=from_ms,
            before_ms=before_ms,
            limit=at_most(limit),
        )
        return [rows.kept_rate(row, base, quote) for row in page]


class WriteRates(ReadRates):
    """What can be written of them."""

    def keep_rate(self, kept: KeptRate) -> None:
        with self._together():
            self._change("add_rate_pair", base=kept.base, quote=kept.quote)
            self._change("keep_rate", **rows.kept_rate_values(kept))

    def prune_rates(self, before_ms: int, limit: int) -> int:
        pruned = 0
        for pair in self._rows("rate_pairs"):
            left = at_most(limit - pruned)
            pruned += self._change("prune_rates", pair=pair["number"], before_ms=before_ms, limit=left)
        return pruned
