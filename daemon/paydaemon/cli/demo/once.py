"""``paydaemon demo --once``: one payment on each chain, until it is *settled*, told as it happens."""

from collections.abc import AsyncIterator

import click
import trio

from paydaemon.cli.client import call
from paydaemon.cli.demo.playground import LOOK_EVERY_S, Network, Playground
from paydaemon.cli.demo.shop import AMOUNT, CURRENCY, Json, create_invoice, pay
from paydaemon.cli.render import event_line, invoice_text
from paydaemon.cli.stream import follow
from paydaemon.core.events import LIVE_CONFIRMING, EventType

SETTLED = EventType.INVOICE_SETTLED.value
SETTLED_WITHIN_S = 120.0


async def play_all(ground: Playground) -> None:
    """Every chain in turn. Raises `click.ClickException` where an invoice does not settle in time."""
    for chain, network in ground.networks.items():
        with trio.move_on_after(SETTLED_WITHIN_S) as bound:
            await _play(ground, chain, network)
        if bound.cancelled_caught:
            raise click.ClickException(f"the invoice on {chain} did not settle in {SETTLED_WITHIN_S:.0f} s")


async def _play(ground: Playground, chain: str, network: Network) -> None:
    invoice = await create_invoice(ground, chains=[chain])
    option = invoice["options"][0]
    click.echo(f"\nan invoice on {chain}:\n{invoice_text(invoice)}\n")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_tell_until_settled, ground, invoice["id"])
        await pay(ground, invoice, option)
        await _bury(ground, network, invoice["id"], option["confirmations_required"])
    await _until_everybody_knows(ground, invoice["id"])
    click.echo(f"\n{chain}: {AMOUNT} {CURRENCY} paid and settled")


async def _tell_until_settled(ground: Playground, id: str) -> None:
    async with follow(ground.socket, {"after": "0", "invoice_id": id}) as events:
        async for event in events:
            click.echo(f"  {event_line(event)}")
            if event["type"] == SETTLED:
                return
    raise click.ClickException("the daemon ended before the invoice was settled")


async def _until_everybody_knows(ground: Playground, id: str) -> None:
    """Wait until whoever wants to know that an invoice is settled has been told, or given up.

    What a target is told of an invoice comes in order: whatever came before that was told as well.
    """
    targets = await _all(ground, "/v1/targets?limit=200")
    waiting = {one["id"] for one in targets if not one["types"] or SETTLED in one["types"]}
    while waiting:
        await trio.sleep(LOOK_EVERY_S)
        told = await _all(ground, f"/v1/deliveries?invoice_id={id}&limit=200")
        waiting -= {one["target"] for one in told if one["type"] == SETTLED and one["state"] != "pending"}


async def _all(ground: Playground, path: str) -> list[Json]:
    listed: Json = await trio.to_thread.run_sync(call, ground.socket, "GET", path)
    return list(listed["data"])


async def _bury(ground: Playground, network: Network, id: str, confirmations: int) -> None:
    """One confirmation at a time, each once the one before was told: that is what waiting for six is like."""
    async with follow(ground.socket, {"after": "0", "invoice_id": id}) as events:
        await _until_told(events, "invoice.payment_seen")
        for _ in range(confirmations):
            await network.sandbox.finalise(1)
            await _until_told(events, LIVE_CONFIRMING, "payment.confirmed")


async def _until_told(events: AsyncIterator[Json], *types: str) -> None:
    async for event in events:
        if event["type"] in types:
            return
