"""A certificate that cannot be used is a mistake in the configuration, and said which."""

from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import ConfigError, parse_config
from paydaemon.plugins import load_plugins
from tests.support.certificate import Certificate, make_certificate
from tests.systemd.away import NOBODY

PLUGINS = load_plugins()


@pytest.fixture
def made(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


def problems(folder: Path, **http: Any) -> list[str]:
    try:
        parse_config({**NOBODY, "http": http}, PLUGINS, folder=folder)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_pair_that_fits(tmp_path: Path, made: Certificate) -> None:
    assert problems(tmp_path, tls_certificate="tls.crt", tls_key="tls.key") == []
    config = parse_config({**NOBODY, "http": made.settings}, PLUGINS, folder=tmp_path)
    assert config.http.public_url == "https://127.0.0.1:8420"
    assert config.http.public_url_at(1) == "https://127.0.0.1:1"


def test_one_alone(tmp_path: Path, made: Certificate) -> None:
    said = "is required: a certificate and its key go together"
    assert problems(tmp_path, tls_certificate="tls.crt") == [f"http.tls_key: {said}"]
    assert problems(tmp_path, tls_key="tls.key") == [f"http.tls_certificate: {said}"]


def test_both_that_are_missing_are_told(tmp_path: Path) -> None:
    found = problems(tmp_path, tls_certificate="a.crt", tls_key="b.key")
    assert found == [
        f"http.tls_certificate: {tmp_path}/a.crt cannot be read: No such file or directory",
        f"http.tls_key: {tmp_path}/b.key cannot be read: No such file or directory",
    ]


def test_the_key_of_another(tmp_path: Path, made: Certificate) -> None:
    make_certificate(tmp_path, "other")
    assert problems(tmp_path, tls_certificate="tls.crt", tls_key="other.key") == [
        f"http.tls_key: {tmp_path}/other.key is not the key of {made.certificate}"
    ]


def test_what_is_no_certificate(tmp_path: Path, made: Certificate) -> None:
    made.certificate.write_text("nothing")
    assert problems(tmp_path, **made.settings) == [
        f"http.tls_certificate: {made.certificate} holds no certificate in PEM"
    ]


@pytest.mark.parametrize("password", ["", "secret"])
def test_what_is_no_key(tmp_path: Path, password: str) -> None:
    made = make_certificate(tmp_path, password=password)
    if not password:
        made.key.write_text("nothing")
    (found,) = problems(tmp_path, **made.settings)
    assert found.startswith("http.tls_key: ")
    assert found.endswith("holds no key in PEM that can be read without a password")


def test_a_key_that_others_can_read(tmp_path: Path, made: Certificate) -> None:
    made.key.chmod(0o644)
    (found,) = problems(tmp_path, **made.settings)
    assert found == f"http.tls_key: {made.key} can be read by others: chmod 600 it"
