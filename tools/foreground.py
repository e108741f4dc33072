"""Run a command for make, and hand on the interrupt that asks it to end.

On SIGTERM make signals its children. On SIGINT it does not: it takes for granted that a terminal has told
the whole process group, and waits for them. A script that interrupts `make demo` by its pid would so wait
forever, and one that kills make would leave the command running. Hence this watches make as well as its own
signals.

    python tools/foreground.py COMMAND [ARGUMENT ...]

Linux only: whether make was interrupted is read from /proc. Exits as the command does.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

POLL_S = 0.2
SIGINT_BIT = 1 << (signal.SIGINT - 1)


class Stop:
    """What has been heard of an end: whether to ask the command for it, and whether it knows already."""

    def __init__(self) -> None:
        self.wanted = False
        self.command_knows = False
        signal.signal(signal.SIGINT, self._interrupted)
        signal.signal(signal.SIGTERM, self._terminated)

    def _interrupted(self, _signum: int, _frame: FrameType | None) -> None:
        self.wanted = True  # a terminal tells the whole group, but a script perhaps only this

    def _terminated(self, _signum: int, _frame: FrameType | None) -> None:
        self.wanted = True


def interrupted_or_gone(pid: int) -> bool:
    """Tell whether our parent `pid` is winding up: make blocks SIGINT while it waits for its children."""
    if os.getppid() != pid:
        return True
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return True
    blocked = next((line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:")), "0")
    return bool(int(blocked, 16) & SIGINT_BIT)


def follow(command: subprocess.Popen[bytes], stop: Stop, parent: int) -> int:
    """Wait for the command to end, asking it to once when that is wanted; return its exit code."""
    while True:
        seen = stop.wanted or interrupted_or_gone(parent)
        try:
            return command.wait(POLL_S)  # one more pause also lets a signal of our own arrive first
        except subprocess.TimeoutExpired:
            if seen and not stop.command_knows:
                command.send_signal(signal.SIGINT)
                stop.command_knows = True


def main() -> int:
    """Run the command named by the arguments."""
    parent = os.getppid()
    stop = Stop()
    command = subprocess.Popen(sys.argv[1:])
    code = follow(command, stop, parent)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
