"""Runs a real daemon whose clock is as much later than the true time as a file says, in milliseconds.

    python clocked.py CONFIG FILE

The file is read at every look at the clock, so that a test can turn it while the daemon runs.
"""

import sys
from pathlib import Path

import trio

from paydaemon import app
from paydaemon.config import load_config
from paydaemon.engine.clock import Clock, system_clock


def later_by(file: Path) -> Clock:
    """The machine's clock, and on top of it what stands in `file`."""
    return lambda: system_clock() + int(file.read_text(encoding="ascii"))


if __name__ == "__main__":
    trio.run(app.run, load_config(Path(sys.argv[1])), later_by(Path(sys.argv[2])))
