"""``paydaemon deliveries``: what is on its way to whom, and what is to be tried again."""

from pathlib import Path

import click

from paydaemon.cli.client import (
    Json,
    call,
    find_socket,
    path_of,
    path_of_target,
    print_json,
    reaches_daemon,
    say,
)

STATES = ("pending", "delivered", "parked")


@click.group()
def deliveries() -> None:
    """Deliveries: events on their way to those who are told."""


@deliveries.command("list")
@click.option("--target", help="Only those to this target, such as email:operator.")
@click.option("--state", type=click.Choice(STATES), help="Only these.")
@click.option("--invoice", "invoice_id", help="Only those about this invoice.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the page before this one ended.")
@reaches_daemon
def list_deliveries(
    target: str | None,
    state: str | None,
    invoice_id: str | None,
    limit: int,
    cursor: str | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """List deliveries, newest first."""
    asked = {
        "target": target,
        "state": state,
        "invoice_id": invoice_id,
        "limit": limit,
        "cursor": cursor,
    }
    query = {key: value for key, value in asked.items() if value is not None}
    answer = call(find_socket(socket, config), "GET", "/v1/deliveries", query=query)
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        say(_line(row))
    if answer["has_more"]:
        click.echo(f"more: --cursor {answer['next_cursor']}")


@deliveries.command("show")
@click.argument("id")
@reaches_daemon
def show(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Show the delivery ID, and what was tried."""
    row = call(find_socket(socket, config), "GET", path_of("/v1/deliveries/{}", id))
    if as_json:
        print_json(row)
        return
    say(_line(row))
    click.echo(f"  event {row['event_id']}" + (f" of {row['invoice_id']}" if row["invoice_id"] else ""))
    for one in row["log"]:
        taken = "taken" if one["taken"] else "not taken"
        say(f"  {one['number']:>4}  {one['at']}  {taken} after {one['took_ms']} ms{_said(one)}")


@deliveries.command("retry")
@click.argument("id", required=False)
@click.option("--target", help="All that is parked for this target.")
@reaches_daemon
def retry(id: str | None, target: str | None, socket: Path | None, config: Path, as_json: bool) -> None:
    """Try the delivery ID again now, be it parked, or all that is parked for a target."""
    where = find_socket(socket, config)
    if (id is None) == (target is None):
        raise click.UsageError("name either a delivery or a --target")
    if target is not None:
        _retry_parked(where, target, as_json)
        return
    row = call(where, "POST", path_of("/v1/deliveries/{}/retry", id or ""))
    print_json(row) if as_json else click.echo(f"{row['id']} is tried again")


@deliveries.command("targets")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the page before this one ended.")
@reaches_daemon
def targets(limit: int, cursor: str | None, socket: Path | None, config: Path, as_json: bool) -> None:
    """List everybody who is told, and how far behind each is."""
    query: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
    answer = call(find_socket(socket, config), "GET", "/v1/targets", query=query)
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        behind = f"{row['pending']} pending, {row['parked']} parked"
        since = f", away since {row['down_since']}" if row["down_since"] else ""
        click.echo(f"{row['id']:<32} {row['state']:<8} {behind}{since}")
    if answer["has_more"]:
        click.echo(f"more: --cursor {answer['next_cursor']}")


def _retry_parked(socket: Path, target: str, as_json: bool) -> None:
    """In as many turns as it takes: a turn is bounded."""
    retried, path = 0, path_of_target("/v1/targets/{}/retry", target)
    while True:
        turn = call(socket, "POST", path)
        retried += turn["retried"]
        if not (turn["retried"] and turn["parked"]):
            break
    done = {"retried": retried, "parked": turn["parked"]}
    print_json(done) if as_json else click.echo(f"{retried} are tried again")


def _line(row: Json) -> str:
    about = f"{row['type']:<24} {row['target']}{_said(row)}"
    return f"{row['id']}  {row['state']:<9} {row['attempts']:>3}  {about}"


def _said(row: Json) -> str:
    said = " ".join(str(part) for part in (row["status"], row["reason"]) if part not in (None, ""))
    return f": {said}" if said else ""
