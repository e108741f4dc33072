"""Certificates for 127.0.0.1, made on the spot by openssl, which comes with Debian's ca-certificates."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signs itself, and its key."""

    certificate: Path
    key: Path

    def client(self) -> ssl.SSLContext:
        """What a client speaks that trusts this certificate and no other."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    @property
    def settings(self) -> dict[str, str]:
        """Its lines under ``[http]``."""
        return {"tls_certificate": str(self.certificate), "tls_key": str(self.key)}


def make_certificate(folder: Path, name: str = "tls", *, password: str = "") -> Certificate:
    """A fresh one, written over one of the same name."""
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-passout", f"pass:{password}"] if password else ["-noenc"]
    command += ["-subj", "/CN=paydaemon test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True)
    made.key.chmod(0o600)
    return made
