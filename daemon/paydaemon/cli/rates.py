"""``paydaemon rates``: what a unit of each asset costs, who says so, and what it has cost."""

from collections.abc import Iterator
from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, print_json, reaches_daemon, say


@click.command()
@click.argument("pair", required=False)
@click.option("--history", is_flag=True, help="What the PAIR has cost, newest first.")
@click.option("--from", "since", help="With --history: from this time on, such as 2026-01-31T12:00:00Z.")
@click.option("--to", "until", help="With --history: before this time.")
@click.option("--limit", type=click.IntRange(1, 200), help="How many; by default 50.")
@click.option("--cursor", help="Where the page before this one ended.")
@reaches_daemon
def rates(
    pair: str | None,
    history: bool,
    since: str | None,
    until: str | None,
    limit: int | None,
    cursor: str | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Show what each known pair costs now, or the PAIR, such as BTC/EUR; and what each source says of it."""
    given = {"pair": pair, "from": since, "to": until, "limit": limit, "cursor": cursor}
    query = {name: value for name, value in given.items() if value is not None}
    if history and pair is None:
        raise click.UsageError("name a PAIR with --history")
    if not history and query.keys() & {"from", "to"}:
        raise click.UsageError("--from and --to go with --history")
    if not history and pair is not None and cursor is not None:
        raise click.UsageError("--cursor goes with --history where a PAIR is named")
    path = "/v1/rates/history" if history else "/v1/rates"
    answer = call(find_socket(socket, config), "GET", path, query=query)
    if pair is not None and pair != pair.upper() and not any(row["rate"] for row in answer["data"]):
        click.echo(f"pair: {pair} has no rate; did you mean {pair.upper()}?", err=True)
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        for line in [_once(row)] if history else _now(row):
            say(line)
    if answer["has_more"]:
        click.echo(f"more: --cursor {answer['next_cursor']}")


def _now(row: Json) -> Iterator[str]:
    """A pair with its sources under it, those of a cross with the pair that each of them speaks of."""
    pair = f"{row['base']}/{row['quote']}"
    costs = f"{row['rate']:>20}  {row['method']}" if row["rate"] else f"{'none':>20}  {row['problem']}"
    yield f"{pair:<12} {costs}"
    for said in row["sources"]:
        of = "" if said["pair"] == pair else f"  {said['pair']}"
        reason = f": {said['reason']}" if said["reason"] else ""
        yield f"  {said['source']:<10} {said['rate'] or '-':>20}  {said['verdict']}{reason}{of}"


def _once(row: Json) -> str:
    return f"{row['at']}  {row['rate']:>20}  {row['method']:<8} {row['source']}"
