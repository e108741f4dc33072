"""The audit: chaos is over, all is mined and told, and now ledger, networks and journal agree wholly."""

from collections.abc import Iterator

import trio

from paydaemon.core.invoice import Invoice, Stage
from paydaemon.core.payment import Payment
from paydaemon.core.public import public_invoice, public_payment
from paydaemon.engine.totals import totals
from paydaemon.store.port import Reader
from paydaemon.testing.fakenetwork import FakeNetwork
from tests.simulation.account import Account
from tests.simulation.deeds import Deeds
from tests.simulation.town import DEFAULTS, Town
from tests.simulation.watch import Watch
from tests.support.ledgercheck import Ledger, agreement

ENOUGH_BLOCKS = 7
"""More than any invoice asks for."""
PAGE = 500


async def audit(town: Town, watch: Watch, deeds: Deeds) -> None:
    """Raises `AssertionError` for whatever does not agree."""
    await make_calm(town, deeds)
    await watch.check_all()
    assert {*watch.stages.values()} == {Stage.CLOSED}, "not every clock has run out"
    for network in town.networks.values():
        check_network(network, town.account)
    watch.relays.audit(town.nodes, town.account)
    await watch.deliveries.audit(town.post, watch.journal, town.store)
    found = await town.store.read(totals)
    assert found.disagreements == []
    assert found.payments == len(town.account.credits), "there are payments that no chain told of"
    ledger = await town.store.read(lambda reader: read_ledger(reader, watch, town))
    faults = agreement(ledger, watch.heard)
    assert not faults, "\n".join(faults[:20])


async def make_calm(town: Town, deeds: Deeds) -> None:
    """Everybody is back, all that waits is mined, every chain tells all that it knows, and all that was ever
    ordered is ordered once more.
    """
    town.calm = True
    for network in town.networks.values():
        network.away = False
        if network.has_blocks:
            network.grow(ENOUGH_BLOCKS)
    await town.restart()
    await town.look()
    town.publish()
    await deeds.order_all_again()
    await trio.sleep(DEFAULTS.monitor_for_s + 3_601)
    await town.look()
    await trio.sleep(3_601)


def check_network(network: FakeNetwork, account: Account) -> None:
    """Every credit of the network is known, in the state that it has there; in a block it is final by now."""
    for transaction in network.transactions.values():
        for number, credit in enumerate(transaction.credits):
            known = account.credits.get((network.name, f"{transaction.id}:{number}"))
            assert known is not None, f"{transaction.id}:{number} on {network.name} was never recorded"
            assert known.word.amount_minor == credit.amount_minor
            fate = transaction.fate
            assert (known.word.state, known.word.height) == (fate.state, fate.height)
            assert known.confirmed == known.counts, f"{known.word.ref} lies deep, and is {known.state}"


def read_ledger(reader: Reader, watch: Watch, town: Town) -> Ledger:
    """Everything that the store holds, in public shape."""
    tips = town.account.tips
    invoices = [public_invoice(one, reader.payments_of(one.id), tips) for one in _invoices(reader)]
    payments = [public_payment(one, tips) for one in _payments(reader)]
    now_ms = town.clock()
    return Ledger(invoices, payments, watch.journal, now_ms, now_ms)


def _invoices(reader: Reader) -> Iterator[Invoice]:
    before: str | None = None
    while page := reader.invoices(seller_id=None, status=None, before=before, limit=PAGE):
        yield from page
        before = page[-1].id


def _payments(reader: Reader) -> Iterator[Payment]:
    before: str | None = None
    while page := reader.payments(seller_id=None, unmatched=False, before=before, limit=PAGE):
        yield from page
        before = page[-1].id
