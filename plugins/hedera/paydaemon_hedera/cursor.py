"""The cursor: where the watching of an account left off, as the daemon keeps it."""

import json
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Cursor:
    """Consensus times, in nanoseconds since the Unix epoch.

    `first_ns` is from when on anything was ever watched: what came before is nobody's payment. `seen_ns` is
    up to when all is seen. `accounts` are all that were ever configured here: invoices outlive a change.
    """

    first_ns: int
    seen_ns: int
    accounts: frozenset[str]

    def watching(self, account: str) -> Self:
        """The same with this account among those that are watched."""
        return replace(self, accounts=self.accounts | {account})

    def __str__(self) -> str:
        return json.dumps(
            {"first": str(self.first_ns), "seen": str(self.seen_ns), "accounts": sorted(self.accounts)}
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that was written so. Raises `ValueError` for anything else."""
        try:
            said = json.loads(text)
            return cls(int(said["first"]), int(said["seen"]), frozenset(map(str, said["accounts"])))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{text!r} is no cursor") from error
