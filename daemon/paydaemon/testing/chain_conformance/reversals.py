"""What was paid is paid no more, or again: replacements and reorganisations."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from paydaemon.testing.asked import Json
from paydaemon.testing.chain_conformance.base import Suite
from paydaemon.testing.chain_conformance.can import Can
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.trial import SEEN, SETTLED, Trial

OUT_OF_BLOCKS: Sequence[Sequence[int]] = ([0], [])
"""The confirmations of a payment whose block is gone: none, or it is not seen until the next block has it."""
STILL_COUNTS = "a payment still counts that is not on the chain any more"
LOST = {"payment.replaced", "payment.conflicted", "payment.dropped"}
"""What may be told of a payment that somebody else has got: chains know more or less of it."""


class Paid(NamedTuple):
    """An invoice and the transaction that paid it."""

    invoice: Json
    txid: str


class Reversals(Suite):
    """A chain takes back what it said, and the daemon follows."""

    def test_replaced(self, trial: Trial, ground: Ground) -> None:
        """Spent elsewhere before a block held it; and paid after all."""
        self.can(Can.REPLACED, ground)
        invoice = trial.order()
        txid = trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.step()
        trial.replace(txid)
        trial.step()
        self._is_unpaid(trial, trial.until_paid(invoice, 0, f"replaced: {STILL_COUNTS}"))
        trial.bury()
        trial.step()
        shown = trial.show(invoice)
        self._is_unpaid(trial, shown)
        trial.is_flagged(shown)
        told = trial.told(invoice)
        assert told[:3] == [*SEEN, "processing"], told
        assert set(told[3:]) <= LOST, told
        again = trial.pay(invoice)
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, again)

    def test_reorganised_before_its_depth(self, trial: Trial, ground: Ground) -> None:
        """Back from a block, and in another one: counted once, and from the other one on."""
        self.can(Can.REORGANISED, ground)
        self._is_not_final(trial, 1)
        deeper = max(trial.enough, 2)
        invoice = trial.order(confirmations=deeper)
        txid = trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.bury(1)
        trial.until(invoice, "one block gave no confirmation", lambda shown: trial.depths_of(shown) == [1])
        trial.step()
        trial.reorganise(1)
        trial.step()
        back = trial.until(
            invoice,
            "reorganised: a block that is gone still counts",
            lambda shown: trial.depths_of(shown) in OUT_OF_BLOCKS,
        )
        waits = self._waits_for_a_block(trial, back)
        trial.is_flagged(back)
        trial.bury(deeper)
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, txid)
        self._was_told(trial, invoice, waits, *SEEN, "processing", "payment.unconfirmed", *SETTLED)

    def test_reorganised_beyond_its_depth(self, trial: Trial, ground: Ground) -> None:
        """Settled, and gone for good, or in other blocks: reversed, whether the daemon looked or not."""
        self.can(Can.REORGANISED, ground)
        self._is_not_final(trial, trial.enough)
        kept, gone = self._settled(trial)
        depth = self._deepest(trial, kept, gone)
        trial.step()
        trial.reorganise(depth, gone.txid)
        trial.step()
        self._are_reversed(trial, kept, gone, f"reorganised: {STILL_COUNTS}")

    def test_reorganised_while_down(self, trial: Trial, ground: Ground) -> None:
        """The block that a cursor points to is gone when the daemon comes back."""
        self.can(Can.REORGANISED, ground)
        self._is_not_final(trial, trial.enough)
        kept, gone = self._settled(trial)
        depth = self._deepest(trial, kept, gone)
        trial.daemon.stop()
        trial.reorganise(depth, gone.txid)
        trial.daemon.start()
        self._are_reversed(trial, kept, gone, f"reorganised while the daemon was down: {STILL_COUNTS}")

    def _settled(self, trial: Trial) -> tuple[Paid, Paid]:
        """Two settled invoices."""
        invoices = trial.order(), trial.order()
        kept, gone = [Paid(invoice, trial.pay(invoice)) for invoice in invoices]
        for one in (kept, gone):
            trial.until_paid(one.invoice, trial.due_minor, "a payment was never seen")
        trial.bury()
        for one in (kept, gone):
            trial.until_status(one.invoice, "settled")
        return kept, gone

    def _deepest(self, trial: Trial, *paid: Paid) -> int:
        """How many blocks are to go for all of it to be in none: each may have one of its own."""
        return max(depth for one in paid for depth in trial.depths_of(trial.show(one.invoice)))

    def _are_reversed(self, trial: Trial, kept: Paid, gone: Paid, otherwise: str) -> None:
        """Neither is settled any more: one is unpaid, and the other settles once it is as deep again."""
        self._is_unpaid(trial, reversed_ := trial.until_paid(gone.invoice, 0, otherwise))
        trial.is_flagged(reversed_, "reversed")
        told = trial.told(gone.invoice)
        assert told[:5] == [*SEEN, "processing", *SETTLED], told
        assert told.count("reversed") == 1, told
        back = trial.until(kept.invoice, otherwise, lambda shown: trial.depths_of(shown) in OUT_OF_BLOCKS)
        waits = self._waits_for_a_block(trial, back)
        trial.is_flagged(back, "reversed")
        trial.bury()
        again = trial.until_status(kept.invoice, "settled")
        trial.is_flagged(again, "reversed")
        trial.holds_just(again, trial.due_minor, kept.txid)
        self._was_told(
            trial,
            kept.invoice,
            waits,
            *(*SEEN, "processing", *SETTLED),
            *("payment.unconfirmed", "reversed", "processing", *SETTLED),
        )

    def _is_not_final(self, trial: Trial, depth: int) -> None:
        """Go on only where so many confirmations can still be taken back by the chain's own word."""
        final = trial.depths.final
        if depth >= final:
            pytest.skip(f"on this chain {final} confirmations are final (`Depths.final`): none is taken back")

    def _waits_for_a_block(self, trial: Trial, back: Json) -> bool:
        """Whether what left its block is seen outside of one: a chain without a mempool does not see it."""
        if not trial.credits(back):
            self._is_unpaid(trial, back)
            return False
        trial.is_covered(back)
        assert [one["block"] for one in trial.credits(back)] == [None], back
        return True

    def _was_told(self, trial: Trial, invoice: Json, waits: bool, *types: str) -> None:
        """See what was told of an invoice: `types`, where its payment was seen all the time."""
        if waits:
            trial.was_told(invoice, *types)
        else:
            told = trial.told(invoice)
            assert LOST & set(told), f"it is not told that the payment was gone: {told}"
            assert told[-1] == "settled", told

    def _is_unpaid(self, trial: Trial, invoice: Json) -> None:
        """As if nothing had ever come."""
        assert invoice["status"] == "new", invoice
        assert trial.option(invoice)["remaining_minor"] == str(trial.due_minor), invoice
        trial.holds_just(invoice, 0)
