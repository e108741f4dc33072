"""``paydaemon publisher-key``: a pair of keys, the secret one for its owner's eyes alone."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paydaemon.cli.main import cli
from paydaemon.hooks.settings import Secret
from paydaemon_socketio.publisher.signing import public_hex, read_key, signing_key


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["publisher-key", *arguments])


def test_a_pair_is_made(tmp_path: Path) -> None:
    file = tmp_path / "publisher.key"
    ended = run("--out", str(file), "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.output)
    assert told == {"public_key": public_hex(read_key(Secret(file=str(file)))), "file": str(file)}
    assert len(told["public_key"]) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in ended.output


def test_in_words_and_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    public, secret = run().output.splitlines()
    assert public == f"public key: {public_hex(read_key(Secret(file='publisher.key')))}"
    assert secret == "secret key: in publisher.key"


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "publisher.key", tmp_path / "link.key"
    file.write_text("dear to somebody")
    link.symlink_to(tmp_path / "nowhere")
    for path in (file, link):
        ended = run("--out", str(path))
        assert ended.exit_code == 1
        assert ended.output == f"Error: {path} is there already: it is not written over\n"
    assert file.read_text() == "dear to somebody"
    assert not (tmp_path / "nowhere").exists()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / "none" / "publisher.key"
    ended = run("--out", str(path))
    assert ended.output == f"Error: {path} cannot be written: No such file or directory\n"


def test_the_secret_key_is_shown_to_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = json.loads(run("--show", "--json").output)
    assert public_hex(signing_key(told["secret_key"])) == told["public_key"]
    assert list(tmp_path.iterdir()) == []


def test_no_two_are_the_same() -> None:
    assert len({run("--show").output for _ in range(3)}) == 3
