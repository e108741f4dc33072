"""A receiver of webhooks, from the outside: started, killed, told how to behave, and asked what it has."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Taken:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: str
    peer: int

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def signatures(self) -> list[str]:
        return self.headers["webhook-signature"].split(" ")


class Receiver:
    """One of them. `host` is what its certificate, if it has one, is for."""

    def __init__(self, folder: Path, *, certificate: bytes | None = None) -> None:
        self._folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self._scheme = "http" if certificate is None else "https"
        if certificate is not None:
            (folder / "tls.pem").write_bytes(certificate)

    def url(self, name: str = "hook", host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}/{name}"

    def knows(self, **secrets: str) -> None:
        """The signing secrets, by the names of their paths."""
        self._write("secrets.json", secrets)

    def behaves(self, **behaviour: Any) -> None:
        """What it answers from now on: `status`, `headers`, `body`; nothing: 204."""
        self._write("behaviour.json", behaviour)

    def taken(self) -> list[Taken]:
        """What it has verified and taken, in the order it came."""
        return self._read("taken.jsonl")

    def refused(self) -> list[Taken]:
        """What it could not verify."""
        return self._read("refused.jsonl")

    def forget(self) -> None:
        """As if it had just been opened."""
        self.behaves()
        for name in ("taken.jsonl", "refused.jsonl"):
            (self._folder / name).unlink(missing_ok=True)

    def start(self) -> None:
        """Run it; at the same port as before, if it ran before."""
        command = [sys.executable, "-m", "tests.support.receiver", str(self._folder), str(self.port)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    @contextmanager
    def open(self) -> Iterator["Receiver"]:
        """Run it, until this is left."""
        self.start()
        try:
            yield self
        finally:
            self.kill()

    def _write(self, name: str, content: object) -> None:
        fresh = self._folder / f"{name}.new"
        fresh.write_text(json.dumps(content))
        fresh.rename(self._folder / name)

    def _read(self, name: str) -> list[Taken]:
        path = self._folder / name
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        whole = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Taken(one["path"], one["headers"], one["body"], one["peer"]) for one in whole]
