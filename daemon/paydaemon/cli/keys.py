"""``paydaemon seller``, ``operator`` and ``key``: who may ask for what."""

from pathlib import Path

import click

from paydaemon.cli.client import Json, call, find_socket, path_of, print_json, reaches_daemon, say
from paydaemon.cli.ending import reason


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
    if answer["data"]:
        click.echo(f"{'SELLER':<24} {'ADDED':<24}  NAME")
    for row in answer["data"]:
        disabled = " (disabled)" if row["disabled"] else ""
        say(f"{row['id']:<24} {row['created_at']}  {row['name']}{disabled}")


@seller.command("rotate")
@click.argument("id")
@reaches_daemon
def rotate(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Revoke all keys of the seller ID and print a new one."""
    path = path_of("/admin/v1/sellers/{}/rotate", id)
    _show_key(call(find_socket(socket, config), "POST", path), as_json)


@seller.command("disable")
@click.argument("id")
@reaches_daemon
def disable(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Refuse new invoices of the seller ID. What there is can be read, is watched, and settles as before."""
    _turn(id, "disable", socket, config, as_json)


@seller.command("enable")
@click.argument("id")
@reaches_daemon
def enable(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Allow new invoices of the seller ID again."""
    _turn(id, "enable", socket, config, as_json)


@seller.command("frames")
@click.argument("id")
@click.argument("origins", nargs=-1)
@click.option("--none", "nobody", is_flag=True, help="No page may.")
@click.option("--as-configured", is_flag=True, help="Those of [checkout] frame_ancestors may, as at first.")
@reaches_daemon
def frames(
    id: str,
    origins: tuple[str, ...],
    nobody: bool,
    as_configured: bool,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Let pages of these ORIGINS show the checkout pages of the seller ID inside of them, and no others.

    Such as "https://shop.example"; "*" is every page.
    """
    if [bool(origins), nobody, as_configured].count(True) != 1:
        raise click.UsageError("give either origins, or --none, or --as-configured")
    body = {"frame_ancestors": None if as_configured else list(origins)}
    path = path_of("/admin/v1/sellers/{}/frames", id)
    row = call(find_socket(socket, config), "POST", path, body=body)
    if as_json:
        print_json(row)
        return
    framed = row["frame_ancestors"]
    said = "as configured" if framed is None else ", ".join(framed) or "no page"
    click.echo(f"{row['id']} may be framed by: {said}")


def _turn(id: str, how: str, socket: Path | None, config: Path, as_json: bool) -> None:
    path = path_of(f"/admin/v1/sellers/{{}}/{how}", id)
    row = call(find_socket(socket, config), "POST", path)
    turned = "disabled" if row["disabled"] else "enabled"
    print_json(row) if as_json else click.echo(f"{row['id']} is {turned}")


@click.group()
def operator() -> None:
    """Operators' keys: they may act for any seller."""


@operator.command("list")
@click.option("--all", "also_revoked", is_flag=True, help="Also those that were revoked.")
@reaches_daemon
def list_operators(also_revoked: bool, socket: Path | None, config: Path, as_json: bool) -> None:
    """List the operators' keys, without their secrets."""
    found = _keys(find_socket(socket, config), also_revoked)
    _list_keys([row for row in found if row["seller_id"] is None], as_json)


@operator.command("revoke")
@click.argument("id")
@reaches_daemon
def revoke_operator(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Revoke the operator's key with the id ID, such as key_…"""
    where = find_socket(socket, config)
    if id not in {row["id"] for row in _keys(where, also_revoked=False) if row["seller_id"] is None}:
        raise click.ClickException(f"id: there is no valid operator's key with the id {id!r}")
    _revoke(where, id, as_json)


@click.group()
def key() -> None:
    """Keys of sellers and operators, by their ids. Nobody but their owners has their secrets."""


@key.command("list")
@click.option("--seller", "seller_id", help="Only this seller's.")
@click.option("--all", "also_revoked", is_flag=True, help="Also those that were revoked.")
@reaches_daemon
def list_keys(
    seller_id: str | None, also_revoked: bool, socket: Path | None, config: Path, as_json: bool
) -> None:
    """List keys, oldest first."""
    found = _keys(find_socket(socket, config), also_revoked)
    _list_keys([row for row in found if seller_id in (None, row["seller_id"])], as_json)


@key.command("revoke")
@click.argument("id")
@reaches_daemon
def revoke(id: str, socket: Path | None, config: Path, as_json: bool) -> None:
    """Revoke the key with the id ID, such as key_…"""
    _revoke(find_socket(socket, config), id, as_json)


def _keys(socket: Path, also_revoked: bool) -> list[Json]:
    rows = call(socket, "GET", "/admin/v1/keys")["data"]
    return [row for row in rows if also_revoked or row["revoked_at"] is None]


def _list_keys(rows: list[Json], as_json: bool) -> None:
    if as_json:
        print_json({"data": rows})
        return
    for row in rows:
        revoked = f"  revoked {row['revoked_at']}" if row["revoked_at"] else ""
        click.echo(f"{row['id']}  {row['created_at']}  {row['seller_id'] or '(operator)'}{revoked}")


def _revoke(socket: Path, id: str, as_json: bool) -> None:
    row = call(socket, "POST", path_of("/admin/v1/keys/{}/revoke", id))
    print_json(row) if as_json else click.echo(f"{row['id']} is revoked")


@operator.command("add")
@reaches_daemon
def add_operator(socket: Path | None, config: Path, as_json: bool) -> None:
    """Print a new operator's key. It is shown this once: keep it."""
    _show_key(call(find_socket(socket, config), "POST", "/admin/v1/operators"), as_json)


def _show_key(key: Json, as_json: bool) -> None:
    """Tell a new key, this once. Where that fails it is there all the same: whoever asked has to know."""
    try:
        print_json(key) if as_json else click.echo(key["secret"])
    except OSError as error:
        seller_id = key["seller_id"]
        rid = f"seller rotate {seller_id}" if seller_id else f"key revoke {key['id']}"
        said = f"the key {key['id']} was made, and cannot be shown: {reason(error)}"
        raise click.ClickException(f"{said}; be rid of it by `paydaemon {rid}`") from error
