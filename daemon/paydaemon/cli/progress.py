"""Progress on stderr, of whatever takes longer than a second. Nothing at all is said of what does not."""

import sys
import time

import click

SILENT_S = 1.0


class Progress:
    """Call it with what is being done and which part of it is, 0 to 1, or None where nobody knows how much
    there is; `end` when all of it is.
    """

    def __init__(self) -> None:
        self._said_at = time.monotonic()
        self._said = ""
        self._overwrites = sys.stderr.isatty()

    def __call__(self, what: str, part: float | None) -> None:
        """Say so, at most once a second."""
        now = time.monotonic()
        if now - self._said_at < SILENT_S:
            return
        self._said_at = now
        text = f"{what} …" if part is None else f"{what} … {100 * part:3.0f} %"
        erased = "\r" + text.ljust(len(self._said)) if self._overwrites else text
        click.echo(erased, err=True, nl=not self._overwrites)
        self._said = text

    def end(self) -> None:
        """Leave a line of its own to what comes next."""
        if self._said and self._overwrites:
            click.echo(err=True)
        self._said = ""
