"""What the parts of the suite share: the plugin that is tried, its network, and a trial for each case."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, NamedTuple

import pytest

from paydaemon.config import Config
from paydaemon.hooks.ports import Chain
from paydaemon.hooks.sandbox import GoesAway, PaysTogether, Reorganises, Replaces, Sandbox, SandboxFacts
from paydaemon.plugins import LoadedPlugins, load_plugins
from paydaemon.testing.chain_conformance.trial import Ground, Trial
from paydaemon.testing.chain_conformance.witness import Witness
from paydaemon.testing.inprocess import DaemonThread, Json
from paydaemon.testing.loops import ENDS_WITHIN_S, Loop, Watch
from paydaemon.testing.pytest_plugin import CHAIN

ID = "tried"
"""The id of the chain in the daemon's configuration."""
DEPTH = 2
"""How many confirmations the invoices of the suite ask for, where the chain has any."""
BLOCKED_AFTER_S = 1.0
"""How long a chain may keep the loop from others: far too long, so that a slow machine is no fault."""


class Can(StrEnum):
    """What can happen on some chains, and not on others."""

    DEPTH = "a payment is buried under confirmations one by one"
    TOGETHER = "one transaction pays several invoices"
    REPLACED = "a payment is spent elsewhere before a block holds it"
    REORGANISED = "another branch takes the place of blocks"
    AWAY = "the network is out of reach"


_KIT = Path(__file__).parents[1]
_PORTS: Mapping[Can, type] = {
    Can.TOGETHER: PaysTogether,
    Can.REPLACED: Replaces,
    Can.REORGANISED: Reorganises,
    Can.AWAY: GoesAway,
}


class Watched(NamedTuple):
    """A daemon in its thread, the witness between it and its chain, and that chain."""

    daemon: DaemonThread
    witness: Witness
    chain: Chain


class Suite:
    """Whoever collects the suite says which `chain` is tried, by the name its plugin gives it.

    `cannot` names what cannot happen on this chain, each with the reason, which is shown with the results.
    `due_minor` is what invoices ask for: as little as a payer of the sandbox can pay many times. `extra` are
    plugins that are not installed, by name. `patience_s` is how long anything may take before it counts as
    broken, and `ends_within_s` how long the daemon may take to end.
    """

    chain: ClassVar[str]
    cannot: ClassVar[Mapping[Can, str]] = {}
    due_minor: ClassVar[int] = 20_000
    extra: ClassVar[Mapping[str, object]] = {}
    patience_s: ClassVar[float] = 60.0
    ends_within_s: ClassVar[float] = ENDS_WITHIN_S

    @pytest.fixture(scope="class")
    @classmethod
    def plugins(cls) -> LoadedPlugins:
        """What is installed, and what is not."""
        return load_plugins((), cls.extra)

    @pytest.fixture(scope="class")
    @classmethod
    def ground(cls, plugins: LoadedPlugins) -> Iterator[Ground]:
        """The network of this chain's sandbox, running."""
        sandbox = _sandbox(plugins, cls.chain)
        loop = Loop("the sandbox", cls.ends_within_s, within_s=cls.patience_s)
        with tempfile.TemporaryDirectory(prefix="paydaemon-") as folder:
            facts = loop.start(partial(sandbox.run, Path(folder)))
            try:
                yield Ground(sandbox, loop, _settings(facts))
            finally:
                loop.end()

    @pytest.fixture(scope="class")
    @classmethod
    def watched(cls, plugins: LoadedPlugins, ground: Ground) -> Iterator[Watched]:
        """The daemon of all cases: its database knows which destinations were paid on the network."""
        witness, chains = Witness(_now_ms), list[Chain]()
        prepare = partial(_attend, witness, chains)
        daemon = DaemonThread(
            {"chains": {ID: ground.table}}, plugins, prepare=prepare, ends_within_s=cls.ends_within_s
        )
        try:
            daemon.start()
            yield Watched(daemon, witness, chains[0])
            if daemon.is_up:
                daemon.stop()
        finally:
            daemon.give_up()

    @pytest.fixture(params=["straight", "restarted"])
    def trial(self, request: pytest.FixtureRequest, watched: Watched, ground: Ground) -> Iterator[Trial]:
        """One case on that daemon, and what was wrong with its chain in the end."""
        daemon, witness, chain = watched
        request.node.user_properties.append((CHAIN, self.chain))
        depth = None if Can.DEPTH in self.cannot else max(DEPTH, chain.depths.least)
        restarts = request.param == "restarted"
        if not daemon.is_up:
            daemon.start()
        trial = Trial(daemon, ground, witness, chain, self.due_minor, depth, restarts, self.patience_s)
        witness.begin()
        begun_at = trial.newest_event()
        watch = Watch(lambda: daemon.loop, _of(chain), BLOCKED_AFTER_S)
        try:
            yield trial
        finally:
            watch.end()
        if daemon.is_up:
            _audit(trial, watch, begun_at)

    def can(self, what: Can, ground: Ground) -> None:
        """Go on only where this can happen on the chain; skip where it is said that it cannot.

        Fails where nobody said so and the sandbox cannot bring it about, or where both are said.
        """
        port = _PORTS.get(what)
        able = port is None or isinstance(ground.sandbox, port)
        if what in self.cannot:
            assert port is None or not able, f"`cannot` says {what.name}, and the sandbox has {port.__name__}"
            pytest.skip(f"on this chain it cannot be that {what.value}: {self.cannot[what]}")
        assert able, (
            f"{what.name}: {what.value}. Give the sandbox the port {port.__name__ if port else ''} of "
            f"paydaemon.hooks.sandbox, or say in `cannot` why that cannot be on this chain"
        )


def _sandbox(plugins: LoadedPlugins, chain: str) -> Sandbox:
    """The sandbox of a chain. Fails where no plugin has one by this name."""
    found = plugins.sandboxes.get(chain)
    known = ", ".join(sorted(plugins.sandboxes)) or "no chain at all"
    assert found is not None, (
        f"no plugin registers a sandbox for a chain named {chain!r} (`register_sandboxes`); there is one for "
        f"{known}"
    )
    return found.build()


def _settings(facts: object) -> Json:
    """The chain's table of the configuration, from what a sandbox says of itself."""
    assert isinstance(facts, SandboxFacts), (
        f"`task_status.started` of a sandbox's `run` takes SandboxFacts, not the {type(facts).__name__} {facts!r}"
    )
    return dict(facts.settings)


def _attend(witness: Witness, attended: list[Chain], config: Config) -> Config:
    """The same configuration, whose chain is attended by a witness when it is built."""
    configured = config.chains[ID]

    def build(id: str, settings: Any) -> Chain:
        attended[:] = [witness.attend(configured.plugin.build(id, settings))]
        return attended[0]

    tried = replace(configured, plugin=replace(configured.plugin, build=build))
    return replace(config, chains={ID: tried})


def _of(chain: Chain) -> Callable[[FrameType], bool]:
    """Whether a frame is of the plugin: of a file beside those in which the chain's class was written."""
    modules = {sys.modules[kind.__module__] for kind in type(chain).__mro__ if kind.__module__ != "builtins"}
    files = {Path(str(module.__file__)) for module in modules if module.__name__ != Witness.__module__}
    folders = {file.parent for file in files} - {_KIT}

    def is_of_it(frame: FrameType) -> bool:
        file = Path(frame.f_code.co_filename)
        return file in files or any(map(file.is_relative_to, folders))

    return is_of_it


def _audit(trial: Trial, watch: Watch, begun_at: int) -> None:
    """What was wrong, whatever the case was about."""
    assert not watch.blocked, (
        f"the chain blocks the daemon's only thread for more than {BLOCKED_AFTER_S:g} s at "
        f"{watch.blocked[0]}: wait with trio, or in a thread of `trio.to_thread`"
    )
    assert not trial.witness.faults, "the chain says what no chain may say:\n" + "\n".join(
        trial.witness.faults
    )
    failures = [one["data"]["reason"] for one in trial.journal(begun_at) if one["type"] == "plugin.failed"]
    assert trial.may_fail or not failures, f"`run` of the chain failed: {failures[0]}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
