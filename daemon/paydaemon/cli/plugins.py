"""``paydaemon plugins``."""

from pathlib import Path

import click

from paydaemon.cli.client import call, find_socket, print_json, reaches_daemon, say


@click.command()
@reaches_daemon
def plugins(socket: Path | None, config: Path, as_json: bool) -> None:
    """List the daemon's plugins and how they are doing."""
    answer = call(find_socket(socket, config), "GET", "/v1/plugins")
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        version = row["version"] or ""
        say(f"{row['name']:<16} {version:<16} {row['status']:<9} {row['reason']}".rstrip())
