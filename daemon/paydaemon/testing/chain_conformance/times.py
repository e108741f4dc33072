"""When it was paid: late, or while nobody was looking."""

import time

from paydaemon.testing.chain_conformance.base import Suite
from paydaemon.testing.chain_conformance.can import Can
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.trial import SEEN, SETTLED, Trial

EXPIRES_IN_S = 60
AWAY_S = 0.5
"""How long a network stays away after everything was tried: `as_of` must stand still meanwhile."""
MANY = 6
"""How many invoices are made to be paid while nobody looks."""
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
        first, second, *fresh = [trial.order() for _ in range(MANY)]
        trial.pay(first)
        trial.bury()
        trial.until_status(first, "settled")
        trial.daemon.stop()
        txid = trial.pay(second)
        trial.bury()
        for one in fresh:
            trial.pay(one)
        trial.daemon.start()
        trial.step()
        missed = (
            "what was paid while the daemon was down was never recorded: a chain begins where its saved "
            "cursor points (`ChainHost.saved`), and tells no cursor beyond what it has told"
        )
        trial.until_paid(second, trial.due_minor, missed)
        settled = trial.until_status(second, "settled")
        trial.is_flagged(settled)
        trial.holds_just(settled, trial.due_minor, txid)
        trial.was_told(second, *SEEN, *SETTLED)
        for one in fresh:
            trial.is_covered(trial.until_paid(one, trial.due_minor, f"one of {MANY} payments: {missed}"))
        trial.holds_just(trial.show(first), trial.due_minor)

    def test_node_away(self, trial: Trial, ground: Ground) -> None:
        """Nothing new is offered while the network is away, and what was paid meanwhile is found."""
        self.can(Can.AWAY, ground)
        trial.may_fail = True
        before, meanwhile, waiting = [trial.order() for _ in range(3)]
        trial.pay(before)
        trial.until_paid(before, trial.due_minor, "a payment was never seen")
        with trial.away():
            trial.until_not_healthy("the network is away, and the chain still says that it is healthy")
            txid = trial.pay(meanwhile)
            trial.bury()
            trial.pay(waiting)
            trial.step()
            body = {"amount": "1", "currency": trial.asset.symbol, "seller_id": "shop"}
            trial.daemon.call("POST", "/v1/invoices", body, expect=5)
            time.sleep(AWAY_S)
        trial.until_healthy("the network is back, and the chain never became healthy again")
        missed = (
            "what was paid while the network was away was never recorded: a chain goes on where it stopped"
        )
        trial.holds_just(trial.until_paid(meanwhile, trial.due_minor, missed), trial.due_minor, txid)
        trial.is_covered(trial.until_paid(waiting, trial.due_minor, missed))
        for invoice in (before, meanwhile):
            trial.holds_just(trial.until_status(invoice, "settled"), trial.due_minor)

    def _ordered_long_ago(self, trial: Trial) -> "dict[str, object]":
        """An invoice that expires in a moment: it was made while the daemon's clock was behind."""
        trial.until_healthy("the chain never became healthy")
        trial.thread.ahead_ms = -1000 * (EXPIRES_IN_S - LEFT_S)
        try:
            return trial.order(expires_in_s=EXPIRES_IN_S)
        finally:
            trial.thread.ahead_ms = 0
