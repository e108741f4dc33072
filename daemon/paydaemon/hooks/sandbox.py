"""Sandboxes: what a plugin brings to be tried on, in ``paydaemon demo`` and in tests.

A chain's sandbox runs a local network, real where it can be, and pays on it. What else can happen on a
network is a port of its own, which the sandbox has where its network can do that. The suite for chains
(`paydaemon.testing.chain_conformance`) tries a plugin through everything that its sandbox can bring about.

None of it is called by a daemon: the demo does so in a process of its own, and the suite in a thread of its
own. `run` goes on in one task while all else is called in others, of the same loop.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import trio

from paydaemon.hooks.ports import PayTo


class RateSandbox(Protocol):
    """A local server that speaks as a rate source does, for ``paydaemon demo`` and for tests."""

    async def run(
        self,
        prices: Mapping[str, str],
        *,
        task_status: trio.TaskStatus[Mapping[str, object]] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve these prices, such as ``{"BTC/EUR": "60000.00"}``, until cancelled.

        `task_status.started` hands over the body of the ``[rates.<name>]`` table that reads them.
        """


@dataclass(frozen=True, slots=True)
class SandboxFacts:
    """What a running sandbox says of itself.

    `settings` is the body of the ``[chains.<id>]`` table that connects a daemon to it. `prices` are prices to
    quote its assets at, such as ``{"BTC/EUR": "60000.00"}``. `public` is what the demo prints for scripts and
    `pids` are its processes by name. `wallet` is a wallet of this very sandbox for the checkout page
    (``docs/wallets.md``), if it brings one. `about` says in half a sentence what it is.
    """

    settings: Mapping[str, object]
    prices: Mapping[str, str] = field(default_factory=dict)
    public: Mapping[str, object] = field(default_factory=dict)
    pids: Mapping[str, int] = field(default_factory=dict)
    wallet: "SandboxWallet | None" = None
    about: str = "a local network"


@dataclass(frozen=True, slots=True)
class SandboxWallet:
    """A wallet for the checkout page: the `script`, and the `origin` that it has to be let speak to."""

    script: str
    origin: str


class NotInstalled(Exception):
    """What a sandbox runs is not on this machine: the text says in one line what, and how to get it.

    The demo says so and goes on without that network. Whatever else goes wrong with a sandbox ends the demo.
    """


class Sandbox(Protocol):
    """A local network to try a chain on: real where it can be, with a payer who has money."""

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Run the network inside `folder` until cancelled; leaves no process behind.

        Raises `NotInstalled` before it has started where the programs that it runs are not there.
        """

    async def pay(self, to: PayTo) -> str:
        """Pay that much of the asset `to` names to a destination; returns the transaction's id.

        Where a chain sees in blocks alone what was paid, a block holds it once this returns.
        """

    async def finalise(self, confirmations: int) -> None:
        """Make the network bury everything paid so far under that many confirmations."""

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        """The shell commands by which a person pays that much and finalises it."""


@runtime_checkable
class SigningSandbox(Protocol):
    """A second port, which the `Sandbox` of a chain that relays may have too."""

    async def sign(self, to: PayTo) -> str:
        """A transaction by which the payer pays that much, signed and not handed in to anybody."""


@runtime_checkable
class PaysTogether(Protocol):
    """A port of a `Sandbox` where one transaction can pay several destinations."""

    async def pay_all(self, to: Sequence[PayTo]) -> str:
        """Pay all of them in one transaction; returns its id."""


@runtime_checkable
class PaysAstray(Protocol):
    """A port of a `Sandbox` whose payers can miss an invoice, or write whatever they like."""

    def astray(self, to: PayTo) -> Sequence[PayTo]:
        """What careless and hostile payers pay instead of `to`, each taken by `Sandbox.pay`.

        Such as to an account of ours without a memo, with somebody else's, or with the oddest text that the
        network takes.
        """


@runtime_checkable
class Replaces(Protocol):
    """A port of a `Sandbox` where what has been paid can be spent again until a block holds it."""

    async def replace(self, transaction_id: str) -> None:
        """Let a transaction that no block holds be replaced by one that pays none of ours."""


@runtime_checkable
class Reorganises(Protocol):
    """A port of a `Sandbox` where another branch can take the place of the newest blocks."""

    async def reorganise(self, depth: int, *, lost: Collection[str] = ()) -> None:
        """Let another branch take the place of the newest `depth` blocks, and be longer.

        It holds none of the transactions in those blocks: they wait for a block again, except for the
        `lost` ones, which are gone for good.
        """


@runtime_checkable
class GoesAway(Protocol):
    """A port of a `Sandbox` whose network can be out of the daemon's reach for a while.

    Away is the plugin's way to the network, not the network: all other ports work meanwhile. A sandbox of one
    node restarts it on other ports, or has the plugin reach it through something that it can stop.
    """

    async def go_away(self) -> None:
        """Cut the way by which `SandboxFacts.settings` lead to the network. The network goes on."""

    async def come_back(self) -> None:
        """Let it be reached again, at the same address."""
