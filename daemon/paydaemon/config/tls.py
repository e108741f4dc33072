"""The certificate that the public address is served with: read, and checked before anybody relies on it."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from paydaemon.config.files import unusable_file
from paydaemon.config.models import HttpSettings
from paydaemon.config.parts import readable
from paydaemon.config.problems import Problem, problem

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secret and authenticated (RFC 9325, section 4.2). Those of TLS 1.3 all are."""
_PAIR = ("tls_certificate", "tls_key")


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server with this certificate speaks: TLS 1.2 or later, HTTP/1.1.

    `certificate` holds the server's own first and then those between it and the root, in PEM. Raises
    `OSError` (`ssl.SSLError` is one) where a file cannot be read or is not what it should be.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    # A password is never asked for on a terminal: an encrypted key fails like any other that cannot be used.
    context.load_cert_chain(certificate, key, password="")
    return context


def tls_problems(http: HttpSettings) -> Iterator[Problem]:
    """What is wrong with the certificate and its key, as far as they can be read."""
    given: list[str] = readable(lambda: [name for name in _PAIR if http.given(name)], [])
    found = [
        problem(("http", missing), "is required: a certificate and its key go together")
        for missing in _PAIR
        if given and missing not in given
    ]
    paths = {name: path for name in given if (path := _path(http, name)) is not None}
    found.extend(_unreadable(paths))
    yield from found
    if len(paths) == len(_PAIR) and not found:
        yield from _unusable(*paths.values())


def _path(http: HttpSettings, name: str) -> Path | None:
    path: Path | None = readable(lambda: getattr(http, name), None)
    return path


def _unreadable(paths: Mapping[str, Path]) -> Iterator[Problem]:
    for name, path in paths.items():
        try:
            with path.open("rb"):
                reason = unusable_file(path) if name == "tls_key" else None
        except (OSError, ValueError) as error:
            reason = f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no path'}"
        if reason:
            yield problem(("http", name), reason)


def _unusable(certificate: Path, key: Path) -> Iterator[Problem]:
    try:
        server_context(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            yield problem(("http", "tls_key"), f"{key} is not the key of {certificate}")
        elif not _has_certificate(certificate):
            yield problem(("http", "tls_certificate"), f"{certificate} holds no certificate in PEM")
        else:
            yield problem(
                ("http", "tls_key"), f"{key} holds no key in PEM that can be read without a password"
            )


def _has_certificate(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, ValueError):
        return False
    return True
