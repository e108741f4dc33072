"""Relayers: each chain's relay port, called so that whatever it does hurts nobody else.

What a plugin refuses is told with a code that the interface knows. What it raises or awaits too long before a
transaction is recorded refuses the request; afterwards it is no answer, and the call is made again.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import TypeVar

import structlog
import trio

from paydaemon.core.errors import ErrorType, Refusal, unavailable
from paydaemon.core.relay import REFUSALS, Outcome, SignedTransfer
from paydaemon.core.relay import Relay as Record
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.measures import RelayMeasures
from paydaemon.hooks.ports import Health, HealthState, Relay

T = TypeVar("T")

log = structlog.get_logger(__name__)

UP_EVERY_S = 0.5
"""How often it is looked whether a chain that is starting has come up."""


class NoAnswer(Exception):
    """A chain has raised, or taken too long: nothing is known but what was known before."""


class Relayer:
    """One chain that relays."""

    def __init__(self, live: LiveChain, port: Relay, limits: EngineLimits) -> None:
        self.chain = live.id
        self.measures = RelayMeasures()
        self._live = live
        self._port = port
        self._limits = limits

    # --- Before anything is recorded

    def require_health(self) -> None:
        """Raises `Refusal` (unavailable) unless the chain can hand transactions over now."""
        with self._asking("relay_health"):
            health = _is(self._port.relay_health(), Health)
        if health.state is not HealthState.HEALTHY:
            message = f"chain {self.chain} passes nothing on now: {health.reason}"
            raise unavailable("chain_unavailable", message)

    @property
    def payees(self) -> frozenset[str]:
        """The accounts of ours that transactions may pay."""
        with self._asking("payees"):
            return frozenset(self._port.payees)

    def canonical(self, transaction_id: str) -> str:
        """The one form of a transaction's id. Raises `Refusal` for what is none."""
        with self._asking("canonical"):
            return _is(self._port.canonical(transaction_id), str)

    def inspect(self, given: bytes | str, now_ms: int) -> SignedTransfer:
        """What was signed. Raises `Refusal`."""
        with self._asking("inspect"):
            return _is(self._port.inspect(given, now_ms), SignedTransfer)

    async def verify(self, transfer: SignedTransfer) -> None:
        """Check what needs the network. Raises `Refusal`."""
        if transfer.is_proven:
            return
        with self._asking("verify"), trio.fail_after(self._live.wait_s):
            await self._port.verify(transfer)

    def _asking(self, call: str) -> "_Asking":
        return _Asking(self.chain, call)

    # --- Afterwards

    async def up(self) -> None:
        """Wait until the chain has come up, so that it is not asked before it can know anything."""
        while self._is_starting():  # noqa: ASYNC110 - chains tell nobody
            await trio.sleep(UP_EVERY_S)

    def _is_starting(self) -> bool:
        try:
            return self._port.relay_health().state is HealthState.STARTING
        except Exception as error:
            log.warning("chain could not tell its health", chain=self.chain, exc_info=error)
            return True

    def read_again(self, relay: Record) -> SignedTransfer:
        """What was signed, from what is kept of it. Raises `NoAnswer`."""
        assert relay.raw is not None, "what is final needs nothing more"
        try:
            return _is(self._port.inspect(relay.raw, relay.created_at_ms), SignedTransfer)
        except Exception as error:
            raise NoAnswer("what was signed cannot be read again") from error

    async def submit(self, transfer: SignedTransfer, *, in_doubt: bool) -> Outcome:
        """The network's first answer. Raises `NoAnswer`."""
        call = partial(self._port.submit, transfer, in_doubt=in_doubt)
        return await _answer(call, self._limits.submit_timeout_s)

    async def follow(self, transfer: SignedTransfer, so_far: Outcome) -> Outcome:
        """What became of it. Raises `NoAnswer`."""
        return await _answer(partial(self._port.follow, transfer, so_far), self._limits.follow_timeout_s)


class _Asking:
    """Turns whatever a call of the port raises into a refusal that the interface knows.

    A class, since `contextmanager` costs three times as much, and there are several for each relay.
    """

    __slots__ = ("_call", "_chain")

    def __init__(self, chain: str, call: str) -> None:
        self._chain = chain
        self._call = call

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Refusal):
            if error.type is not ErrorType.INVALID_REQUEST:
                raise self._unavailable(error.message) from error
            raise _as_documented(error) from error
        if isinstance(error, Exception):
            about = {"chain": self._chain, "call": self._call}
            log.warning("chain did not look at a transaction", **about, exc_info=error)
            raise self._unavailable() from error

    def _unavailable(self, reason: str = "") -> Refusal:
        said = f"chain {self._chain} cannot check this transaction now"
        return unavailable("chain_unavailable", f"{said}: {reason}" if reason else said)


async def _answer(call: Callable[[], Awaitable[Outcome]], patience_s: float) -> Outcome:
    deadline = trio.current_time() + patience_s
    try:
        with trio.CancelScope(deadline=deadline) as patience:
            outcome = await call()
    except (Exception, SystemExit) as error:
        raise NoAnswer("the chain raised") from error
    if patience.cancelled_caught:
        raise NoAnswer("the chain took too long")
    if not isinstance(outcome, Outcome):
        raise NoAnswer(f"the chain answered by a {type(outcome).__name__}")
    return outcome


def _is(answer: T, type: type[T]) -> T:
    """What a plugin answers, which may be anything. Raises `TypeError`."""
    if not isinstance(answer, type):
        raise TypeError(f"the chain answered by a {answer.__class__.__name__}")
    return answer


def _as_documented(refusal: Refusal) -> Refusal:
    if refusal.code in REFUSALS:
        return refusal
    return Refusal(refusal.type, "invalid_transaction", refusal.message, refusal.param)
