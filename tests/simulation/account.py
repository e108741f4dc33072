"""The account: all that the daemon was told by its chains and that it has recorded, kept a second time.

It is written from what passes the daemon's own door, after all chaos, so it knows what the ledger must hold
at any moment, and holds it in the simplest form: the newest word on each credit, and each chain's last word
on itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from paydaemon.core.invoice import Invoice, Option
from paydaemon.core.payment import ChainTime, Observation, ObservedState
from paydaemon.hooks.ports import ChainHost
from paydaemon.testing.between import HostInFront
from tests.simulation.disk import Killed, MortalStore

Ref = tuple[str, str]
"""A chain and the ref of a credit on it."""


@dataclass(slots=True)
class Known:
    """One credit. `confirmed` is kept because it lasts: as long as the very block holds that made it so."""

    chain: str
    word: Observation
    seen_at_ms: int
    invoice_id: str | None
    required: int
    confirmed: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is money now."""
        return self.word.state is ObservedState.SEEN

    @property
    def state(self) -> str:
        """What the ledger calls it."""
        if not self.counts:
            return self.word.state.value
        return "confirmed" if self.confirmed else "pending"

    def is_deep(self, tip: int | None) -> bool:
        """Whether so many blocks are on it as it needs."""
        if self.word.final:
            return self.counts
        height = self.word.height
        depth = 0 if height is None or tip is None else max(0, tip - height + 1)
        return self.counts and depth >= self.required

    def hear(self, word: Observation, tip: int | None) -> None:
        """A word on the same credit, which is old or not."""
        if word.position < self.word.position:
            return
        was, self.word = self.word, word
        self.seen_at_ms = min(self.seen_at_ms, word.seen_at_ms)
        same_block = was.block == word.block is not None and was.state is word.state is ObservedState.SEEN
        self.confirmed = (self.confirmed and same_block) or self.is_deep(tip)


@dataclass(slots=True)
class Account:
    """What the daemon knows. `defaults` are the depths that chains ask for what nobody ordered.

    `as_of_ms` is what each chain said last, and `turned_ms` what it had said when clocks were last turned to
    their end: whoever dies on the way leaves some to the next.
    """

    defaults: dict[str, int]
    credits: dict[Ref, Known] = field(default_factory=dict)
    tips: dict[str, int | None] = field(default_factory=dict)
    as_of_ms: dict[str, int] = field(default_factory=dict)
    turned_ms: dict[str, int] = field(default_factory=dict)
    touched: set[Ref] = field(default_factory=set)
    ever_confirmed: set[Ref] = field(default_factory=set)
    owners: dict[Ref, tuple[Invoice, Option]] = field(default_factory=dict)
    of_invoice: dict[str, list[Known]] = field(default_factory=dict)
    shallow: dict[str, set[str]] = field(default_factory=dict)

    def issue(self, invoice: Invoice) -> None:
        """What is told from now on of these destinations is for this invoice."""
        self.of_invoice[invoice.id] = []
        for option in invoice.options:
            key = option.asset.chain, option.destination.key
            assert key not in self.owners, f"destination {key} was issued twice"
            self.owners[key] = invoice, option

    def record(self, chain: str, words: Sequence[Observation], as_of: ChainTime | None) -> None:
        """The daemon has taken this."""
        if as_of is not None:
            self.tips[chain] = as_of.height
            self.as_of_ms[chain] = max(self.as_of_ms.get(chain, 0), as_of.at_ms)
        tip = self.tips.get(chain)
        for word in words:
            self._hear(chain, word, tip)
        if as_of is not None:
            self._ripen(chain, tip)

    def assign(self, ref: Ref, invoice: Invoice, option: Option) -> None:
        """An operator gave an unmatched credit to an invoice."""
        known = self.credits[ref]
        known.invoice_id, known.required = invoice.id, option.confirmations_required
        known.confirmed = known.is_deep(self.tips.get(known.chain))
        self.of_invoice[invoice.id].append(known)
        self._note(known)

    def complete_ms(self, invoice: Invoice, said: dict[str, int]) -> int:
        """Up to when every chain of an invoice was seen complete."""
        return min(said.get(option.asset.chain, 0) for option in invoice.options)

    def unmatched(self) -> Iterator[Ref]:
        """Credits that belong to nobody."""
        return (ref for ref, known in self.credits.items() if known.invoice_id is None)

    def _hear(self, chain: str, word: Observation, tip: int | None) -> None:
        known = self.credits.get((chain, word.ref))
        if known is None:
            known = self.credits[chain, word.ref] = self._first(chain, word)
            known.confirmed = known.is_deep(tip)
        else:
            known.hear(word, tip)
        self._note(known)

    def _first(self, chain: str, word: Observation) -> Known:
        owner = self.owners.get((chain, word.destination_key))
        if owner is None or owner[1].asset != word.asset:
            return Known(chain, word, word.seen_at_ms, None, self.defaults[chain])
        invoice, option = owner
        known = Known(chain, word, word.seen_at_ms, invoice.id, option.confirmations_required)
        self.of_invoice[invoice.id].append(known)
        return known

    def _note(self, known: Known) -> None:
        ref = known.chain, known.word.ref
        self.touched.add(ref)
        shallow = self.shallow.setdefault(known.chain, set())
        if known.counts and not known.confirmed:
            shallow.add(known.word.ref)
        else:
            shallow.discard(known.word.ref)
        if known.confirmed:
            self.ever_confirmed.add(ref)

    def _ripen(self, chain: str, tip: int | None) -> None:
        for ref in list(self.shallow.get(chain, ())):
            known = self.credits[chain, ref]
            if known.word.height is not None and known.is_deep(tip):
                known.confirmed = True
                self._note(known)


class Accountant(HostInFront):
    """Writes the account: last before the daemon's own door."""

    def __init__(self, host: ChainHost, chain: str, account: Account, store: MortalStore) -> None:
        super().__init__(host)
        self._chain = chain
        self._account = account
        self._store = store

    async def observe(
        self, observations: Sequence[Observation], as_of: ChainTime | None, cursor: str | None
    ) -> None:
        before = self._store.commits
        try:
            await super().observe(observations, as_of, cursor)
        except Killed:
            # The first commit is the one that records: what follows it turns clocks.
            if self._store.commits > before:
                self._account.record(self._chain, observations, as_of)
            raise
        self._account.record(self._chain, observations, as_of)
        if as_of is not None:
            self._account.turned_ms = dict(self._account.as_of_ms)
