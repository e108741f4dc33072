"""Where the watcher left off: a small JSON that the daemon keeps together with what was told."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where the chain was seen complete.

    `height` and `tip` are the newest block of the last complete look, None before the first. `view` counts
    what was told: it only ever grows, also where a reorganisation makes the chain shorter, and is the
    position of every observation.
    """

    height: int | None = None
    tip: str | None = None
    view: int = 0

    def dump(self) -> str:
        """As the daemon keeps it."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def load(cls, text: str | None) -> "Cursor":
        """What `dump` wrote; the beginning where there is nothing. Raises `ValueError` for anything else."""
        if text is None:
            return cls()
        try:
            return cls(**json.loads(text))
        except TypeError as error:
            raise ValueError(f"this is no cursor of a Monero chain: {error}") from None
