"""The ground of a suite: a running sandbox, and all that can be brought about on its network."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import GoesAway, PaysTogether, Reorganises, Replaces, Sandbox, SandboxFacts
from paydaemon.plugins import LoadedPlugins
from paydaemon.testing.asked import Json
from paydaemon.testing.loops import Loop

STARTS_WITHIN = 3
"""How much more patience there is with a network that starts."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A running sandbox: the `loop` it runs in, and its chain's `table` of the configuration.

    Whatever is asked of it has the loop's bound, and says which call has reached that.
    """

    sandbox: Sandbox
    loop: Loop
    table: Json

    def pay(self, to: PayTo) -> str:
        """Pay that much; returns the transaction's id."""
        return self.loop.call(self.sandbox.pay, to)

    def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""
        return self.loop.call(cast(PaysTogether, self.sandbox).pay_all, to)

    def finalise(self, confirmations: int) -> None:
        """Let so many blocks come."""
        self.loop.call(self.sandbox.finalise, confirmations)

    def replace(self, transaction_id: str) -> None:
        """Let a payment that no block holds be spent elsewhere."""
        self.loop.call(cast(Replaces, self.sandbox).replace, transaction_id)

    def reorganise(self, depth: int, lost: Sequence[str]) -> None:
        """Let another branch take the place of the newest blocks."""
        self.loop.call(partial(cast(Reorganises, self.sandbox).reorganise, lost=lost), depth)

    def go_away(self) -> None:
        """Let the network be out of reach."""
        self.loop.call(cast(GoesAway, self.sandbox).go_away)

    def come_back(self) -> None:
        """Let it be reached again."""
        self.loop.call(cast(GoesAway, self.sandbox).come_back)


@contextmanager
def grounds(plugins: LoadedPlugins, chain: str, patience_s: float, ends_within_s: float) -> Iterator[Ground]:
    """The network of this chain's sandbox, running."""
    sandbox = _sandbox(plugins, chain)
    loop = Loop("the sandbox", ends_within_s, within_s=patience_s)
    with tempfile.TemporaryDirectory(prefix="paydaemon-") as folder:
        facts = loop.start(partial(sandbox.run, Path(folder)), STARTS_WITHIN * patience_s)
        try:
            yield Ground(sandbox, loop, _settings(facts))
        finally:
            loop.end()


def _sandbox(plugins: LoadedPlugins, chain: str) -> Sandbox:
    """The sandbox of a chain. Fails where no plugin has one by this name."""
    found = plugins.sandboxes.get(chain)
    known = ", ".join(sorted(plugins.sandboxes)) or "no chain at all"
    assert found is not None, (
        f"no plugin registers a sandbox for a chain named {chain!r} (`register_sandboxes`); "
        f"there is one for {known}"
    )
    return found.build()


def _settings(facts: object) -> Json:
    """The chain's table of the configuration, from what a sandbox says of itself."""
    assert isinstance(facts, SandboxFacts), (
        "`task_status.started` of a sandbox's `run` takes SandboxFacts, "
        f"not the {type(facts).__name__} {facts!r}"
    )
    return dict(facts.settings)
