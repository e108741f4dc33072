"""Inquiries: what clients ask a chain's network in its own form, by way of frontends that speak for it.

An answer changes nothing here. What a question costs is paid by whoever asks, with a transaction of its own:
that is passed on only where the policy for relays lets anything through.

A chain answers so many questions at once and no more, and some take as long as they may. So each asker has a
share that is far smaller: whoever asks for what never comes keeps nobody else from being answered.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager

import structlog
import trio

from paydaemon.core.errors import ErrorType, Refusal, not_found, unavailable
from paydaemon.core.policy import RelayPolicy
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.limits import EngineLimits
from paydaemon.hooks.ports import Inquiry, Reply

log = structlog.get_logger(__name__)


class Inquiries:
    """Asks the networks of the configured chains."""

    def __init__(self, chains: Mapping[str, LiveChain], policy: RelayPolicy, limits: EngineLimits) -> None:
        self._chains = chains
        self._policy = policy
        self._limits = limits
        self._under_way: Counter[Hashable] = Counter()

    async def ask(self, asker: Hashable, chain: str, question: bytes, kinds: Collection[str]) -> Reply:
        """What the network answers to a question of one of these kinds. Raises `Refusal`.

        `asker` stands for all that counts as one client, through whichever frontend it asks.
        """
        port = self._port(chain)
        with self._place(asker):
            return await self._answer(asker, chain, port, question, kinds)

    @contextmanager
    def _place(self, asker: Hashable) -> Iterator[None]:
        if self._under_way[asker] >= self._limits.questions_per_client:
            raise unavailable("too_many_questions", "too many questions of yours are being answered already")
        self._under_way[asker] += 1
        try:
            yield
        finally:
            self._under_way[asker] -= 1
            self._under_way += Counter()  # forgets those that have none

    async def _answer(
        self, asker: Hashable, chain: str, port: Inquiry, question: bytes, kinds: Collection[str]
    ) -> Reply:
        try:
            with trio.fail_after(self._limits.answer_wait_s):
                may_pay = self._policy is RelayPolicy.OPEN
                reply: object = await port.ask(question, kinds, may_pay=may_pay, asker=asker)
        except Refusal:
            raise
        except Exception as error:
            # Whatever it was: the caller learns no more than this.
            log.warning("chain did not answer a question", chain=chain, exc_info=error)
            raise _no_answer(chain) from error
        if not isinstance(reply, Reply):
            log.warning("chain answered a question strangely", chain=chain, answer=type(reply).__name__)
            raise _no_answer(chain)
        return reply

    def _port(self, chain: str) -> Inquiry:
        if chain not in self._chains:
            raise not_found("chain", chain, "chain")
        port = self._chains[chain].chain
        if not isinstance(port, Inquiry):
            message = f"chain {chain} answers no questions"
            raise Refusal(ErrorType.NOT_FOUND, "chain_does_not_answer", message, "chain")
        return port


def _no_answer(chain: str) -> Refusal:
    return unavailable("chain_unavailable", f"chain {chain} cannot answer now")
