"""Hedera, on the sandbox that the official SDKs check: what is paid is final at once."""

from paydaemon.testing.chain_conformance import Can, ChainConformance

FINAL = "consensus comes once, and is final"


class TestHedera(ChainConformance):
    """Nothing is ever taken back."""

    chain = "hedera"
    cannot = {  # noqa: RUF012 - declared as a ClassVar there
        Can.DEPTH: FINAL,
        Can.REPLACED: FINAL,
        Can.REORGANISED: FINAL,
        Can.TOGETHER: "the memo says which invoice is paid, and a transaction has one memo",
    }
