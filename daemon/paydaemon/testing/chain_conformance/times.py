"""When it was paid: late, or while nobody was looking."""

from paydaemon.testing.chain_conformance.base import Can, Suite
from paydaemon.testing.chain_conformance.trial import SEEN, SETTLED, Ground, Trial

EXPIRES_IN_S = 60
LEFT_S = 1
"""How much of that is left when the invoice is made, by the machine's clock: chains have no other."""


class Times(Suite):
    """The chain's own time decides what is late, and a chain that was not seen complete decides nothing."""

    def test_late(self, trial: Trial) -> None:
        """Nothing came until the expiry; what comes then is late."""
        invoice = self._ordered_long_ago(trial)
        trial.step()
        trial.until_expired(invoice)
        trial.step()
        txid = trial.pay(invoice)
        trial.step()
        late = trial.until_paid(invoice, trial.due_minor, "a late payment was never seen")
        assert late["flags"] == ["late"], (
            f"paid after the invoice expired, and held to be in time: {late['status']} {late['flags']}. "
            "Either `seen_at_ms` is before the expiry (is it milliseconds?), or `as_of` is ahead of the clock"
        )
        assert late["status"] == "expired", late
        trial.bury()
        held = trial.until_confirmed(invoice, trial.due_minor)
        assert (held["status"], held["flags"]) == ("expired", ["late"]), held
        trial.holds_just(held, trial.due_minor, txid)
        trial.was_told(invoice, "created", "expired", "payment_seen", "paid_late", "payment.confirmed")

    def test_missed_while_down(self, trial: Trial) -> None:
        """What is paid while the daemon is down is found by where its cursor points."""
        first, second, fresh = [trial.order() for _ in range(3)]
        trial.pay(first)
        trial.bury()
        trial.until_status(first, "settled")
        trial.daemon.stop()
        txid = trial.pay(second)
        trial.bury()
        trial.pay(fresh)
        trial.daemon.start()
        trial.step()
        missed = (
            "what was paid while the daemon was down was never recorded: a chain begins where its saved "
            "cursor points (`ChainHost.saved`), and tells no cursor beyond what it has told"
        )
        trial.until_paid(second, trial.due_minor, missed)
        settled = trial.until_status(second, "settled")
        assert settled["flags"] == [], settled
        trial.holds_just(settled, trial.due_minor, txid)
        trial.was_told(second, *SEEN, *SETTLED)
        trial.is_covered(trial.until_paid(fresh, trial.due_minor, missed))
        trial.holds_just(trial.show(first), trial.due_minor)

    def test_node_away(self, trial: Trial, ground: Ground) -> None:
        """It is told that the network is away, nothing new is offered, and what was paid is found."""
        self.can(Can.AWAY, ground)
        trial.may_fail = True
        invoice = trial.order()
        trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.go_away()
        try:
            trial.until_not_healthy("the network is away, and the chain still says that it is healthy")
            trial.step()
            body = {"amount": "1", "currency": trial.asset.symbol, "seller_id": "shop"}
            trial.daemon.call("POST", "/v1/invoices", body, expect=5)
        finally:
            trial.come_back()
        trial.until_healthy("the network is back, and the chain never became healthy again")
        trial.bury()
        settled = trial.until_status(invoice, "settled")
        trial.holds_just(settled, trial.due_minor)

    def _ordered_long_ago(self, trial: Trial) -> "dict[str, object]":
        """An invoice that expires in a moment: it was made while the daemon's clock was behind."""
        trial.until_healthy("the chain never became healthy")
        trial.daemon.ahead_ms = -1000 * (EXPIRES_IN_S - LEFT_S)
        try:
            return trial.order(expires_in_s=EXPIRES_IN_S)
        finally:
            trial.daemon.ahead_ms = 0
