"""Trust: whose certificates are believed, by plugins that connect to others."""

import ssl
from pathlib import Path
from typing import Any

from pydantic import Field


def own_authorities() -> Any:
    """The key ``ca_file`` of a plugin's table: a `Path` or None."""
    return Field(
        default=None,
        description="Certificates of your own authorities in PEM, which are trusted beside those that the "
        "system trusts.",
    )


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, and the operator's own. Raises `ValueError` where these cannot be used."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except ssl.SSLError as error:
            raise ValueError("ca_file: there are no certificates in it") from error
        except OSError as error:
            raise ValueError(f"ca_file: cannot be read: {error.strerror}") from error
    return context
