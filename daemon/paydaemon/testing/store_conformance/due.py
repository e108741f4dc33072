"""Invoices whose time has run out: by the word of every one of their chains, never of one alone."""

from collections.abc import Callable, Sequence

import pytest

from paydaemon.core.invoice import Stage, Standing
from paydaemon.store.port import ChainRow, Reader, Store, Transaction
from paydaemon.testing.samples import invoice
from paydaemon.testing.store_conformance.base import Suite

LIMIT = 100


def standing_at(as_of_ms: dict[str, int | None]) -> Callable[[Transaction], None]:
    """Set up to when each chain has been seen complete."""

    def write(tx: Transaction) -> None:
        for id, at_ms in as_of_ms.items():
            tx.set_chain(ChainRow(id, as_of_ms=at_ms))

    return write


def adding(
    number: int, chains: Sequence[str], expires_at_ms: int, monitor_until_ms: int = 10_000
) -> Callable[[Transaction], None]:
    """Add an invoice with an option on each of those chains."""
    added = invoice(number, chains=chains, expires_at_ms=expires_at_ms, monitor_until_ms=monitor_until_ms)
    return lambda tx: tx.add_invoice(added)


def due(stage: Stage, limit: int = LIMIT) -> Callable[[Reader], Sequence[str]]:
    """The ids of what is due."""
    return lambda reader: reader.invoices_due(stage, limit)


class Due(Suite):
    """Clocks that run by the chains."""

    @pytest.mark.parametrize(
        ("as_of_ms", "is_due"),
        [(None, False), (99, False), (100, False), (101, True), (5_000, True)],
    )
    async def test_an_invoice_is_due_once_its_chain_is_past_its_expiry(
        self, store: Store, as_of_ms: int | None, is_due: bool
    ) -> None:
        await store.transact(adding(0, ["bitcoin"], 100))
        assert await store.read(due(Stage.OPEN)) == []
        await store.transact(standing_at({"bitcoin": as_of_ms, "hedera": 9_999}))
        assert await store.read(due(Stage.OPEN)) == (["inv_0"] if is_due else [])

    @pytest.mark.parametrize(
        ("bitcoin", "hedera", "is_due"),
        [(101, 101, True), (101, 100, False), (100, 101, False), (101, None, False), (None, 101, False)],
    )
    async def test_every_chain_has_a_say(
        self, store: Store, bitcoin: int | None, hedera: int | None, is_due: bool
    ) -> None:
        await store.transact(adding(0, ["hedera", "bitcoin"], 100))
        await store.transact(standing_at({"bitcoin": bitcoin, "hedera": hedera, "monero": 9_999}))
        assert await store.read(due(Stage.OPEN)) == (["inv_0"] if is_due else [])

    async def test_a_chain_that_is_away_holds_up_only_its_own_invoices(self, store: Store) -> None:
        await store.transact(adding(0, ["bitcoin"], 100))
        await store.transact(adding(1, ["bitcoin", "hedera"], 100))
        await store.transact(adding(2, ["hedera"], 100))
        await store.transact(adding(3, ["bitcoin", "monero"], 100))
        await store.transact(standing_at({"bitcoin": 101, "hedera": None, "monero": 101}))
        assert await store.read(due(Stage.OPEN)) == ["inv_0", "inv_3"]

    async def test_the_second_clock_is_that_of_monitoring(self, store: Store) -> None:
        await store.transact(adding(0, ["bitcoin"], 100, monitor_until_ms=200))
        await store.transact(standing_at({"bitcoin": 150}))
        assert await store.read(due(Stage.EXPIRED)) == []
        await store.transact(lambda tx: tx.set_standing("inv_0", Standing(stage=Stage.EXPIRED)))
        assert await store.read(due(Stage.OPEN)) == []
        assert await store.read(due(Stage.EXPIRED)) == []
        await store.transact(standing_at({"bitcoin": 201}))
        assert await store.read(due(Stage.EXPIRED)) == ["inv_0"]
        await store.transact(lambda tx: tx.set_standing("inv_0", Standing(stage=Stage.CLOSED)))
        for stage in Stage:
            assert await store.read(due(stage)) == []

    async def test_the_oldest_are_first_whatever_their_chains(self, store: Store) -> None:
        chains = [["bitcoin"], ["hedera"], ["bitcoin", "hedera"], ["bitcoin"]]
        for number, expires_at_ms in enumerate((40, 20, 30, 10)):
            await store.transact(adding(number, chains[number], expires_at_ms))
        await store.transact(standing_at({"bitcoin": 100, "hedera": 100}))
        assert await store.read(due(Stage.OPEN)) == ["inv_3", "inv_1", "inv_2", "inv_0"]
        assert await store.read(due(Stage.OPEN, 3)) == ["inv_3", "inv_1", "inv_2"]
        assert await store.read(due(Stage.OPEN, 0)) == []

    async def test_a_transaction_sees_what_it_made_due(self, store: Store) -> None:
        def both(tx: Transaction) -> Sequence[str]:
            adding(0, ["bitcoin"], 100)(tx)
            standing_at({"bitcoin": 101})(tx)
            return tx.invoices_due(Stage.OPEN, LIMIT)

        assert await store.transact(both) == ["inv_0"]
