"""Relays: signed transactions that clients hand in, passed on and followed to their outcome.

What is handed in is inspected, checked with the network, held against policy and journaled, and only then
does a carrier take it to the network; see `paydaemon.engine.admission` and `paydaemon.engine.carrier`. So
what was answered is known after any crash, and every relay without an outcome is taken up by the next run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
import trio

from paydaemon.core.access import PUBLIC, Principal
from paydaemon.core.errors import ErrorType, Refusal, conflict, not_found, unavailable
from paydaemon.core.policy import RelayPolicy
from paydaemon.core.relay import Relay, SignedTransfer, as_shown
from paydaemon.engine.admission import Admitted, Application, admit, foresee, require_same
from paydaemon.engine.carrier import Carrier
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.course import Course
from paydaemon.engine.limits import EngineLimits
from paydaemon.engine.patience import Patience
from paydaemon.engine.relayer import Relayer
from paydaemon.store.port import Store, StoreUnavailable

log = structlog.get_logger(__name__)

PAGE = 500
"""How many relays are read at once at the start."""
LOST_S = 5.0
"""How long after the store has failed it is looked for relays that were recorded all the same."""


Key = tuple[str, str]
"""A chain and a transaction's id there."""


class Wait(StrEnum):
    """What an answer waits for: the node's first word, or the outcome."""

    PRECHECK = "precheck"
    CONSENSUS = "consensus"


@dataclass(frozen=True, slots=True)
class Handed:
    """A relay as a principal sees it, now and as it goes on. `named` is the invoice that it has named."""

    course: Course
    principal: Principal
    named: str | None
    limits: EngineLimits
    patience: Patience

    @property
    def relay(self) -> Relay:
        """As it stands."""
        return self.shown(self.course.relay)

    def shown(self, relay: Relay) -> Relay:
        """A state of it, with no more than this principal may see."""
        return as_shown(relay, self.principal, self.named)

    def at_first_word(self, tell: Callable[[], None]) -> None:
        """Call it once: when the network has said anything of it, or after the longest wait.

        The same as to wait `until` then, for those who wait for many: no task has to.
        """
        if self.course.is_answered:
            return tell()
        course = self.course

        def told(_: object = None) -> None:
            course.tell_no_more(told)
            self.patience.forget(told)
            tell()

        course.tell(told)
        self.patience.remind(told)
        return None

    async def until(self, wait: Wait) -> Relay:
        """As it stands once what is waited for is known, or what is known after the longest wait."""
        with trio.move_on_after(self.limits.answer_wait_s):
            match wait:
                case Wait.PRECHECK:
                    await self.course.answered()
                case Wait.CONSENSUS:
                    await self.course.over()
        return self.relay


class Relays:
    """Takes what clients hand in, on every chain that relays."""

    def __init__(
        self,
        store: Store,
        chains: Mapping[str, LiveChain],
        clock: Clock,
        policy: RelayPolicy = RelayPolicy.PAYEES,
        limits: EngineLimits | None = None,
    ) -> None:
        self._store = store
        self._chains = chains
        self._clock = clock
        self._policy = policy
        self._limits = limits or EngineLimits()
        self._courses: dict[Key, Course] = {}
        self._entering: dict[Key, trio.Event] = {}
        self._nursery: trio.Nursery | None = None
        self._lost = trio.Event()
        self._patience = Patience(self._limits)
        self.relayers = {
            id: Relayer(live, live.relay, self._limits)
            for id, live in chains.items()
            if live.relay is not None
        }

    @property
    def courses(self) -> Mapping[Key, Course]:
        """Every relay without an outcome."""
        return self._courses

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Carry relays until cancelled, those of earlier runs first."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._patience.run)
            try:
                await self._keep_taking_up(task_status)
            finally:
                self._nursery = None

    def require(self, chain: str) -> None:
        """Raises `Refusal` (not found) for a chain that is not here, or does not relay."""
        self._relayer(chain)

    def require_health(self, chain: str) -> None:
        """Raises `Refusal` (unavailable) where a chain can hand nothing over now."""
        self._relayer(chain).require_health()

    async def hand_in(
        self,
        principal: Principal,
        chain: str,
        given: bytes | str,
        invoice_id: str | None,
        *,
        alone: bool = False,
    ) -> Handed:
        """Take a signed transaction. Once this returns it is recorded, and on its way.

        The same one again is the same relay. Raises `Refusal` for what may not be passed on: nothing of that
        is recorded, and the network has not heard of it. With `alone` that is all but what pays exactly the
        invoice and does nothing else, whatever the policy.
        """
        relayer = self._relayer(chain)
        relayer.measures.submissions += 1
        try:
            course = await self._course(relayer, principal, given, invoice_id, alone=alone)
            _require_invoice(course.relay, invoice_id)
        except Refusal as refusal:
            relayer.measures.refused[refusal.code] += 1
            raise
        return Handed(course, principal, invoice_id, self._limits, self._patience)

    async def find_towards(self, invoice_id: str, chain: str, transaction_id: str) -> Handed:
        """One of an invoice's relays, for whoever has that invoice's id."""
        found = await self.find(PUBLIC, chain, transaction_id)
        if found.course.relay.invoice_id != invoice_id:
            raise not_found("relay", found.relay.transaction_id, "transaction_id")
        return replace(found, named=invoice_id)

    async def find(self, principal: Principal, chain: str, transaction_id: str) -> Handed:
        """A relay by its transaction's id, in any form that its chain knows.

        Whoever has no key may ask for any, and is told of no invoice.
        """
        id = self._relayer(chain).canonical(transaction_id)
        course = await self._known((chain, id))
        if course is None or not (principal == PUBLIC or principal.may_see(course.relay.seller_id)):
            raise not_found("relay", id, "transaction_id")
        return Handed(course, principal, None, self._limits, self._patience)

    def _relayer(self, chain: str) -> Relayer:
        if chain not in self._chains:
            raise not_found("chain", chain, "chain")
        if chain not in self.relayers:
            message = f"chain {chain} does not pass transactions on"
            raise Refusal(ErrorType.NOT_FOUND, "chain_does_not_relay", message, "chain")
        return self.relayers[chain]

    # --- Taking

    async def _course(
        self, relayer: Relayer, principal: Principal, given: bytes | str, named: str | None, *, alone: bool
    ) -> Course:
        transfer = relayer.inspect(given, self._clock())
        key = relayer.chain, transfer.transaction_id
        course = await self._under_way(key)
        if course is not None and not course.is_over:
            require_same(course.relay, transfer)
            return course
        about = transfer, principal, named, self._policy, relayer.payees, alone
        application = Application(relayer.chain, *about)
        with self._entrance(key):
            if alone:
                await self._store.read(lambda reader: foresee(reader, application, self._clock()))
            known = await self._verified(relayer, transfer)
            if known is not None:
                return known
            admitted = await self._admitted(application)
            # No checkpoint since the commit: whoever is cancelled now leaves the rest to the carrier.
            return self._go_on(admitted, transfer)

    async def _under_way(self, key: Key) -> Course | None:
        """The course of a relay, if it is on its way: once nobody else is about to hand it in."""
        while key in self._entering:
            await self._entering[key].wait()
        return self._courses.get(key)

    @contextmanager
    def _entrance(self, key: Key) -> Iterator[None]:
        """One at a time for each transaction. Raises `Refusal` where as many as may are on their way."""
        if self._nursery is None or len(self._courses) + len(self._entering) >= self._limits.unresolved:
            raise unavailable("too_many_relays", "too many transactions wait for their outcome already")
        entered = self._entering[key] = trio.Event()
        try:
            yield
        finally:
            del self._entering[key]
            entered.set()

    async def _verified(self, relayer: Relayer, transfer: SignedTransfer) -> Course | None:
        """Check it with the network. What is recorded already need not pass once more: it is returned."""
        try:
            relayer.require_health()
            await relayer.verify(transfer)
        except Refusal:
            relay = await self._recorded((relayer.chain, transfer.transaction_id))
            if relay is None or relay.may_come_again:
                raise
            require_same(relay, transfer)
            return self._carried(relay)
        return None

    async def _admitted(self, application: Application) -> Admitted:
        try:
            return await self._store.transact(lambda tx: admit(tx, application, self._clock()))
        except StoreUnavailable:
            # Even a commit that failed may have reached the disk.
            self._lost.set()
            raise

    def _go_on(self, admitted: Admitted, transfer: SignedTransfer) -> Course:
        """The course of what was recorded, which is begun where it is new."""
        relay = admitted.relay
        if admitted.is_new:
            self.relayers[relay.chain].measures.statuses[relay.status] += 1
            return self._begin(Course(relay, transfer, in_doubt=False))
        return self._carried(relay)

    # --- Carrying

    def _begin(self, course: Course, *, when_up: bool = False) -> Course:
        """Have a course carried; one that is over is left alone."""
        if not course.is_over and self._nursery is not None:
            self._courses[course.key] = course
            # In a context of its own: the request's is not to live for as long as the relay is on its way.
            Context().run(self._nursery.start_soon, self._carry, course, when_up)
        return course

    async def _carry(self, course: Course, when_up: bool) -> None:
        relayer = self.relayers[course.relay.chain]
        carrier = Carrier(self._store, relayer, self._clock, self._limits)
        if when_up:
            await relayer.up()
            await self._look_again(course)
        await carrier.carry(course)
        if self._courses.get(course.key) is course:
            del self._courses[course.key]

    async def _look_again(self, course: Course) -> None:
        """What is taken up may have moved on since it was read, and its carrier relies on what it knows."""
        while True:
            try:
                relay = await self._store.read(lambda reader: reader.relay(*course.key))
            except StoreUnavailable:
                await trio.sleep(LOST_S)
            else:
                return course.became(relay or course.relay)

    async def _known(self, key: Key) -> Course | None:
        """The course of a relay, be it over: once nobody else is about to hand it in, who would begin it."""
        while True:
            if (course := await self._under_way(key)) is not None:
                return course
            relay = await self._recorded(key)
            if key not in self._entering:
                return None if relay is None else self._carried(relay)

    async def _recorded(self, key: Key) -> Relay | None:
        return await self._store.read(lambda reader: reader.relay(*key))

    def _carried(self, relay: Relay) -> Course:
        """Its course, begun where nobody carries it: what seemed to fail may have reached the disk."""
        key = relay.chain, relay.transaction_id
        return self._courses.get(key) or self._begin(Course(relay), when_up=True)

    async def _keep_taking_up(self, task_status: trio.TaskStatus[None]) -> None:
        """At the start, and whenever the store may have recorded what nobody was told of."""
        await self._take_all_up()
        task_status.started()
        while True:
            await self._lost.wait()
            await trio.sleep(LOST_S)
            self._lost = trio.Event()
            await self._take_all_up()

    async def _take_all_up(self) -> None:
        for chain in self.relayers:
            await self._take_up(chain)

    async def _take_up(self, chain: str) -> None:
        after: str | None = None
        while page := await self._unresolved(chain, after):
            for relay in page:
                key = chain, relay.transaction_id
                if key not in self._courses and key not in self._entering:
                    self._begin(Course(relay), when_up=True)
            after = page[-1].id

    async def _unresolved(self, chain: str, after: str | None) -> Sequence[Relay]:
        """A page of what is recorded without an outcome. What cannot be read now is tried again later."""
        try:
            return await self._store.read(
                lambda reader: reader.unresolved_relays(chain, after=after, limit=PAGE)
            )
        except StoreUnavailable as error:
            log.warning("relays could not be taken up", chain=chain, error=str(error))
            self._lost.set()
            return ()


def _require_invoice(relay: Relay, named: str | None) -> None:
    """Raises `Refusal` where a relay that was known already was to pay another invoice than is named now."""
    if named is not None and relay.invoice_id != named:
        raise conflict(
            "relayed_otherwise", "this transaction was handed in, and not for that invoice", "invoice_id"
        )
