"""What an export says, as a program that reads CSV has it, and what the ledger holds."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing

import trio

from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.payment import PaymentState
from paydaemon.engine.exports import Exports
from tests.support.served import Served

Row = dict[str, str]

CSV, JSON_LINES = "/v1/exports/payments.csv", "/v1/exports/payments.jsonl"


async def export(daemon: Served, key: str | None = None, **asked: object) -> list[Row]:
    """As a program that reads CSV has it."""
    async with daemon.client(key) as client:
        answer = await client.get(CSV, params={name: str(value) for name, value in asked.items()})
    assert answer.status_code == 200, answer.text
    return rows(answer.text)


def rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def ledger(daemon: Served) -> Counter[str]:
    """What each payment of an invoice counts for as confirmed, in its smallest unit."""
    page = await daemon.engine.api.payments(LOCAL_OPERATOR, unmatched=False, cursor=None, limit=10_000)
    held: Counter[str] = Counter()
    for view in page.items:
        one = view.payment
        if one.invoice_id is not None and one.state is PaymentState.CONFIRMED:
            held[one.id] += one.amount_minor
    return held


def booked(lines: Sequence[Row]) -> Counter[str]:
    """What the lines of each payment add up to."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums[line["payment_id"]] += int(line["amount_minor"])
    return Counter({id: amount for id, amount in sums.items() if amount})


class Slow:
    """Never comes to an end."""

    def __init__(self, whole: Exports) -> None:
        self.whole = whole

    async def pages(self, *asked: object):  # type: ignore[no-untyped-def]
        async with aclosing(self.whole.pages(*asked)) as whole:  # type: ignore[arg-type]
            yield await anext(whole)
        await trio.sleep_forever()
