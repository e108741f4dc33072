"""Invoices that are paid."""

from tests.support.served import Json, Served


async def paid(daemon: Served, **fields: object) -> Json:
    """An invoice that is settled."""
    invoice = await daemon.invoice(**fields)  # type: ignore[arg-type]
    await pay(daemon, invoice)
    return invoice


async def pay(daemon: Served, invoice: Json, amount_minor: int = 20_834) -> None:
    """Pay an invoice, six blocks deep."""
    issued = await daemon.engine.store.read(
        lambda reader: reader.invoice(invoice["id"]).options[0].destination.key  # type: ignore[union-attr]
    )
    await daemon.engine.pay((issued, amount_minor))
    await daemon.engine.mine(6)
