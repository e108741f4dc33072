"""Bitcoin, on a real node: every case that a chain can have."""

from paydaemon.testing.chain_conformance import ChainConformance


class TestBitcoin(ChainConformance):
    """Nothing is left out."""

    chain = "bitcoin"
