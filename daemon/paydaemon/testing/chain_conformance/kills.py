"""Killed for good: the daemon is a process here, and gets SIGKILL.

In the other cases it is in a thread of the test's process, and to kill it is to cancel it. That is quick, and
finds whatever a plugin forgets of itself; but its ``finally`` still runs, and what its modules remember is
still there. Here neither is. The witness is in the test's process and hears nothing of these cases.
"""

from collections.abc import Iterator

import pytest

from paydaemon.testing.chain_conformance.base import Suite, Watched
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.trial import Trial
from paydaemon.testing.inchild import DaemonProcess, Named, Order
from paydaemon.testing.pytest_plugin import CHAIN

LOST = (
    "the process was killed, and what was paid is not recorded: a chain knows nothing but what "
    "`ChainHost.saved` and `destinations` say, and saves nothing on its way out"
)


class Kills(Suite):
    """What is lost with a process may be lost."""

    @pytest.fixture
    def killed(self, request: pytest.FixtureRequest, watched: Watched, ground: Ground) -> Iterator[Trial]:
        """A case on the same daemon, which is a process now."""
        request.node.user_properties.append((CHAIN, self.chain))
        trial = self._trial(watched, ground, restarts=False)
        watched.daemon.stop()
        order = Order(watched.daemon.folder, watched.daemon.tables, _collected(request))
        trial.daemon = DaemonProcess(order, self.patience_s)
        try:
            trial.daemon.start()
            yield trial
            known = trial.what_is_known()
        finally:
            trial.daemon.kill()
        assert not known, known

    def test_killed_for_good(self, killed: Trial) -> None:
        """While nothing happens, and while something does: what was paid is found, and counts once."""
        invoices = seen, missed, later, last = [killed.order() for _ in range(4)]
        killed.pay(seen)
        killed.until_paid(seen, killed.due_minor, "a payment was never seen")
        killed.daemon.kill()
        killed.pay(missed)
        killed.bury()
        killed.daemon.start()
        killed.until_paid(missed, killed.due_minor, LOST)
        killed.pay(later)
        killed.until_paid(later, killed.due_minor, LOST)
        killed.pay(last)
        killed.daemon.kill()
        killed.bury()
        killed.daemon.start()
        for invoice in invoices:
            settled = killed.until_status(invoice, "settled", otherwise=LOST)
            killed.is_flagged(settled)
            killed.holds_just(settled, killed.due_minor)


def _collected(request: pytest.FixtureRequest) -> Named:
    """The class that is collected, by where it was found: it need not be its own module that it is in."""
    kind = request.node.getparent(pytest.Class)
    assert kind is not None
    return Named(request.module.__name__, str(request.module.__file__), kind.name)
