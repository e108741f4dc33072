"""The certificate that the public address is served with: read, and checked before anybody relies on it."""

import ssl
from collections.abc import Iterator
from pathlib import Path

from paydaemon.config.files import unusable_file
from paydaemon.config.models import HttpSettings
from paydaemon.config.problems import Problem, problem

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secret and authenticated (RFC 9325, section 4.2). Those of TLS 1.3 all are."""


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
    """What is wrong with the certificate and its key."""
    certificate, key = http.tls_certificate, http.tls_key
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        missing = "tls_certificate" if certificate is None else "tls_key"
        yield problem(("http", missing), "is required: a certificate and its key go together")
        return
    found = list(_unreadable(certificate, key))
    yield from found
    if not found:
        yield from _unusable(certificate, key)


def _unreadable(certificate: Path, key: Path) -> Iterator[Problem]:
    for name, path in (("tls_certificate", certificate), ("tls_key", key)):
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
