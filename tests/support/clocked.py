"""Runs a real daemon whose clock is wrong by as much as a file says, in milliseconds.

    python clocked.py CONFIG FILE

The file is read at every look at the clock, so that a test can turn it while the daemon runs.
"""

import sys
from pathlib import Path

import trio

from paydaemon import app
from paydaemon.config import load_config
from paydaemon.engine.clock import Clock, system_clock


def wrong_by(file: Path) -> Clock:
    """The machine's clock, wrong by what stands in `file`."""
    return lambda: system_clock() + int(file.read_text(encoding="ascii"))


if __name__ == "__main__":
    trio.run(app.run, load_config(Path(sys.argv[1])), wrong_by(Path(sys.argv[2])))
