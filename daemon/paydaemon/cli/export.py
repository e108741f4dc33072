"""``paydaemon export``: what was paid, for accountants, into a file or to standard output."""

import csv
import json
import os
import sys
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click
import httpx

from paydaemon.cli.client import TIMEOUT_S, NoAnswer, find_socket, in_its_words, reaches_daemon
from paydaemon.cli.ending import reason
from paydaemon.cli.progress import Progress

FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
MODE = 0o600
"""Of the file: what was earned is nobody else's affair."""


@click.command()
@click.option("--seller", "seller_id", help="Only this seller's.")
@click.option("--after", help="Only what came after this event, the last one that you have.")
@click.option("--from", "since", help="Only what was recorded from then on, such as 2026-01-01T00:00:00Z.")
@click.option("--to", "until", help="Only what was recorded before then.")
@click.option("--limit", type=click.IntRange(1), help="So many lines at most.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file; by default standard output.")
@reaches_daemon
def export(
    seller_id: str | None,
    after: str | None,
    since: str | None,
    until: str | None,
    limit: int | None,
    output: Path | None,
    socket: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Export payments as CSV or, with --json, as JSON lines.

    One line for each credit of an invoice that reached its confirmations, and one, with negative amounts, for
    each that was reversed after that. A file is there once it is whole, and not before.
    """
    asked = {"seller_id": seller_id, "after": after, "from": since, "to": until, "limit": limit}
    query = {name: str(value) for name, value in asked.items() if value is not None}
    path = f"/v1/exports/payments.{'jsonl' if as_json else 'csv'}"
    with _into(output) as file:
        lines, last = _copy(find_socket(socket, config), path, query, file, as_json=as_json)
    if output is not None:
        onward = f"; go on with --after {last}" if last else ""
        click.echo(f"{lines} lines in {output}{onward}", err=True)


def _copy(
    socket: Path, path: str, query: Mapping[str, str], file: BinaryIO, *, as_json: bool
) -> tuple[int, str | None]:
    """Everything, as it comes; how many lines, and the event of the last one. Raises
    `click.ClickException`.
    """
    transport = httpx.HTTPTransport(uds=str(socket), verify=False)
    with httpx.Client(transport=transport, base_url="http://paydaemon", timeout=TIMEOUT_S) as client:
        try:
            with client.stream("GET", path, params=query) as answer:
                if not answer.is_success:
                    raise click.ClickException(_refused(answer))
                told = _written(answer.iter_bytes(), file)
                return _counted(_events_of_json(told) if as_json else _events_of_csv(told))
        except httpx.ConnectError as error:
            said = f"no daemon answers at {socket} ({reason(error)}): is it running? See `paydaemon doctor`"
            raise NoAnswer(said) from error
        except httpx.TransportError as error:
            raise click.ClickException(
                f"it broke off ({reason(error)}): what there is is not whole"
            ) from error


def _written(parts: Iterable[bytes], file: BinaryIO) -> Iterator[str]:
    """Write what comes as it is; yields it in lines as soon as they are whole."""
    decoder, rest = getincrementaldecoder("utf-8")(), ""
    for part in parts:
        file.write(part)
        *whole, rest = (rest + decoder.decode(part)).split("\n")
        yield from (f"{line}\n" for line in whole)


def _events_of_csv(lines: Iterator[str]) -> Iterator[str]:
    """The events of the rows below the first. A text may hold line breaks of its own."""
    rows = csv.reader(lines)
    next(rows, None)
    return (row[0] for row in rows)


def _events_of_json(lines: Iterator[str]) -> Iterator[str]:
    return (str(json.loads(line)["event_id"]) for line in lines)


def _counted(events: Iterator[str]) -> tuple[int, str | None]:
    """How many there are, and the last; they are counted on standard error meanwhile."""
    progress, count = Progress(), 0
    last: str | None = None
    for event in events:
        count, last = count + 1, event
        progress(f"{count} lines", None)
    progress.end()
    return count, last


def _refused(answer: httpx.Response) -> str:
    answer.read()
    try:
        return in_its_words(answer.json(), answer.status_code)
    except ValueError:
        return in_its_words(None, answer.status_code)


@contextmanager
def _into(output: Path | None) -> Iterator[BinaryIO]:
    """Where it is written: a file gets its name in the end. Raises `click.ClickException`."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = output.with_name(f".{output.name}.part")
    try:
        with os.fdopen(os.open(part, FLAGS, MODE), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
    except OSError as error:
        raise click.ClickException(f"{output}: {reason(error)}") from error
    finally:
        part.unlink(missing_ok=True)
