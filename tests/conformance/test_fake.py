"""The chain in memory passes the suite that finds every planted fault."""

from paydaemon.testing.chain_conformance import ChainConformance
from paydaemon.testing.fakesandbox import FakePlugin


class TestFakeChain(ChainConformance):
    """A chain that can have everything."""

    chain = "fake"
    extra = {"fake": FakePlugin()}  # noqa: RUF012 - declared as a ClassVar there
