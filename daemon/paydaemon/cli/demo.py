"""``paydaemon demo``: everything at once, on networks of its own, with nothing left behind.

Three forms: by hand, with the commands to pay; ``--once``, one payment per chain played to *settled*; and
``--json``, one line for scripts.
"""

import json
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import click
import trio

from paydaemon.cli.client import call
from paydaemon.cli.ending import run
from paydaemon.cli.playground import LOOK_EVERY_S, Network, Playground, playground
from paydaemon.cli.render import event_line, invoice_text
from paydaemon.cli.stream import follow
from paydaemon.core.events import LIVE_CONFIRMING, EventType
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SigningSandbox

AMOUNT, CURRENCY = "12.50", "EUR"
BUYER = "ada@example.org"
SETTLED = EventType.INVOICE_SETTLED.value
SETTLED_WITHIN_S = 120.0

Json = dict[str, Any]


@click.command()
@click.option("--once", is_flag=True, help="Play one payment per chain to settled, then end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON when ready; all else to stderr."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8420, show_default=True, help="0: any free one."
)
def demo(once: bool, as_json: bool, port: int) -> None:
    """Show it all: local networks, a daemon, and a payment on each chain.

    Everything lives in a temporary folder and is gone afterwards. Without an option it runs until Ctrl-C.
    """
    if once and as_json:
        raise click.UsageError("--once and --json are two different shows")
    run(_run, once, as_json, port)


async def _run(once: bool, as_json: bool, port: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # beyond what is received below: the second of two is late
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_on_signal, signals, nursery.cancel_scope)
            async with playground(port, _to_stderr if as_json else click.echo) as ground:
                if once:
                    await _play_all(ground)
                elif as_json:
                    await _for_scripts(ground)
                else:
                    await _by_hand(ground)
            nursery.cancel_scope.cancel()


async def _cancel_on_signal(signals: Any, scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()


def _to_stderr(text: str) -> None:
    click.echo(text, err=True)


async def _for_scripts(ground: Playground) -> None:
    line: Json = {"api": ground.api, "key": ground.key, "pids": dict(ground.pids)}
    line |= {chain: dict(network.facts.public) for chain, network in ground.networks.items()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    await trio.sleep_forever()


async def _play_all(ground: Playground) -> None:
    for chain, network in ground.networks.items():
        with trio.move_on_after(SETTLED_WITHIN_S) as bound:
            await _play(ground, chain, network)
        if bound.cancelled_caught:
            raise click.ClickException(f"the invoice on {chain} did not settle in {SETTLED_WITHIN_S:.0f} s")


async def _play(ground: Playground, chain: str, network: Network) -> None:
    """One invoice on one chain, from POST to settled, told as it happens."""
    invoice = await _create_invoice(ground, chain)
    option = invoice["options"][0]
    click.echo(f"\nan invoice on {chain}:\n{invoice_text(invoice)}\n")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_tell_until_settled, ground, invoice["id"])
        await _pay(ground, chain, network, invoice)
        await _bury(ground, network, invoice["id"], option["confirmations_required"])
    await _until_everybody_knows(ground, invoice["id"])
    click.echo(f"\n{chain}: {AMOUNT} {CURRENCY} paid and settled")


async def _pay(ground: Playground, chain: str, network: Network, invoice: Json) -> None:
    """As that chain's payers do: by handing the daemon what they have signed, where it takes that."""
    to, sandbox = _pay_to(invoice["options"][0]), network.sandbox
    if not isinstance(sandbox, SigningSandbox):
        await sandbox.pay(to)
        return
    body = {"transaction": await sandbox.sign(to), "invoice_id": invoice["id"]}
    await trio.to_thread.run_sync(lambda: call(ground.socket, "POST", f"/v1/relay/{chain}", body=body))


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


async def _by_hand(ground: Playground) -> None:
    """One invoice with every chain's commands to pay it, then the events as they come."""
    invoice = await _create_invoice(ground, None)
    click.echo(_guide(ground, invoice))
    async with follow(ground.socket, {"after": "0"}) as events:
        async for event in events:
            click.echo(f"  {event_line(event)}")


def _guide(ground: Playground, invoice: Json) -> str:
    lines = [
        "",
        f"the API        {ground.api}",
        f"operator's key {ground.key}",
        f"checkout link  {invoice['checkout_url']}",
        f"the desk       {ground.api}/desk (sign in by this key)",
        "",
        invoice_text(invoice),
        "",
        "create another:",
        f"  curl -s {ground.api}/v1/invoices -H 'Authorization: Bearer {ground.key}' \\",
        "    -H 'Content-Type: application/json' \\",
        f'    -d \'{{"amount": "{AMOUNT}", "currency": "{CURRENCY}", "seller_id": "{ground.seller}"}}\'',
    ]
    for option in invoice["options"]:
        network = ground.networks[option["chain"]]
        lines += ["", f"pay this one in {option['symbol']} on {option['chain']}:"]
        lines += [f"  {command}" for command in network.sandbox.how_to_pay(_pay_to(option))]
        if network.facts.wallet is not None:
            lines.append("  or open the checkout link in a browser: a wallet of this network is there")
    return "\n".join([*lines, "", "what happens (Ctrl-C ends it all):"])


async def _create_invoice(ground: Playground, chain: str | None) -> Json:
    body: Mapping[str, object] = {
        "amount": AMOUNT,
        "currency": CURRENCY,
        "seller_id": ground.seller,
        "buyer": {"email": BUYER},
    }
    if chain is not None:
        body = {**body, "chains": [chain]}
    return await trio.to_thread.run_sync(lambda: call(ground.socket, "POST", "/v1/invoices", body=body))


def _pay_to(option: Json) -> PayTo:
    return PayTo(
        address=option["destination"]["address"],
        memo=option["destination"]["memo"],
        asset_code=option["asset"],
        amount_minor=int(option["due_minor"]),
    )
