"""``paydaemon export``: the same as through the API, into a file that is whole or not there."""

import csv
import io
import json
from pathlib import Path

import pytest

from paydaemon.engine.exports import Exports
from paydaemon.store.port import StoreUnavailable
from tests.desk.ledger import CSV, JSON_LINES
from tests.desk.shop import paid
from tests.e2e.commands import Done, paydaemon
from tests.support.served import Served

NOTE = 'two\r\nlines, "quoted"'


async def run(daemon: Served, *arguments: str, exit_code: int = 0) -> Done:
    done = await paydaemon("export", *arguments, "--socket", str(daemon.socket))
    assert done.exit_code == exit_code, done
    return done


async def text_of(daemon: Served, path: str) -> str:
    async with daemon.client() as client:
        return (await client.get(path)).text


def in_a_terminal(text: str) -> str:
    """As the test's own terminal gives line breaks."""
    return text.replace("\r\n", "\n")


def left_in(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir() if "payments" in file.name]


async def test_what_is_printed_is_what_the_api_says(daemon: Served) -> None:
    await paid(daemon, note=NOTE)
    await paid(daemon)
    done = await run(daemon)
    assert done.out == in_a_terminal(await text_of(daemon, CSV))
    assert (await run(daemon, "--json")).out == await text_of(daemon, JSON_LINES)
    assert done.err == ""


@pytest.mark.parametrize("options", [[], ["--json"]])
async def test_a_file_is_written_and_it_is_said_where_to_go_on(
    daemon: Served, tmp_path: Path, options: list[str]
) -> None:
    for note in (None, None, NOTE):
        await paid(daemon, note=note)
    file = tmp_path / "payments"
    done = await run(daemon, "-o", str(file), *options)
    written = file.read_bytes().decode()
    assert written == await text_of(daemon, JSON_LINES if options else CSV)
    last = _events(written, as_json=bool(options))[-1]
    assert done.err == f"3 lines in {file}; go on with --after {last}\n"
    assert (done.out, file.stat().st_mode & 0o777) == ("", 0o600)
    assert (await run(daemon, "--after", last, "-o", str(file))).err == f"0 lines in {file}\n"


def _events(written: str, *, as_json: bool) -> list[str]:
    if as_json:
        return [json.loads(line)["event_id"] for line in written.splitlines()]
    return [row["event_id"] for row in csv.DictReader(io.StringIO(written, newline=""))]


async def test_less_can_be_asked_for(daemon: Served) -> None:
    await paid(daemon)
    await daemon.invoice(daemon.keys["rival"])
    assert len((await run(daemon, "--json", "--seller", "shop", "--limit", "1")).out.splitlines()) == 1
    assert (await run(daemon, "--json", "--seller", "rival")).out == ""
    assert (await run(daemon, "--json", "--from", "2100-01-01T00:00:00Z")).out == ""
    assert (await run(daemon, "--json", "--to", "2000-01-01T00:00:00Z")).out == ""


async def test_what_is_refused_is_said_in_the_daemons_words(daemon: Served, tmp_path: Path) -> None:
    file = tmp_path / "payments.csv"
    done = await run(daemon, "--from", "yesterday", "-o", str(file), exit_code=1)
    assert done.err == "Error: from: must be a time such as 2026-01-31T12:00:00Z\n"
    assert left_in(tmp_path) == []


async def test_a_part_is_no_file(daemon: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(self: Exports, *asked: object):  # type: ignore[no-untyped-def]
        yield []
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(Exports, "pages", failing)
    done = await run(daemon, "-o", str(tmp_path / "payments.csv"), exit_code=1)
    assert "what there is is not whole" in done.err
    assert left_in(tmp_path) == []
