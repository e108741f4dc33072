"""The suite that any chain plugin must pass: the real daemon, through everything that a chain can have.

Say which chain it is, and collect the class::

    class TestMyChain(ChainConformance):
        chain = "mychain"
        cannot = {Can.REPLACED: "what was taken once is in the next block"}

The network is the plugin's own sandbox (`paydaemon.hooks.sandbox`): its ports say what can be brought about
on it. Each case runs straight through, and again with the daemon cancelled and started between any two of
its steps; in `kills` it is a process, and gets SIGKILL. The tests are plain functions: daemon and sandbox run
in threads, and every wait for them has a bound, so that one that hangs fails a test and does not hang it.
"""

from paydaemon.testing.chain_conformance.amounts import Amounts
from paydaemon.testing.chain_conformance.can import Can
from paydaemon.testing.chain_conformance.kills import Kills
from paydaemon.testing.chain_conformance.manners import Manners
from paydaemon.testing.chain_conformance.reversals import Reversals
from paydaemon.testing.chain_conformance.times import Times

__all__ = ["Can", "ChainConformance"]


class ChainConformance(Amounts, Times, Reversals, Manners, Kills):
    """Everything that a chain must do."""
