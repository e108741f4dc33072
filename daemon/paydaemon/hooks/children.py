"""Children: processes that end with whoever started them, also where that one is killed.

A node that outlives the demo or the test run that it was started for would go on for good. On Linux the
kernel ends it: ``setpriv --pdeathsig`` (util-linux, which every Debian has) asks to be killed once the parent
is gone (prctl(2), ``PR_SET_PDEATHSIG``), and then becomes the program. So no line of ours runs between fork
and exec, the process id is the program's, and there is no second process for each, as one that waits for the
end of a pipe would be.

The kernel's parent is the *thread* that forked. Trio forks in threads that are ended once they were idle for
ten seconds, and a child would end with them. So each is forked by a thread of its own, which lives as long as
the child. Whoever is killed in the millisecond between fork and prctl still leaves an orphan.

Where there is no ``setpriv``, as on other systems, a child ends when it is told to and not before.
"""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO

import trio

ENDS_WITHIN_S = 30.0
"""How long a child may take to end by itself, unless told otherwise."""

Output = IO[bytes] | int
"""A file that is open, its descriptor, or `subprocess.DEVNULL`."""


class Child:
    """A process that `start_child` has started: `process`, and `holder`, the thread that forked it."""

    def __init__(self, process: subprocess.Popen[bytes], holder: threading.Thread) -> None:
        self._process = process
        self._holder = holder

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit status, or a signal's number below zero; None while it runs."""
        return self._process.poll()

    def send_signal(self, how: signal.Signals) -> None:
        """Send it a signal. Nothing happens where it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(how)

    async def wait(self) -> int:
        """Wait until it has ended, and return what `poll` does then."""
        alone = trio.CapacityLimiter(1)  # whoever waits for long keeps no other work from trio's threads
        while (status := self.poll()) is None:
            await trio.to_thread.run_sync(self._holder.join, abandon_on_cancel=True, limiter=alone)
        return status

    async def end(self, how: signal.Signals = signal.SIGTERM, within_s: float = ENDS_WITHIN_S) -> int:
        """End it, gently unless told otherwise, and for good after `within_s`; returns what `poll` does then.

        It has ended then, also where whoever asks is cancelled meanwhile.
        """
        with trio.CancelScope(shield=True):
            self.send_signal(how)
            with trio.move_on_after(within_s):
                await self.wait()
            if self.poll() is None:
                self.send_signal(signal.SIGKILL)
            await self.wait()
        return await self.wait()


async def start_child(
    command: Sequence[str],
    *,
    stdout: Output = subprocess.DEVNULL,
    stderr: Output = subprocess.DEVNULL,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> Child:
    """Start a program that reads nothing, in a session of its own: Ctrl-C is for us, who then end it.

    Raises `FileNotFoundError` where there is no such program.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"{command[0]} is no program here")
    holder = _Holder(
        lambda: subprocess.Popen(
            [*_bound(), *command],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd=cwd,
            env=env,
            pass_fds=pass_fds,
            start_new_session=True,
        )
    )
    holder.start()
    return Child(await trio.to_thread.run_sync(holder.forked.result), holder)


def _bound() -> Sequence[str]:
    setpriv = shutil.which("setpriv")
    return () if setpriv is None else (setpriv, "--pdeathsig", "KILL", "--")


class _Holder(threading.Thread):
    """The thread that the kernel takes for a child's parent: it forks it, and is there until it has ended."""

    def __init__(self, fork: Callable[[], subprocess.Popen[bytes]]) -> None:
        super().__init__(name="child", daemon=True)
        self.forked: Future[subprocess.Popen[bytes]] = Future()
        self._fork = fork

    def run(self) -> None:
        try:
            process = self._fork()
        except OSError as error:
            self.forked.set_exception(error)
            return
        self.forked.set_result(process)
        with suppress(ChildProcessError):  # somebody has seen already that it ended
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
