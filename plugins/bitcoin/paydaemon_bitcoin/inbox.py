"""What wakes the watcher: wake-ups come in fast and often, and are kept as what there is to look at.

Any number of them coalesce into: look at these transactions, look at the chain, look at everything. What is
kept is bounded; where it would be too much, everything is looked at instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import trio

from paydaemon_bitcoin.book import Book, Place
from paydaemon_bitcoin.limits import BitcoinLimits
from paydaemon_bitcoin.notifications import Added, BlocksChanged, Missed, RawTransaction, Removed, Wake
from paydaemon_bitcoin.scripts import Scripts
from paydaemon_bitcoin.transactions import Transaction, outputs, parse


@dataclass(frozen=True, slots=True)
class Suspects:
    """Transactions to look at: new ones that pay a destination, and ids of some that are known."""

    new: Mapping[str, Transaction] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


class Inbox:
    """Turns wake-ups into what is to be done. `hear` never waits; the watcher takes when it can."""

    def __init__(self, scripts: Scripts, book: Book, most: int = BitcoinLimits().suspects) -> None:
        """At most so many transactions can be waiting to be looked at."""
        self._most = most
        self._scripts = scripts
        self._book = book
        self._new: dict[str, Transaction] = {}
        self._known: set[str] = set()
        self._woken = trio.Event()
        self.chain_due = False
        self.all_due = False
        self.is_prompted = False

    def hear(self, wake: Wake) -> None:
        """Take one wake-up in."""
        match wake:
            case RawTransaction(raw):
                self._hear_raw(raw)
            case Added(txid) | Removed(txid):
                if self._book.page(txid) is not None:
                    self._known.add(txid)
                    self._wake()
            case BlocksChanged():
                self.chain_due = True
                self._wake()
            case Missed():
                self.look_at_everything()

    def look_at_everything(self) -> None:
        """Nothing that was heard so far can be relied on."""
        self.chain_due = self.all_due = True
        self._wake()

    def prompt(self) -> None:
        """Somebody says that there is something to see on the chain; nothing was missed."""
        self.is_prompted = True
        self._woken.set()

    async def wait(self) -> None:
        """Wait until there is something to do."""
        await self._woken.wait()

    def take_suspects(self) -> Suspects:
        """The transactions to look at; none of them is returned again."""
        suspects = Suspects(self._new, frozenset(self._known))
        self._new, self._known, self._woken = {}, set(), trio.Event()
        return suspects

    def take_due(self) -> bool:
        """Note that a look at the chain begins; returns whether it has to be one at everything."""
        everything = self.all_due
        self.chain_due = self.all_due = self.is_prompted = False
        return everything

    def _hear_raw(self, raw: bytes) -> None:
        """A transaction that pays us is new, or it is told again because of a block."""
        try:
            if not self._scripts.match(outputs(raw)):
                return
            transaction = parse(raw)
        except ValueError:
            self.look_at_everything()  # no node sends that: somebody else is talking
            return
        page = self._book.page(transaction.txid)
        if page is None or page.place is Place.LOST:
            self._new[transaction.txid] = transaction
        else:
            self.chain_due = True
        self._wake()

    def _wake(self) -> None:
        if len(self._new) + len(self._known) > self._most:
            self._new, self._known = {}, set()
            self.chain_due = self.all_due = True
        self._woken.set()
