"""``paydaemon publisher-key``: the pair of keys that a publisher trusts us by."""

import json
import os
from contextlib import suppress
from pathlib import Path

import click
from nacl.signing import SigningKey

from paydaemon_socketio.publisher.signing import public_hex


@click.command("publisher-key")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("publisher.key"),
    show_default=True,
    metavar="FILE",
    help="Where the secret key is written, for its owner alone. A file that is there stays as it is.",
)
@click.option("--show", is_flag=True, help="Print the secret key too, and write no file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def publisher_key(out: Path, show: bool, as_json: bool) -> None:
    """Make the key that publishers are told by: a secret one, and the public one that they verify with.

    The secret key goes into a file, for `key` of [notifiers.ID]; the daemon's user must be able to read it.
    What is printed is the public key, Ed25519: 32 bytes in hex, the form that publishers of Hedera's older
    payment server expect. In its WordPress plugin it belongs into Settings, Hedera Micropayment, Micropayment
    Server, Public Key.
    """
    key = SigningKey.generate()
    secret = bytes(key).hex()
    if not show:
        _write(out, secret)
    told = {"public_key": public_hex(key), **({"secret_key": secret} if show else {"file": str(out)})}
    click.echo(json.dumps(told) if as_json else _in_words(told))


def _in_words(told: dict[str, str]) -> str:
    secret = f"secret key: {told['secret_key']}" if "secret_key" in told else f"secret key: in {told['file']}"
    return f"public key: {told['public_key']}\n{secret}"


def _write(path: Path, secret: str) -> None:
    """Durably, as a file that was not there, and that nobody else could read for a moment."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{path} is there already: it is not written over") from None
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.write(f"{secret}\n")
            opened.flush()
            os.fsync(file)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
