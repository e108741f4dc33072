"""``paydaemon invoice`` and ``paydaemon payments``: the same as ``/v1/invoices`` and ``/v1/payments``."""

from pathlib import Path

import click
import trio

from paydaemon.cli.client import (
    Json,
    NoAnswer,
    call,
    find_socket,
    path_of,
    print_json,
    reaches_daemon,
    say,
)
from paydaemon.cli.ending import interruptible, run
from paydaemon.cli.render import event_line, invoice_text
from paydaemon.cli.stream import LONGEST_PAUSE_S, follow_on

FINISHED = ("settled", "expired", "invalid")


@click.group()
def invoice() -> None:
    """Invoices: create, show, list, mark and watch them."""


@invoice.command("create")
@click.argument("amount")
@click.argument("currency")
@click.option("--seller", required=True, help="The seller's id.")
@click.option("--chain", "chains", multiple=True, help="Offer only this chain; may be given again.")
@click.option("--note", help="A note for yourself.")
@click.option("--confirmations", type=int, help="Confirmations required, instead of the chain's default.")
@click.option("--expires-in", "expires_in_s", type=int, help="Seconds until it expires.")
@reaches_daemon
def create(
    amount: str,
    currency: str,
    seller: str,
    chains: tuple[str, ...],
    note: str | None,
    confirmations: int | None,
    expires_in_s: int | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Ask for AMOUNT of CURRENCY, such as 12.50 EUR."""
    asked = {
        "amount": amount,
        "currency": currency,
        "seller_id": seller,
        "chains": list(chains) or None,
        "note": note,
        "confirmations": confirmations,
        "expires_in_s": expires_in_s,
    }
    body = {key: value for key, value in asked.items() if value is not None}
    _show(call(find_socket(socket, config), "POST", "/v1/invoices", body=body), as_json)


@invoice.command("show")
@click.argument("id")
@reaches_daemon
def show(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Show the invoice ID."""
    path = path_of("/v1/invoices/{}", id)
    _show(call(find_socket(socket, config), "GET", path), as_json)


@invoice.command("list")
@click.option("--seller", help="Only this seller's.")
@click.option("--status", type=click.Choice(["new", "processing", *FINISHED]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the page before this one ended.")
@reaches_daemon
def list_invoices(
    seller: str | None,
    status: str | None,
    limit: int,
    cursor: str | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """List invoices, newest first."""
    asked = {"seller_id": seller, "status": status, "limit": limit, "cursor": cursor}
    query = {key: value for key, value in asked.items() if value is not None}
    answer = call(find_socket(socket, config), "GET", "/v1/invoices", query=query)
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        flags = " ".join(row["flags"])
        click.echo(f"{row['id']}  {row['status']:<10} {row['amount']:>14} {row['currency']}  {flags}")
    if answer["has_more"]:
        click.echo(f"more: --cursor {answer['next_cursor']}")


@invoice.command("mark")
@click.argument("id")
@click.argument("status", type=click.Choice(["settled", "invalid"]))
@reaches_daemon
def mark(id: str, status: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Mark the invoice ID settled or invalid, whatever its amounts say."""
    path = path_of("/v1/invoices/{}/mark", id)
    _show(call(find_socket(socket, config), "POST", path, body={"status": status}), as_json)


@invoice.command("watch")
@click.argument("id")
@reaches_daemon
def watch(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Print what happens to the invoice ID as it happens, until it is settled, expired or invalid."""
    path, where = path_of("/v1/invoices/{}", id), find_socket(socket, config)
    call(where, "GET", path)
    run(_watch, where, id, as_json)


async def _watch(socket: Path, id: str, as_json: bool) -> None:
    async def hear(event: Json) -> bool:
        print_json(event) if as_json else say(event_line(event))
        status = event.get("data", {}).get("invoice", {}).get("status")
        return status in FINISHED and await _is_last(socket, event)

    async with interruptible():
        await follow_on(socket, {"after": "0", "invoice_id": id}, hear)


def _is_newest(socket: Path, event: Json) -> bool:
    """Whether nothing more is known to have happened: what one moment makes true comes as several events."""
    query = {"after": event["seq"], "invoice_id": event["invoice_id"], "limit": 1}
    return not call(socket, "GET", "/v1/events", query=query)["data"]


async def _is_last(socket: Path, event: Json) -> bool:
    """The same, whenever there is a daemon that knows."""
    while True:
        try:
            return await trio.to_thread.run_sync(_is_newest, socket, event)
        except NoAnswer:
            await trio.sleep(LONGEST_PAUSE_S)


@click.group()
def payments() -> None:
    """Payments that found no invoice."""


@payments.command("unmatched")
@reaches_daemon
def unmatched(socket: Path | None, config: Path, as_json: bool) -> None:
    """List payments that belong to no invoice."""
    answer = call(find_socket(socket, config), "GET", "/v1/payments", query={"unmatched": "true"})
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        say(f"{row['id']}  {row['amount']:>18} {row['asset']} on {row['chain']}  {row['ref']}")


@payments.command("assign")
@click.argument("payment_id")
@click.argument("invoice_id")
@reaches_daemon
def assign(payment_id: str, invoice_id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Give the payment PAYMENT_ID to the invoice INVOICE_ID."""
    path = path_of("/v1/payments/{}/assign", payment_id)
    _show(call(find_socket(socket, config), "POST", path, body={"invoice_id": invoice_id}), as_json)


def _show(content: Json, as_json: bool) -> None:
    if as_json:
        print_json(content)
    else:
        click.echo(invoice_text(content))
