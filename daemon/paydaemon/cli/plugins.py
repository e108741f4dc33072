"""``paydaemon plugins``: each plugin's record, and how what it brings is doing."""

from collections.abc import Iterator
from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, print_json, reaches_daemon, say

BROUGHT = {
    "chains": "chains",
    "rate_sources": "rate sources",
    "notifiers": "notifiers",
    "frontends": "frontends",
    "sandboxes": "sandboxes",
    "commands": "commands",
}
"""What a plugin can bring, in the order and by the words that people are shown."""

INDENT = 2
WIDTH = 14


@click.command()
@click.option(
    "--installed",
    is_flag=True,
    help="Look at what is installed on this machine, and ask no daemon: the configuration plays no part.",
)
@reaches_daemon
def plugins(socket: Path | None, config: Path, as_json: bool, installed: bool) -> None:
    """List the plugins: what each is, what it brings, and how what runs of it is doing."""
    rows = _installed() if installed else call(find_socket(socket, config), "GET", "/v1/plugins")["data"]
    if as_json:
        print_json({"data": rows})
        return
    told = "\n\n".join("\n".join(_lines(row)) for row in rows) or "no plugin is installed"
    for line in told.split("\n"):
        say(line)


def _installed() -> list[Json]:
    from paydaemon.plugins import load_plugins  # noqa: PLC0415 - only where no daemon is asked
    from paydaemon.roster import plugin_row  # noqa: PLC0415

    return [plugin_row(record) for record in load_plugins().records]


def _lines(row: Json) -> Iterator[str]:
    """One plugin as a person reads it."""
    yield f"{row['name']}  {row['status']}" + (f": {row['reason']}" if row["reason"] else "")
    yield _line("distribution", _origin(row))
    for what, words in BROUGHT.items():
        if row[what]:
            yield _line(words, ", ".join(row[what]))
    for health in row["health"]:
        yield _line("health", _told(health["chain"], health["state"], health["reason"]))
    for service in row["services"]:
        yield _line("service", _told(service["name"], _course(service), service["last_error"]))
    for deprecated in row["deprecated"]:
        yield _line("deprecated", deprecated)


def _origin(row: Json) -> str:
    known = [row["distribution"] or "(handed over)", row["version"]]
    api = f", plugin API {row['api']}" if row["api"] else ""
    return " ".join(filter(None, known)) + api


def _course(service: Json) -> str:
    times = service["restarts"]
    again = f", restarted {times} time{'' if times == 1 else 's'}" if times else ""
    return f"{service['state']} since {service['since']}{again}"


def _told(name: str, state: str, reason: str | None) -> str:
    return f"{name}: {state}" + (f" ({reason})" if reason else "")


def _line(what: str, told: str) -> str:
    return f"{'':{INDENT}}{what:<{WIDTH}}{told}"
