"""How a chain behaves to the daemon, whatever is paid: its destinations, its words, and its end."""

import random
from dataclasses import asdict
from urllib.parse import unquote

import pytest
import trio

from paydaemon.app import Daemon
from paydaemon.core.invoice import Destination
from paydaemon.engine.host import Host
from paydaemon.hooks.ports import DestinationRequest
from paydaemon.hooks.sandbox import PaysAstray
from paydaemon.testing.asked import Json
from paydaemon.testing.chain_conformance.base import ID, Suite
from paydaemon.testing.chain_conformance.ground import Ground
from paydaemon.testing.chain_conformance.trial import Trial

SEVERAL = 6


class Manners(Suite):
    """What the port asks of every chain."""

    def test_destinations_are_never_the_same(self, trial: Trial) -> None:
        """Each index has one of its own."""
        given = []
        for _ in range(2):
            destinations = [trial.option(trial.order())["destination"] for _ in range(SEVERAL)]
            given += [(destination["address"], destination["memo"]) for destination in destinations]
            for destination in destinations:
                self._leads_there(destination)
            trial.step()
        again = {one for one in given if given.count(one) > 1}
        assert not again, f"given to more than one invoice: {again}; `destination` must differ by index"

    def test_no_two_indexes_have_one_destination(self, trial: Trial) -> None:
        """The daemon would pass over the second of them, and each that is passed over is lost."""
        trial.until_healthy("the chain never became healthy")
        keys = [self._destination(trial, index)["key"] for index in range(SEVERAL)]
        assert len(set(keys)) == SEVERAL, (
            f"indexes 0 to {SEVERAL - 1} have {keys}: `key` must differ by index"
        )

    def test_an_index_has_one_destination(self, trial: Trial) -> None:
        """Asked again, also after a restart once the chain says that it is healthy, it is the same."""
        trial.until_healthy("the chain never became healthy")
        first = self._destination(trial, 2)
        trial.step()
        trial.until_healthy("the chain never became healthy again")
        again = self._destination(trial, 2)
        assert again == first, f"index 2 had {first}, and has {again}"

    def test_what_is_said_again_or_late_changes_nothing(self, trial: Trial, ground: Ground) -> None:
        """Old news, in any order: `position` says which is the newest."""
        invoice = trial.order()
        trial.pay(invoice)
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")
        trial.bury()
        trial.until_status(invoice, "settled")
        trial.step()
        before = self._all_of(trial, invoice)
        for seed in range(5):
            trial.thread.do(lambda daemon, seed=seed: _say_again(daemon, trial, seed))  # type: ignore[misc]
        assert self._all_of(trial, invoice) == before, (
            "what the chain said was said again in another order, and the ledger is another one: "
            "`position` must grow whenever what is true of a credit changes: the newest has the highest"
        )

    @pytest.mark.parametrize("trial", ["straight"], indirect=True)
    def test_what_was_not_recorded_is_said_again(self, trial: Trial) -> None:
        """It is run again, as the same object, from where its cursor points."""
        invoice = trial.order()
        trial.witness.fails_next = True
        trial.pay(invoice)
        again = (
            "what the daemon could not record was never said again: `run` is called on the same object, "
            "and begins where `ChainHost.saved` points"
        )
        trial.holds_just(trial.until_paid(invoice, trial.due_minor, again), trial.due_minor)

    def test_payments_to_nobody(self, trial: Trial, ground: Ground) -> None:
        """What payers write never keeps the next payment from being seen."""
        sandbox = ground.sandbox
        if not isinstance(sandbox, PaysAstray):
            pytest.skip("the sandbox has no PaysAstray: nobody pays to where no invoice is")
        before, after = trial.order(), trial.order()
        for astray in sandbox.astray(trial.to(before)):
            trial.pay_to(astray)
        trial.step()
        for invoice in (before, after):
            txid = trial.pay(invoice)
            what = "after payments to nobody, a payment of an invoice was never seen"
            trial.until_paid(invoice, trial.due_minor, what)
            trial.bury()
            trial.holds_just(trial.until_status(invoice, "settled"), trial.due_minor, txid)
            trial.step()

    def test_it_ends_when_told_to(self, trial: Trial) -> None:
        """Cancelled while it starts, while it waits, and while it works; `NotEnding` says where it is."""
        invoice = trial.order()
        trial.daemon.kill()
        trial.daemon.start()
        trial.daemon.kill()
        trial.daemon.start()
        trial.pay(invoice)
        trial.daemon.stop()
        trial.daemon.start()
        trial.until_paid(invoice, trial.due_minor, "a payment was never seen")

    def _leads_there(self, destination: Json) -> None:
        """What a QR code pays is what is shown: upper case, as some have it, is the same."""
        uri = unquote(destination["uri"]).casefold()
        for part in ("address", "memo"):
            shown = destination[part]
            assert not uri or not shown or shown.casefold() in uri, (
                f"the QR code pays somebody else: there is no {part} {shown} in the uri {destination['uri']}"
            )

    def _destination(self, trial: Trial, index: int) -> Json:
        request = DestinationRequest("shop", "inv_tried", trial.asset, trial.due_minor, 2**42)

        async def ask(daemon: Daemon) -> Destination:
            with trio.fail_after(trial.patience_s):
                return await daemon.chains[ID].chain.destination(index, request)

        try:
            return asdict(trial.thread.do(ask))
        except Exception as error:
            raise AssertionError(f"`destination` works while `health` is healthy: {error!r}") from error

    def _all_of(self, trial: Trial, invoice: Json) -> object:
        events = [one["type"] for one in trial.journal() if one["invoice_id"] == invoice["id"]]
        shown = trial.show(invoice)
        return shown["status"], shown["flags"], trial.option(shown)["payments"], events


async def _say_again(daemon: Daemon, trial: Trial, seed: int) -> None:
    """Everything that was said, in another order and some of it twice."""
    host = Host(daemon.store, daemon.chains[ID].chain, daemon.clock, daemon.live)
    heard = [*trial.witness.heard, *trial.witness.heard[::2]]
    random.Random(seed).shuffle(heard)
    for seen in heard:
        await host.observe([seen], None, None)
    await trio.lowlevel.checkpoint()
