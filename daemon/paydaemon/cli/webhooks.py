"""``paydaemon webhook``: the same as ``/v1/webhooks``."""

from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, path_of, print_json, reaches_daemon, say
from paydaemon.cli.ending import reason


@click.group()
def webhook() -> None:
    """Webhooks: URLs that events are posted to."""


@webhook.command("add")
@click.argument("url")
@click.option("--seller", "seller_id", help="Only what is this seller's; all there is where it is not given.")
@click.option("--type", "types", multiple=True, help="Only events of this type; may be given again.")
@click.option("--description", help="A note for yourself.")
@reaches_daemon
def add(
    url: str,
    seller_id: str | None,
    types: tuple[str, ...],
    description: str | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Have events posted to URL from now on, and print the secret that signs them, this once: keep it."""
    asked = {"url": url, "types": list(types), "seller_id": seller_id, "description": description}
    body = {key: value for key, value in asked.items() if value is not None}
    _show_secret(call(find_socket(socket, config), "POST", "/v1/webhooks", body=body), as_json)


@webhook.command("list")
@click.option("--seller", "seller_id", help="Only this seller's.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--cursor", help="Where the page before this one ended.")
@reaches_daemon
def list_webhooks(
    seller_id: str | None, limit: int, cursor: str | None, socket: Path | None, config: Path, as_json: bool
) -> None:
    """List webhooks, without their secrets."""
    asked = {"seller_id": seller_id, "limit": limit, "cursor": cursor}
    query = {key: value for key, value in asked.items() if value is not None}
    answer = call(find_socket(socket, config), "GET", "/v1/webhooks", query=query)
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        click.echo(f"{row['id']}  {row['state']:<8} {row['seller_id'] or '(operator)':<16} {row['url']}")
    if answer["has_more"]:
        click.echo(f"more: --cursor {answer['next_cursor']}")


@webhook.command("show")
@click.argument("id")
@reaches_daemon
def show(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Show the webhook ID."""
    row = call(find_socket(socket, config), "GET", path_of("/v1/webhooks/{}", id))
    if as_json:
        print_json(row)
        return
    click.echo(f"{row['id']}  {row['state']}  {row['url']}")
    click.echo(f"  of {row['seller_id'] or 'the operator'}, made {row['created_at']}")
    click.echo(f"  told of {', '.join(row['types']) or 'everything'}")
    more = {
        "description": "",
        "down_since": "away since ",
        "next_at": "next tried at ",
        "old_secret_until": "old secret until ",
    }
    for key, words in more.items():
        if row[key]:
            say(f"  {words}{row[key]}")


@webhook.command("rotate")
@click.argument("id")
@reaches_daemon
def rotate(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Print a new secret for the webhook ID. For some time, events are signed with the old one too."""
    path = path_of("/v1/webhooks/{}/rotate", id)
    _show_secret(call(find_socket(socket, config), "POST", path), as_json)


@webhook.command("test")
@click.argument("id")
@reaches_daemon
@click.pass_context
def test(context: click.Context, id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Post something to the webhook ID, and say what it answers. Fails where it is not taken."""
    answer = call(find_socket(socket, config), "POST", path_of("/v1/webhooks/{}/test", id))
    if as_json:
        print_json(answer)
    else:
        say(f"{_taken(answer['delivered'])} after {answer['took_ms']} ms{_answered(answer)}")
    context.exit(0 if answer["delivered"] else 1)


@webhook.command("remove")
@click.argument("id")
@reaches_daemon
def remove(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Post nothing more to the webhook ID, and forget what was on its way."""
    row = call(find_socket(socket, config), "DELETE", path_of("/v1/webhooks/{}", id))
    print_json(row) if as_json else click.echo(f"{row['id']} is removed")


def _taken(taken: bool) -> str:
    return "taken" if taken else "not taken"


def _answered(row: Json) -> str:
    said = " ".join(str(part) for part in (row["status"], row["reason"]) if part not in (None, ""))
    return f": {said}" if said else ""


def _show_secret(row: Json, as_json: bool) -> None:
    """Tell a new secret, this once. Where that fails it is there all the same: whoever asked has to know."""
    try:
        print_json(row) if as_json else click.echo(f"{row['id']}\n{row['secret']}")
    except OSError as error:
        said = f"the webhook {row['id']} has a secret that cannot be shown: {reason(error)}"
        again = f"paydaemon webhook rotate {row['id']}"
        raise click.ClickException(f"{said}; give it another by `{again}`") from error
