"""A plugin's own keys: its model decides, the daemon finds the words, paths and secrets are looked after."""

import os
from datetime import date
from math import inf, nan
from pathlib import Path

import pytest

from paydaemon.hooks.settings import Secret
from tests.config.coins import GOOD, Mode, coin, coin_problems, problems


def test_models_say_what_they_want_and_toml_is_made_into_it(tmp_path: Path) -> None:
    settings = coin(mode="careful", nodes=[{"host": "a"}, {"host": "b"}], cookie="/c", network="test")
    assert settings.mode is Mode.CAREFUL
    assert [node.host for node in settings.nodes] == ["a", "b"]
    assert settings.cookie == Path("/c")


INSTEAD_OF_A_SECRET = (
    'must not be the secret itself, but where it is: { file = "/path" } or { credential = "name" }'
)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("rpc_url", 7, "must be text in quotes"),
        ("network", "mian", 'must be "main" or "test"; did you mean "main"?'),
        ("network", 7, 'must be "main" or "test"'),
        ("mode", "carefull", 'must be "fast" or "careful"; did you mean "careful"?'),
        ("depth", 0, "must be at least 1"),
        ("depth", 101, "must be at most 100"),
        ("depth", 6.5, "must be a whole number, without quotes"),
        ("share", 0, "must be more than 0.0"),
        ("share", 1.0, "must be less than 1.0"),
        ("share", "half", "must be a number, without quotes"),
        ("enabled", "yes", "must be true or false"),
        ("enabled", 1, "must be true or false"),
        ("label", "a", "must be at least 2 characters long"),
        ("label", "abcdef", "must be at most 5 characters long"),
        ("label", "ABC", "must match ^[a-z]+$"),
        ("cookie", 7, "must be text in quotes"),
        ("cookie", "a\0b", "is no path: it holds a NUL character"),
        ("main_node", "a", "must be a table"),
        ("nodes", {}, "must be a list"),
        ("nodes", [{"host": "a"}] * 3, "must hold at most 2"),
        ("places", ["/a"], "must be a table"),
        ("password", "hunter2", INSTEAD_OF_A_SECRET),
        ("share", nan, "must be a finite number"),
        ("share", inf, "must be a finite number"),
        ("rpc_url", date(2026, 1, 1), "must be text in quotes"),
        ("depth", date(2026, 1, 1), "must be a whole number, without quotes"),
        ("main_node", date(2026, 1, 1), "must be a table"),
    ],
)
def test_words(key: str, value: object, words: str) -> None:
    assert coin_problems(**{key: value}) == [f"chains.main.{key}: {words}"]


def test_a_required_key() -> None:
    assert problems(chains={"main": {"plugin": "coin"}}) == ["chains.main.rpc_url: is required"]


def test_keys_within_keys() -> None:
    assert coin_problems(main_node={"hots": "a"}) == [
        "chains.main.main_node.host: is required",
        'chains.main.main_node.hots: is not a key of this table; did you mean "host"?',
    ]
    assert coin_problems(nodes=[{"host": "a"}, {"host": 7, "depth": 1}]) == [
        "chains.main.nodes.1.host: must be text in quotes",
        "chains.main.nodes.1.depth: is not a key of this table",
    ]
    assert coin_problems(rpc_ulr="x") == [
        'chains.main.rpc_ulr: is not a key of this table; did you mean "rpc_url"?'
    ]
    assert coin_problems(places={"some where": 7}) == [
        'chains.main.places."some where": must be text in quotes'
    ]


def test_pydantics_labels_of_a_unions_members_are_not_told() -> None:
    found = coin_problems(where={"fil": "x"})
    assert [line.split(": ")[0] for line in found] == [
        "chains.main.where", "chains.main.where.fil",
    ]  # fmt: skip


def test_what_a_model_says_of_several_keys_stands_at_its_table(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    secret.chmod(0o600)
    assert coin_problems(password={"file": str(secret)}, cookie="/c") == [
        "chains.main: give either password or cookie"
    ]


def test_what_only_building_finds_is_told_with_the_rest() -> None:
    found = problems(
        daemon={"log_level": "x"}, chains={"main": {**GOOD, "key": "cannot build"}, "b": {"plugin": "coin"}}
    )
    assert found == [
        'daemon.log_level: must be "debug", "info", "warning" or "error"',
        "chains.main: depth and share cannot work together with …",
        "chains.b.rpc_url: is required",
    ]
    assert coin_problems(key="fault") == ["chains.main: ZeroDivisionError: by zero"]


# --- Nothing that might be a secret is repeated


@pytest.mark.parametrize("key", ["xprv9s21ZrQH143K3QTDL4LXw2F7HEK", "xprv" + "é" * 60])
def test_a_validators_own_words_do_not_repeat_the_value(key: str) -> None:
    assert coin_problems(key=key) == ["chains.main.key: … is a private key"]


def test_a_model_that_raises_something_else_is_told_without_its_words() -> None:
    assert coin_problems(key="explode") == ["chains.main: cannot be checked: its model raised LookupError"]


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    secret = "correct-horse-battery-staple"
    document: dict[str, object] = {
        "daemon": {"log_level": secret, "state_dir": [secret]},
        "http": {"bind": secret, "public_url": f"https://u:{secret}@h", "trusted_proxies": [secret]},
        "invoices": {"tolerance_percent": secret, "late": secret, "expires_in_s": secret},
        "rates": {"fixed": {"prices": {"BTC/EUR": secret}}},
        "chains": {"main": {**GOOD, "password": secret, "mode": secret, "label": secret, "enabled": secret}},
    }
    found = problems(**document)
    assert len(found) == 13
    assert secret not in "\n".join(found)
    assert secret not in "\n".join(problems(chains={"main": {"plugin": secret}}))


# --- Paths


def test_relative_paths_start_from_the_files_folder(tmp_path: Path) -> None:
    settings = coin(
        tmp_path,
        cookie="run/.cookie",
        main_node={"host": "a", "data": "data"},
        nodes=[{"host": "a", "data": "one"}, {"host": "b", "data": "/two"}],
        places={"a": "three"},
    )
    assert settings.cookie == tmp_path / "run" / ".cookie"
    assert settings.main_node is not None
    assert settings.main_node.data == tmp_path / "data"
    assert [node.data for node in settings.nodes] == [tmp_path / "one", Path("/two")]
    assert settings.places == {"a": tmp_path / "three"}


# --- Secrets


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("hunter2\n")
    path.chmod(0o600)
    return path


def refusal(secret: object, folder: Path | None = None) -> str:
    (line,) = coin_problems(folder, password=secret)
    assert line.startswith("chains.main.password: ")
    return line.removeprefix("chains.main.password: ")


def test_a_secret_that_only_the_service_can_read(secret: Path) -> None:
    settings = coin(password={"file": str(secret)})
    assert settings.password is not None
    assert settings.password.read() == "hunter2"


def test_a_relative_secret(secret: Path) -> None:
    settings = coin(secret.parent, password={"file": "secret"})
    assert settings.password == Secret(file=str(secret))


def test_secrets_are_found_wherever_they_stand(secret: Path) -> None:
    secret.chmod(0o644)
    node = {"host": "a", "password": {"file": str(secret)}}
    assert coin_problems(main_node=node, nodes=[node], where={"file": str(secret)}) == [
        f"chains.main.main_node.password: {secret} can be read by others: chmod 600 it",
        f"chains.main.nodes.0.password: {secret} can be read by others: chmod 600 it",
        f"chains.main.where: {secret} can be read by others: chmod 600 it",
    ]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_secret_that_others_can_reach(secret: Path, mode: int) -> None:
    secret.chmod(mode)
    assert refusal({"file": str(secret)}) == f"{secret} can be read by others: chmod 600 it"


def test_a_secret_that_is_not_there(tmp_path: Path) -> None:
    assert refusal({"file": "nowhere"}, tmp_path) == f"{tmp_path}/nowhere does not exist"


def test_a_secret_that_is_no_file(tmp_path: Path) -> None:
    assert refusal({"file": str(tmp_path)}) == f"{tmp_path} is not a file"
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert refusal({"file": str(tmp_path / "pipe")}) == f"{tmp_path}/pipe is not a file"


def test_a_secret_that_cannot_be_read(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert refusal({"file": str(loop)}) == f"{loop} cannot be read: Too many levels of symbolic links"


def test_a_secret_that_holds_nothing_useful(secret: Path) -> None:
    secret.write_bytes(b"\n")
    assert refusal({"file": str(secret)}) == f"{secret} is empty"
    secret.write_bytes(b"\xff\xfe")
    assert refusal({"file": str(secret)}) == f"{secret} is not UTF-8 text"
    secret.write_bytes(b"x" * 70_000)
    assert refusal({"file": str(secret)}) == f"{secret} is too large for a secret"


def test_a_secret_whose_path_is_none() -> None:
    assert refusal({"file": "a\0b"}) == "is no path: it holds a NUL character"


def test_a_secret_is_one_of_two() -> None:
    words = 'give either { file = "/path" } or { credential = "name" }'
    assert refusal({}) == words
    assert refusal({"file": "/a", "credential": "b"}) == words


def test_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credential = tmp_path / "rpc"
    credential.write_text("hunter2")
    credential.chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    settings = coin(password={"credential": "rpc"})
    assert settings.password is not None
    assert settings.password.read() == "hunter2"


def test_a_credential_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert refusal({"credential": "rpc"}).startswith(
        "credential 'rpc': systemd did not start this; set CREDENTIALS_DIRECTORY"
    )


def test_a_credential_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert refusal({"credential": "rpc"}) == f"{tmp_path}/rpc does not exist"


def test_a_credentials_mode_counts_where_its_name_leads_out_of_the_folder(
    secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = secret.parent / "credentials"
    folder.mkdir()
    secret.chmod(0o644)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    assert refusal({"credential": "../secret"}).endswith("can be read by others: chmod 600 it")
