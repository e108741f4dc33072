"""``paydaemon seller`` and ``paydaemon operator``: who may ask for what."""

from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, print_json, reaches_daemon


@click.group()
def seller() -> None:
    """Sellers: tenants with invoices and keys of their own."""


@seller.command("add")
@click.argument("id")
@click.option("--name", help="A name to show; the id where it is not given.")
@reaches_daemon
def add_seller(id: str, name: str | None, socket: Path | None, config: Path, as_json: bool) -> None:
    """Add the seller ID and print its first key. The key is shown this once: keep it."""
    body = {"id": id} | ({"name": name} if name else {})
    key = call(find_socket(socket, config), "POST", "/admin/v1/sellers", body=body)
    _show_key(key, as_json)


@seller.command("list")
@reaches_daemon
def list_sellers(socket: Path | None, config: Path, as_json: bool) -> None:
    """List the sellers."""
    answer = call(find_socket(socket, config), "GET", "/admin/v1/sellers")
    if as_json:
        print_json(answer)
        return
    for row in answer["data"]:
        click.echo(f"{row['id']:<24} {row['created_at']}  {row['name']}")


@seller.command("rotate")
@click.argument("id")
@reaches_daemon
def rotate(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Revoke all keys of the seller ID and print a new one."""
    _show_key(call(find_socket(socket, config), "POST", f"/admin/v1/sellers/{id}/rotate"), as_json)


@click.group()
def operator() -> None:
    """Operators' keys: they may act for any seller."""


@operator.command("add")
@reaches_daemon
def add_operator(socket: Path | None, config: Path, as_json: bool) -> None:
    """Print a new operator's key. It is shown this once: keep it."""
    _show_key(call(find_socket(socket, config), "POST", "/admin/v1/operators"), as_json)


def _show_key(key: Json, as_json: bool) -> None:
    if as_json:
        print_json(key)
    else:
        click.echo(key["secret"])
