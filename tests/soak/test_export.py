"""An export of 50,000 lines takes no more memory than one of a few, and has every line."""

import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from paydaemon.core import ledger
from paydaemon.core.events import Draft
from paydaemon.core.payment import PaymentState
from paydaemon.store.port import Transaction
from paydaemon.testing.samples import invoice, payment
from tests.support.served import Served, served
from tests.support.waiting import BOUND_S

LINES = 50_000
AT_ONCE = 500
MOST_MIB = 12
"""A page of lines as objects, as text and on its way, many times over."""

PAGE_BYTES = 4_096


def resident_mib() -> float:
    """What this process has in memory now (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * PAGE_BYTES / 2**20


def confirmed(number: int) -> Draft:
    """What the ledger journals of one payment that became final."""
    asked = invoice(number, note=f"order {number}")
    seen = payment(number, invoice_id=asked.id)
    final = replace(seen, state=PaymentState.CONFIRMED, height=7, block="b" * 64)
    return ledger.advance(asked, [seen], [final], {"bitcoin": 12}).events[0]


async def fill(daemon: Served) -> None:
    """Journal them."""
    for start in range(0, LINES, AT_ONCE):
        drafts = [confirmed(number) for number in range(start, start + AT_ONCE)]

        def write(tx: Transaction, drafts: Sequence[Draft] = drafts) -> None:
            for number, draft in enumerate(drafts):
                tx.append(draft, number)

        await daemon.engine.store.transact(write)


@asynccontextmanager
async def reading(daemon: Served) -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps nothing of an answer."""
    headers = {"Authorization": f"Bearer {daemon.key}"}
    url = f"http://127.0.0.1:{daemon.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=BOUND_S) as client:
        yield client


@pytest.mark.soak
async def test_a_large_export_takes_little_memory(tmp_path: Path) -> None:
    async with served(tmp_path) as daemon, reading(daemon) as client:
        await fill(daemon)
        await client.get("/v1/exports/payments.csv?limit=1000")
        before, highest, lines = resident_mib(), 0.0, 0
        last = ""
        async with client.stream("GET", "/v1/exports/payments.csv") as answer:
            async for line in answer.aiter_lines():
                lines += 1
                last = line
                if lines % 500 == 0:
                    highest = max(highest, resident_mib())
    print(f"{lines - 1} lines, {highest - before:.1f} MiB more than before")
    assert lines == LINES + 1
    assert next(csv.reader([last]))[5] == f"inv_{LINES - 1}"
    assert highest - before < MOST_MIB
