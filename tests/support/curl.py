"""Commands of curl as documentation shows them, understood as a shell and curl would."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template
from urllib.parse import urlsplit

FORM = "application/x-www-form-urlencoded"
"""What curl calls a body where nothing else is said."""


@dataclass
class Curl:
    """A curl command, as far as the pages use it."""

    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    socket: str | None = None

    @property
    def target(self) -> str:
        """The path with the query string, as it is asked for."""
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def parse(command: str, variables: Mapping[str, str]) -> Curl:
    """Understand a command, with these variables of the shell's."""
    words = iter(shlex.split(Template(command).substitute(variables))[1:])
    curl, method = Curl(), ""
    for word in words:
        match word:
            case "-N":
                pass  # what comes is shown as it comes
            case "-X":
                method = next(words)
            case "-H":
                name, _, value = next(words).partition(": ")
                curl.headers[name] = value
            case "-d":
                curl.method, curl.body = "POST", next(words)
            case "--unix-socket":
                curl.socket = next(words)
            case _:
                curl.url = word
    curl.method = method or curl.method
    if curl.body is not None:
        curl.headers.setdefault("Content-Type", FORM)
    return curl
