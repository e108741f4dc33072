"""What the parts of the suite share: the plugin that is tried, its network, and a trial for each case."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import pytest

from paydaemon.config import Config
from paydaemon.hooks.ports import Chain, Depths
from paydaemon.plugins import LoadedPlugins, load_plugins
from paydaemon.testing.chain_conformance.can import Can, check_cannot, go_on_where
from paydaemon.testing.chain_conformance.ground import Ground, grounds
from paydaemon.testing.chain_conformance.sums import awkward
from paydaemon.testing.chain_conformance.trial import Trial, now_ms
from paydaemon.testing.chain_conformance.witness import Witness
from paydaemon.testing.inprocess import DaemonThread
from paydaemon.testing.loops import ENDS_WITHIN_S, Watch
from paydaemon.testing.pytest_plugin import CHAIN

ID = "tried"
"""The id of the chain in the daemon's configuration."""
DEPTH = 2
"""How many confirmations the invoices of the suite ask for, where so many can still be taken back."""
BLOCKED_AFTER_S = 1.0
"""How long a chain may keep the loop from others: far too long, so that a slow machine is no fault."""
_KIT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Watched:
    """A daemon in its thread, and the witness between it and its chain. `built` are all that it had."""

    daemon: DaemonThread
    witness: Witness
    built: list[Chain]

    @property
    def chain(self) -> Chain:
        """The chain that it has now."""
        return self.built[-1]


class Suite:
    """Whoever collects the suite says which `chain` is tried, by the name its plugin gives it.

    `cannot` names what cannot happen on this chain, each with the reason, which is shown with the results.
    `due_minor` is what invoices ask for at least, and less than twice that (`awkward`): as little as a payer
    of the sandbox can pay many times. `extra` are plugins that are not installed, by name. `patience_s` is
    how long anything may take before it counts as broken, each call of the sandbox too, and `ends_within_s`
    how long the daemon and the sandbox may take to end.
    """

    chain: ClassVar[str]
    cannot: ClassVar[Mapping[Can, str]] = {}
    due_minor: ClassVar[int] = 20_000
    extra: ClassVar[Mapping[str, object]] = {}
    patience_s: ClassVar[float] = 60.0
    ends_within_s: ClassVar[float] = ENDS_WITHIN_S

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Raises `TypeError` for a `cannot` that would say nothing."""
        super().__init_subclass__(**kwargs)
        check_cannot(cls.__name__, cls.cannot)

    @pytest.fixture(scope="class")
    @classmethod
    def plugins(cls) -> LoadedPlugins:
        """What is installed, and what is not."""
        return load_plugins((), cls.extra)

    @pytest.fixture(scope="class")
    @classmethod
    def ground(cls, plugins: LoadedPlugins) -> Iterator[Ground]:
        """The network of this chain's sandbox, running."""
        with grounds(plugins, cls.chain, cls.patience_s, cls.ends_within_s) as ground:
            yield ground

    @pytest.fixture(scope="class")
    @classmethod
    def watched(cls, plugins: LoadedPlugins, ground: Ground) -> Iterator[Watched]:
        """The daemon of all cases: its database knows which destinations were paid on the network."""
        witness, built = Witness(now_ms), list[Chain]()
        prepare = partial(_with_witness, witness, built)
        daemon = DaemonThread(
            {"chains": {ID: ground.table}}, plugins, prepare=prepare, ends_within_s=cls.ends_within_s
        )
        try:
            daemon.start()
            yield Watched(daemon, witness, built)
            if daemon.is_up:
                daemon.stop()
        finally:
            daemon.give_up()

    @pytest.fixture(params=["straight", "restarted"])
    def trial(self, request: pytest.FixtureRequest, watched: Watched, ground: Ground) -> Iterator[Trial]:
        """One case on that daemon, and what was wrong with its chain in the end."""
        request.node.user_properties.append((CHAIN, self.chain))
        trial = self._trial(watched, ground, restarts=request.param == "restarted")
        watch = Watch(lambda: watched.daemon.loop, _of(watched.chain), BLOCKED_AFTER_S)
        try:
            yield trial
        finally:
            watch.end()
        if watched.daemon.is_up:
            _audit(trial, watch)

    def _trial(self, watched: Watched, ground: Ground, *, restarts: bool) -> Trial:
        """A case that begins now."""
        if not ground.loop.running:
            pytest.fail(str(ground.loop.ended()), pytrace=False)
        if not watched.daemon.is_up:
            watched.daemon.start()
        watched.witness.begin()
        chain = watched.chain
        depth = None if Can.DEPTH in self.cannot else _depth(chain.depths)
        due_minor = awkward(self.due_minor, chain.assets[0].decimals)
        about = due_minor, depth, restarts, self.patience_s, chain.assets[0]
        trial = Trial(watched.daemon, ground, watched.witness, chain, *about)
        trial.begun_at = trial.newest_event()
        return trial

    def can(self, what: Can, ground: Ground) -> None:
        """Go on only where this can happen on the chain (`go_on_where`)."""
        go_on_where(what, self.cannot, ground.sandbox)


def _depth(depths: Depths) -> int:
    """How many confirmations to ask for: fewer than are final, so that they can still be taken back."""
    return max(min(DEPTH, depths.final - 1), depths.least, 1)


def _with_witness(witness: Witness, built: list[Chain], config: Config) -> Config:
    """The same configuration, whose chain speaks through a witness whenever one is built."""
    configured = config.chains[ID]

    def build(id: str, settings: Any) -> Chain:
        built.append(witness.listens_to(configured.plugin.build(id, settings)))
        return built[-1]

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


def _audit(trial: Trial, watch: Watch) -> None:
    """What was wrong, whatever the case was about."""
    assert not watch.blocked, (
        f"the chain blocks the daemon's only thread for more than {BLOCKED_AFTER_S:g} s at "
        f"{watch.blocked[0]}: wait with trio, or in a thread of `trio.to_thread`"
    )
    assert not watch.connected, (
        f"the chain blocks the daemon's only thread while it connects at {watch.connected[0]}: a node that "
        "hangs would stop everybody. Wait with trio, or in a thread of `trio.to_thread`"
    )
    known = trial.what_is_known()
    assert not known, known
