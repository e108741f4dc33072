"""Deliveries: whether all are told of everything, in order for each invoice, and nobody waits for others.

Who wants which event is worked out here a second time. What was handed over is compared with the journal; an
event may come only once all earlier ones of its invoice were taken or parked. `audit` wants all of it told or
parked, and what is parked to be visible and to have its reason.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from paydaemon.core.delivery import Delivery, DeliveryState
from paydaemon.core.events import Event
from paydaemon.engine.deliveries.notices import with_links
from paydaemon.hooks.notifier import Audience
from paydaemon.store.port import Reader, Store
from tests.simulation.post import AUDIENCES, LIMITS, STEADY, Handed, Post
from tests.support.ledgercheck import Json, milliseconds

AT_ONCE_MS = 60_000
"""How long after it happened the steady one has heard of anything, at most."""
EVER_MS = 2**60
RETRIED_FOR_MS = 1_000 * LIMITS["retry_for_s"]

State = Callable[[str, int], Delivery | None]
"""What the store holds of a target and an event's `seq`."""


@dataclass(slots=True)
class Due:
    """What one target is to be told of, by `seq`, each with the one before it of the same invoice."""

    seqs: list[int] = field(default_factory=list)
    before: dict[int, int | None] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    told: int = 0

    def add(self, event: Event) -> None:
        """One more."""
        self.seqs.append(event.seq)
        about = event.invoice_id
        self.before[event.seq] = None if about is None else self.newest.get(about)
        if about is not None:
            self.newest[about] = event.seq


@dataclass(slots=True)
class Deliveries:
    """What was journaled, by who is to be told of it. `parked` is how much of it the audit has found so."""

    due: dict[str, Due] = field(default_factory=dict)
    parked: int = 0

    def __post_init__(self) -> None:
        for audience in AUDIENCES:
            self.due[f"post:{audience.name}"] = Due()

    def hear(self, event: Event) -> None:
        """It is to be told from now on."""
        for audience in AUDIENCES:
            target = f"post:{audience.name}"
            if _wants(audience, event) and not _is_about(event, target):
                self.due[target].add(event)

    async def check(self, post: Post, journal: list[Json], store: Store) -> None:
        """All that was handed over since: true, and in order. What comes before the journal's news, waits."""
        known = [one for one in post.handed if one.notice.seq <= len(journal)]
        post.handed = [one for one in post.handed if one.notice.seq > len(journal)]
        if known:
            await store.read(lambda reader: self._check_handed(known, post, journal, reader))

    def _check_handed(self, known: list[Handed], post: Post, journal: list[Json], reader: Reader) -> None:
        for one in known:
            seq, target = one.notice.seq, one.target
            assert one.notice.body == with_links(journal[seq - 1], ""), f"{target} was told other than {seq}"
            assert one.notice.event_id == journal[seq - 1]["id"], f"{target} was told {seq} by another id"
            assert seq in self.due[target].before, f"{target} was told {seq}, which is none of its business"
            before = self.due[target].before[seq]
            if before is not None and before not in one.seqs and not post.had_taken(one, before):
                _check_parked(reader.delivery_of(target, before), one)

    def check_steady(self, post: Post, journal: list[Json], before_ms: int) -> None:
        """Whoever always listens has heard by now what happened until then, whatever others do."""
        due = self.due[STEADY]
        while due.told < len(due.seqs) and (STEADY, due.seqs[due.told]) in post.taken:
            due.told += 1
        if due.told < len(due.seqs):
            late = journal[due.seqs[due.told] - 1]
            assert milliseconds(late["created_at"]) >= before_ms, (
                f"{STEADY} waits for {late['seq']} behind others that fail"
            )

    async def audit(self, post: Post, journal: list[Json], store: Store) -> None:
        """Everybody was told of everything, or it is parked for all to see."""
        faults = await store.read(lambda reader: list(self._missing(post, journal, reader)))
        assert not faults, "\n".join(faults[:20])

    def _missing(self, post: Post, journal: list[Json], reader: Reader) -> Iterator[str]:
        told_of = {one["data"]["target"] for one in journal if one["type"] == "delivery.parked"}
        for target, due in self.due.items():
            if waiting := reader.oldest(target, DeliveryState.PENDING, EVER_MS, 1):
                yield f"{target} is well, and still waits for {waiting[0].seq}"
            for seq in due.seqs:
                kept = reader.delivery_of(target, seq)
                if kept is not None and kept.state is DeliveryState.PARKED:
                    self.parked += 1
                    yield from _parked(kept, post, told_of)
                elif (target, seq) not in post.taken:
                    yield f"event {seq} was lost for {target}"


def _wants(audience: Audience, event: Event) -> bool:
    is_wanted = not audience.types or event.type in audience.types
    return is_wanted and audience.seller_id in (None, event.seller_id)


def _is_about(event: Event, target: str) -> bool:
    return event.type.value == "delivery.parked" and event.data["target"] == target


def _check_parked(before: Delivery | None, one: Handed) -> None:
    """What the one before it in order must be, where it was never taken."""
    parked_ms = before.done_at_ms if before and before.state is DeliveryState.PARKED else None
    assert (parked_ms or EVER_MS) <= one.at_ms, (
        f"{one.target} was told {one.notice.seq} before an earlier event of {one.notice.invoice_id}"
    )


def _parked(kept: Delivery, post: Post, told_of: set[str]) -> Iterator[str]:
    assert kept.done_at_ms is not None
    is_refused = (kept.target_id, kept.seq) in post.refused
    if not is_refused and kept.done_at_ms - kept.created_at_ms < RETRIED_FOR_MS:
        yield f"event {kept.seq} was given up for {kept.target_id} too soon: {kept.reason}"
    if kept.target_id not in told_of:
        yield f"event {kept.seq} was parked for {kept.target_id}, and the journal says nothing"
