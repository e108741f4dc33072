"""What was paid is paid no more, or again: replacements and reorganisations."""

from paydaemon.testing.chain_conformance.base import Can, Suite
from paydaemon.testing.chain_conformance.trial import Ground, Trial

STILL_COUNTS = "a payment still counts that is not on the chain any more"


class Reversals(Suite):
    """A chain takes back what it said, and the daemon follows."""

    def test_replaced(self, trial: Trial, ground: Ground) -> None:
        """Spent elsewhere before a block held it."""
        self.can(Can.REPLACED, ground)
        invoice = trial.order()
        txid = trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.step()
        trial.replace(txid)
        trial.step()
        replaced = trial.until_paid(invoice, 0, f"replaced: {STILL_COUNTS}")
        assert replaced["status"] == "new", replaced
        trial.bury()
        trial.step()
        trial.holds_just(trial.show(invoice), 0)

    def test_reorganised_before_its_depth(self, trial: Trial, ground: Ground) -> None:
        """Back from a block, and in another one: counted once, and from the other one on."""
        self.can(Can.REORGANISED, ground)
        invoice = trial.order()
        trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.bury(1)
        trial.until(invoice, "one block gave no confirmation", lambda shown: trial.depths_of(shown) == [1])
        trial.step()
        trial.reorganise(1)
        trial.step()
        trial.until(
            invoice,
            "reorganised: a block that is gone still counts",
            lambda shown: trial.depths_of(shown) == [0],
        )
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        assert settled["flags"] == [], settled
        trial.holds_just(settled, trial.due_minor)

    def test_reorganised_beyond_its_depth(self, trial: Trial, ground: Ground) -> None:
        """Settled, and gone for good: reversed, whether the daemon looked or not."""
        self.can(Can.REORGANISED, ground)
        invoice = trial.order()
        txid = trial.pay(invoice)
        trial.bury()
        trial.until_status(invoice, "settled")
        trial.step()
        trial.reorganise(trial.enough, txid)
        trial.step()
        reversed_ = trial.until_paid(invoice, 0, f"reorganised: {STILL_COUNTS}")
        assert "reversed" in reversed_["flags"], reversed_

    def test_reorganised_while_down(self, trial: Trial, ground: Ground) -> None:
        """The block that a cursor points to is gone when the daemon comes back."""
        self.can(Can.REORGANISED, ground)
        kept, gone = trial.order(), trial.order()
        trial.pay(kept)
        txid = trial.pay(gone)
        trial.bury()
        trial.until_status(kept, "settled")
        trial.until_status(gone, "settled")
        trial.daemon.stop()
        trial.reorganise(trial.enough, txid)
        trial.daemon.start()
        trial.until_paid(gone, 0, f"reorganised while the daemon was down: {STILL_COUNTS}")
        trial.bury()
        trial.until_status(kept, "settled")
        trial.holds_just(trial.show(kept), trial.due_minor)
