"""A process that records payments as fast as it can, and tells of each once it is answered.

Run with the database's path. Prints ``<seq> <payment id>`` for every answer.
"""

import os
import sys
from functools import partial
from itertools import count
from pathlib import Path

import trio

from paydaemon.core.invoice import Standing, Status
from paydaemon.store.port import Transaction
from paydaemon.store.sqlite import open_store
from paydaemon.testing.samples import SELLER, draft, invoice, payment

WRITERS = 32


def prepare(tx: Transaction) -> int:
    """One invoice, and as many numbers as any round may need."""
    if tx.seller(SELLER.id) is None:
        tx.add_seller(SELLER)
        tx.add_invoice(invoice())
    return tx.reserve_indexes("payments", 10_000_000)


def record(tx: Transaction, number: int) -> tuple[int, str]:
    paid = payment(number, invoice_id="inv_0")
    tx.add_payment(paid)
    tx.set_standing("inv_0", Standing(Status.PROCESSING))
    return tx.append(draft(data={"payment": paid.id}), 0).seq, paid.id


async def main(path: Path) -> None:
    async with open_store(path) as store, trio.open_nursery() as nursery:
        numbers = count(await store.transact(prepare))

        async def write() -> None:
            while True:
                seq, id = await store.transact(partial(record, number=next(numbers)))
                os.write(1, f"{seq} {id}\n".encode())

        for _ in range(WRITERS):
            nursery.start_soon(write)


trio.run(main, Path(sys.argv[1]))
