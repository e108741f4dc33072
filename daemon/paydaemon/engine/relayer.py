"""Relayers: each chain's relay port, called so that whatever it does hurts nobody else.

What a plugin refuses is told with a code that the interface knows. What it raises or awaits too long before a
transaction is recorded refuses the request; afterwards it is no answer, and the call is made again.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
import trio

from paydaemon.core.errors import ErrorType, Refusal, unavailable
from paydaemon.core.relay import REFUSALS, Outcome, RelayStatus, SignedTransfer
from paydaemon.core.relay import Relay as Record
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.measures import RelayMeasures
from paydaemon.hooks.ports import HealthState, Relay

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
        """Raises `Refusal` (unavailable) unless the chain can be relied on now."""
        state = self._live.status().state
        if state is not HealthState.HEALTHY:
            raise unavailable("chain_unavailable", f"chain {self.chain} is {state.value}")

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
        with self._asking("verify"), trio.fail_after(self._live.wait_s):
            await self._port.verify(transfer)

    @contextmanager
    def _asking(self, call: str) -> Iterator[None]:
        try:
            yield
        except Refusal as refusal:
            if refusal.type is not ErrorType.INVALID_REQUEST:
                raise self._unavailable() from refusal
            raise _as_documented(refusal) from refusal
        except Exception as error:
            log.warning("chain did not look at a transaction", chain=self.chain, call=call, exc_info=error)
            raise self._unavailable() from error

    def _unavailable(self) -> Refusal:
        return unavailable("chain_unavailable", f"chain {self.chain} cannot check this transaction now")

    # --- Afterwards

    async def up(self) -> None:
        """Wait until the chain has come up, so that it is not asked before it can know anything."""
        while self._live.status().state is HealthState.STARTING:  # noqa: ASYNC110 - chains tell nobody
            await trio.sleep(UP_EVERY_S)

    def read_again(self, relay: Record) -> SignedTransfer:
        """What was signed, from what is kept of it. Raises `NoAnswer`."""
        assert relay.raw is not None, "what is final needs nothing more"
        try:
            return _is(self._port.inspect(relay.raw, relay.created_at_ms), SignedTransfer)
        except Exception as error:
            raise NoAnswer("what was signed cannot be read again") from error

    async def ask(self, relay: Record, transfer: SignedTransfer) -> Outcome:
        """What the network says of a relay: handed to it where it was not yet. Raises `NoAnswer`."""
        if relay.status is RelayStatus.RECEIVED:
            return await _answer(self._port.submit, transfer, self._limits.submit_timeout_s)
        return await _answer(self._port.follow, transfer, self._limits.follow_timeout_s)


async def _answer(
    call: Callable[[SignedTransfer], Awaitable[Outcome]], transfer: SignedTransfer, patience_s: float
) -> Outcome:
    try:
        with trio.fail_after(patience_s):
            outcome = await call(transfer)
    except (Exception, SystemExit) as error:
        raise NoAnswer("the chain raised, or took too long") from error
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
