"""An invoice's life, step by step."""

from collections.abc import Sequence

from paydaemon.core.invoice import Invoice, Mark, Stage
from paydaemon.core.ledger import Step, advance
from paydaemon.core.payment import Payment
from tests.core.samples import (
    invoice,
)


class Story:
    """An invoice that is told its payments one step after the other."""

    def __init__(self, of: Invoice | None = None) -> None:
        self.invoice = of or invoice()
        self.paid: Sequence[Payment] = ()

    def step(
        self, *paid: Payment, stage: Stage | None = None, mark: Mark | None = None, tip: int = 100
    ) -> Step:
        """Say that these are now all of its payments."""
        step = advance(self.invoice, self.paid, paid, {"bitcoin": tip}, stage=stage, mark=mark)
        again = advance(step.invoice, paid, paid, {"bitcoin": tip}, stage=stage, mark=mark)
        assert again == Step(step.invoice, ()), "saying it twice changes nothing and tells nothing"
        self.invoice, self.paid = step.invoice, paid
        return step

    def tell(self, *paid: Payment, stage: Stage | None = None, mark: Mark | None = None) -> list[str]:
        """The events of that step, shortened: the invoice's own without their `invoice.`."""
        events = self.step(*paid, stage=stage, mark=mark).events
        return [event.type.value.removeprefix("invoice.") for event in events]

    @property
    def standing(self) -> tuple[str, set[str]]:
        return self.invoice.standing.status.value, {flag.value for flag in self.invoice.standing.flags}
