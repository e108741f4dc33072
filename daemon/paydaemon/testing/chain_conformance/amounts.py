"""How much was paid, and how deep it is."""

from dataclasses import replace

import pytest

from paydaemon.testing.asked import Json
from paydaemon.testing.chain_conformance.base import Suite
from paydaemon.testing.chain_conformance.can import Can
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.sums import awkward
from paydaemon.testing.chain_conformance.trial import SEEN, SETTLED, Trial


class Amounts(Suite):
    """Every way in which amounts add up."""

    def test_exact(self, trial: Trial) -> None:
        """Paid to the last unit, seen, buried and settled."""
        invoice = trial.order()
        trial.step()
        txid = trial.pay(invoice)
        trial.step()
        seen = trial.until_paid(invoice, trial.due_minor, "a payment was never seen, or not once and whole")
        trial.is_covered(seen)
        trial.step()
        trial.bury()
        trial.step()
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, txid)
        trial.was_told(invoice, *SEEN, "processing", *SETTLED)

    def test_partial(self, trial: Trial) -> None:
        """One unit is missing until it comes."""
        first_minor = awkward(trial.due_minor // 2, trial.asset.decimals)
        second_minor = trial.due_minor - first_minor
        invoice = trial.order()
        first = trial.pay(invoice, first_minor)
        trial.step()
        part = trial.until(invoice, "a part was never seen", lambda shown: shown["flags"] == ["partial"])
        assert part["status"] == "new", part
        assert trial.option(part)["remaining_minor"] == str(second_minor)
        trial.bury()
        trial.step()
        trial.until_confirmed(invoice, first_minor)
        second = trial.pay(invoice, second_minor)
        trial.step()
        covered = trial.until_paid(invoice, trial.due_minor, "the second part was never seen")
        trial.is_flagged(covered)
        trial.is_covered(covered)
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, first, second)
        trial.was_told(
            invoice,
            *(*SEEN, "partially_paid", "payment.confirmed"),
            *("payment_seen", "processing", *SETTLED),
        )

    def test_over(self, trial: Trial) -> None:
        """More than was asked settles, and is told."""
        invoice = trial.order()
        txid = trial.pay(invoice, trial.due_minor + 1)
        trial.step()
        over = trial.until_paid(invoice, trial.due_minor + 1, "a payment was never seen")
        trial.is_flagged(over, "over")
        trial.is_covered(over)
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled, "over")
        trial.holds_just(settled, trial.due_minor + 1, txid)
        trial.was_told(invoice, *SEEN, "processing", "overpaid", *SETTLED)

    def test_each_asset(self, trial: Trial, ground: Ground) -> None:
        """What is owed in a further asset is paid in it to the last unit, and in no other one."""
        first, *further = trial.chain.assets
        if not further:
            pytest.skip("the chain has one asset")
        self.can(Can.ASSETS, ground)
        for asset in further:
            there = trial.paid_in(asset)
            native, token = trial.order(), there.order()
            trial.pay_to(replace(trial.to(native), asset_code=asset.code))
            there.pay_to(replace(there.to(token), asset_code=first.code))
            trial.step()
            for one, invoice in ((trial, native), (there, token)):
                self._is_paid_in(one, invoice)

    def _is_paid_in(self, trial: Trial, invoice: Json) -> None:
        txid = trial.pay(invoice)
        what = f"a payment in {trial.asset.code} was never seen, or not once and whole in it alone"
        trial.until_paid(invoice, trial.due_minor, what)
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        assert trial.paid_minor(settled) == trial.due_minor, what
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, txid)

    def test_two_payments_of_one_invoice(self, trial: Trial) -> None:
        """What is paid again after it settled is another payment."""
        invoice = trial.order()
        trial.pay(invoice)
        trial.bury()
        trial.until_status(invoice, "settled")
        trial.step()
        trial.pay(invoice)
        trial.step()
        trial.bury()
        twice = trial.until_paid(invoice, 2 * trial.due_minor, "a second payment was never seen")
        assert (twice["status"], twice["flags"]) == ("settled", ["over"])

    def test_two_invoices_of_one_transaction(self, trial: Trial, ground: Ground) -> None:
        """Each gets its own credit."""
        self.can(Can.TOGETHER, ground)
        one, other = trial.order(), trial.order(trial.due_minor + 7)
        trial.step()
        txid = trial.pay_together((one, trial.due_minor), (other, trial.due_minor + 7))
        trial.step()
        trial.bury()
        forgotten = "one transaction paid two invoices, and each of its outputs is a credit of its own"
        for invoice, due_minor in ((one, trial.due_minor), (other, trial.due_minor + 7)):
            trial.until_paid(invoice, due_minor, forgotten)
            settled = trial.until_status(invoice, "settled")
            trial.is_flagged(settled)
            trial.holds_just(settled, due_minor, txid)

    def test_two_parts_of_one_transaction(self, trial: Trial, ground: Ground) -> None:
        """Both count, though they go to one destination."""
        self.can(Can.TOGETHER, ground)
        invoice = trial.order()
        part_minor = trial.due_minor // 2
        txid = trial.pay_together((invoice, part_minor), (invoice, trial.due_minor - part_minor))
        trial.step()
        forgotten = (
            "one transaction paid one destination twice: both count, and no two credits have one `ref`"
        )
        trial.is_covered(seen := trial.until_paid(invoice, trial.due_minor, forgotten))
        assert {one["transaction_id"] for one in trial.credits(seen)} == {txid}, seen
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor)

    def test_nothing_settles_below_its_depth(self, trial: Trial, ground: Ground) -> None:
        """One block is one confirmation, and one confirmation is not two."""
        self.can(Can.DEPTH, ground)
        invoice = trial.order(confirmations=trial.enough + 1)
        trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        for confirmations in range(1, trial.enough + 1):
            trial.bury(1)
            trial.step()
            shown = trial.until(
                invoice,
                f"after {confirmations} blocks on a payment it never had {confirmations} confirmations",
                lambda shown, depth=confirmations: trial.depths_of(shown) == [depth],  # type: ignore[misc]
            )
            assert shown["status"] == "processing", (
                f"an invoice of {trial.enough + 1} confirmations is {shown['status']} "
                f"after {confirmations}: `height` or `final` says too much"
            )
        trial.bury(1)
        trial.until_status(invoice, "settled")
