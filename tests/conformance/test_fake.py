"""The chain in memory passes the suite that finds every planted fault, and so do others like it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from paydaemon.core.payment import Observation, ObservedState
from paydaemon.hooks.ports import Depths, PayTo
from paydaemon.testing.chain_conformance import Can, ChainConformance
from paydaemon.testing.chain_conformance.reversals import Reversals
from paydaemon.testing.fakemoves import Moves
from paydaemon.testing.fakenetwork import Transaction
from paydaemon.testing.fakesandbox import FakePlugin, FakeSandbox, SharedChain, paid


class TwoAssets(SharedChain):
    """It has a token beside its own asset."""

    further = (("0xtoken", "TOKEN", 2),)


class BlocksOnly(SharedChain):
    """Sees what is in blocks, and nothing of what waits for one."""

    def observed(self, transaction: Transaction) -> Iterator[Observation]:
        for seen in super().observed(transaction):
            waits = seen.state is ObservedState.SEEN and seen.height is None
            yield replace(seen, state=ObservedState.DROPPED) if waits else seen


class BlocksOnlySandbox(FakeSandbox):
    """What is paid is in a block at once, which counts as the first of those that bury it."""

    replace = None  # type: ignore[assignment]
    _fresh = 0

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        self._fresh = 1
        return self.moves.pay(*map(paid, to), blocks=1)

    async def finalise(self, confirmations: int) -> None:
        if confirmations > self._fresh:
            await super().finalise(confirmations - self._fresh)
        self._fresh = 0


class SoonFinal(SharedChain):
    """Two confirmations are final."""

    def __init__(self, id: str, moves: Moves) -> None:
        super().__init__(id, moves)
        self.depths = Depths(default=1, least=1, final=2)


def plugin(kind: type[SharedChain], sandbox: type[FakeSandbox] = FakeSandbox) -> FakePlugin:
    """A plugin of such a chain, on a network of its own."""
    made: FakePlugin = type("Kind", (FakePlugin,), {"chain": kind, "sandbox": sandbox})()
    return made


class TestFakeChain(ChainConformance):
    """A chain that can have everything."""

    chain = "fake"
    extra = {"fake": plugin(TwoAssets)}  # noqa: RUF012 - declared as a ClassVar there


class TestBlocksOnly(Reversals):
    """What left its block does not count until another one has it."""

    chain = "fake"
    cannot = {Can.REPLACED: "what is seen is in a block"}  # noqa: RUF012
    extra = {"fake": plugin(BlocksOnly, BlocksOnlySandbox)}  # noqa: RUF012


class TestSoonFinal(Reversals):
    """What is taken back is taken back before it is final."""

    chain = "fake"
    extra = {"fake": plugin(SoonFinal)}  # noqa: RUF012
