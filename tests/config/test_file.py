"""A configuration file is read whole or refused with every reason, and never with a traceback."""

import codecs
import os
from pathlib import Path

import pytest

from paydaemon.config import Config, ConfigError, load_admin_socket, load_config
from paydaemon.config.load import MAX_FILE_BYTES
from paydaemon.plugins import PluginStatus
from tests.config.coins import BROKEN, COIN

EXTRA = {"coin": COIN, "broken": BROKEN}
CHAIN = '[chains.main]\nplugin = "coin"\nrpc_url = "http://127.0.0.1:1"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "paydaemon.toml"


def load(file: Path, content: str | bytes) -> Config:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_config(file, extra=EXTRA)


def refusal(file: Path, content: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        load(file, content)
    return str(caught.value)


def test_a_file(file: Path) -> None:
    config = load(file, f'[http]\nbind = "[::1]:0"\n{CHAIN}\n[rates.fixed]\nprices = {{ "BTC/EUR" = "1" }}\n')
    assert config.http.address == ("::1", 0)
    assert list(config.chains) == ["main"]
    assert list(config.rates) == ["fixed"]


def test_paths_are_relative_to_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load(file, f'[daemon]\nstate_dir = "state"\n{CHAIN}cookie = ".cookie"\n')
    assert config.daemon.database == file.parent / "state" / "paydaemon.sqlite3"
    assert config.chains["main"].settings.cookie == file.parent / ".cookie"  # type: ignore[attr-defined]
    monkeypatch.chdir(file.parent)
    assert load_config(Path(file.name), extra=EXTRA).daemon.state_dir == file.parent / "state"
    assert load_config(file.name, extra=EXTRA).daemon.state_dir == file.parent / "state"


def test_plugins_are_loaded_as_the_file_wants_them(file: Path) -> None:
    config = load(file, f'[plugins]\ndisabled = ["rates", "broken"]\n{CHAIN}')
    status = {record.name: record.status for record in config.installed.records}
    assert status["rates"] is PluginStatus.DISABLED
    assert status["broken"] is PluginStatus.DISABLED
    assert status["coin"] is PluginStatus.LOADED


def test_a_broken_plugin_that_is_not_used_stops_nothing(file: Path) -> None:
    config = load(file, CHAIN)
    (broken,) = [record for record in config.installed.records if record.name == "broken"]
    assert broken.status is PluginStatus.BROKEN


@pytest.mark.parametrize("disabled", ["7", '"rates"', "[7]", '[["rates"]]', "{}"])
def test_what_cannot_be_disabled(file: Path, disabled: str) -> None:
    assert refusal(file, f"[plugins]\ndisabled = {disabled}\n{CHAIN}").startswith("plugins.disabled")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[daemon]\nstate_dir\n", "Expected '=' after a key in a key/value pair (at line 2, column 10)"),
        ("[daemon]\nstate_dir =", "Invalid value (at line 2, column 12, the end of the file)"),
        ('[daemon]\nlog_level = "a"\nlog_level = "b"\n', "Cannot overwrite a value (at line 3, column 16)"),
        ("[daemon]\n[daemon]\n", "Cannot declare [daemon] twice (at line 2, column 8)"),
        ("[a.b]\n[a.b]\n", "Cannot declare [a.b] twice (at line 2, column 5)"),
        ("a = {}\n[a.b]\n", "Cannot declare [a.b] twice (at line 2, column 5)"),
        ("[')(at']\n[')(at']\n", "Cannot declare [)(at] twice (at line 2, column 8)"),
        ("a = 00", "Expected newline or end of document after a statement (at line 1, column 6)"),
    ],
)
def test_what_is_no_toml_is_told_with_line_and_column(file: Path, content: str, words: str) -> None:
    assert refusal(file, content) == f"{file}: is not valid TOML: {words}"


def test_what_is_no_text(file: Path) -> None:
    assert refusal(file, b"[daemon]\n\xff") == f"{file}: is not UTF-8 text: see byte 9"


def test_what_is_too_much(file: Path) -> None:
    assert refusal(file, "#" * (MAX_FILE_BYTES + 1)) == f"{file}: is larger than {MAX_FILE_BYTES} bytes"
    assert refusal(file, "a = " + "[" * 100_000) == f"{file}: is nested too deeply"
    assert refusal(file, "a = " + "1" * 10_000) == f"{file}: holds a number that is too long"


def test_deep_tables(file: Path) -> None:
    deep = "rpc_url." + ".".join("a" * 400) + " = 1\n"
    assert "chains.main" in refusal(file, CHAIN.replace('rpc_url = "http://127.0.0.1:1"\n', deep))


def test_files_that_cannot_be_read(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value) == f"{file}: cannot be read: No such file or directory"
    with pytest.raises(ConfigError) as caught:
        load_config(file.parent)
    assert str(caught.value) == f"{file.parent}: cannot be read: Is a directory"


def test_what_is_no_file_is_not_waited_for(file: Path) -> None:
    os.mkfifo(file)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(caught.value) == f"{file}: is no regular file"


def test_a_pipe_that_a_shell_passes_is_read(file: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing, "wb") as pipe:
        pipe.write(b"[http]\nbind = 7\n")
        pipe.close()
        with pytest.raises(ConfigError, match=r"http\.bind"):
            load_config(f"/dev/fd/{reading}")


def test_a_byte_order_mark(file: Path) -> None:
    said = "begins with a byte order mark; save it as UTF-8 without one"
    assert refusal(file, codecs.BOM_UTF8 + b"[daemon]\n") == f"{file}: {said}"


def test_an_empty_file(file: Path) -> None:
    assert refusal(file, "").startswith("chains: no chain is configured")


def test_every_problem_has_a_line_and_can_be_read_by_programs(file: Path) -> None:
    file.write_text("[limits]\nconnections = 0\nbody_bytes = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file, extra=EXTRA)
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [
        ("limits.body_bytes", "must be at least 1024"),
        ("limits.connections", "must be at least 1"),
        ("chains", "no chain is configured: there must be a table such as [chains.bitcoin]"),
    ]
    assert len(str(caught.value).splitlines()) == 3


# --- The socket alone


def test_the_socket_is_found_without_the_rest(file: Path) -> None:
    file.write_text(
        '[admin]\nsocket = "run/a.sock"\n[limits]\nconnections = 0\n'
        '[chains.main]\nplugin = "coin"\npassword = { file = "/srv/not/for/us" }\n'
    )
    assert load_admin_socket(file) == file.parent / "run" / "a.sock"
    file.write_text('[daemon]\nstate_dir = "state"\n')
    assert load_admin_socket(file) == file.parent / "state" / "admin.sock"
    file.write_text("")
    assert load_admin_socket(str(file)) == Path("/var/lib/paydaemon/admin.sock")


def test_a_socket_that_cannot_be_found(file: Path) -> None:
    file.write_text("[daemon]\nstate_dir = 7\n[admin]\nsoket = 7\n")
    with pytest.raises(ConfigError) as caught:
        load_admin_socket(file)
    assert str(caught.value).splitlines() == [
        "daemon.state_dir: must be text in quotes",
        'admin.soket: is not a key of this table; did you mean "socket"?',
    ]
