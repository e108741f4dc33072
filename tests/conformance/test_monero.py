"""Monero, on a real node and a real view-only wallet.

It takes a processor most of a minute, so it is one of the long ones; `tests/monero` is not.
"""

import pytest

from paydaemon.testing.chain_conformance import Can, ChainConformance


@pytest.mark.soak
class TestMonero(ChainConformance):
    """All but what no Monero network can do."""

    chain = "monero"
    cannot = {  # noqa: RUF012 - declared as a ClassVar there
        Can.REPLACED: "what is in the pool stays there until a block holds it, or it is forgotten",
    }
