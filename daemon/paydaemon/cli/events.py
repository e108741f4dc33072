"""``paydaemon events``: the journal, page by page or followed."""

from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, print_json, reaches_daemon, say
from paydaemon.cli.ending import interruptible, run
from paydaemon.cli.render import event_line
from paydaemon.cli.stream import follow_on


@click.command()
@click.option("--after", type=click.IntRange(0), default=0, show_default=True, help="Only beyond this seq.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option(
    "--follow",
    "following",
    is_flag=True,
    help="Go on as events come, over restarts of the daemon too, until interrupted.",
)
@reaches_daemon
def events(after: int, limit: int, following: bool, socket: Path | None, config: Path, as_json: bool) -> None:
    """Print the journal's events, oldest first."""
    where = find_socket(socket, config)
    if following:
        run(_follow, where, after, as_json)
        return
    answer = call(where, "GET", "/v1/events", query={"after": after, "limit": limit})
    if as_json:
        print_json(answer)
        return
    for event in answer["data"]:
        _print(event, as_json=False)


async def _follow(socket: Path, after: int, as_json: bool) -> None:
    async def hear(event: Json) -> bool:
        _print(event, as_json)
        return False

    async with interruptible():
        await follow_on(socket, {"after": str(after)}, hear)


def _print(event: Json, as_json: bool) -> None:
    if as_json:
        print_json(event)
    else:
        say(f"{event.get('seq', ''):>8}  {event_line(event)}")
