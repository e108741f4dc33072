"""Trio loops in threads of their own: what outlives one test, and what a test must be able to give up on.

A loop that hangs, or will not end, cannot take the test with it: each start, call and end has a bound, and
whoever reaches it is told where everything stands.
"""

import socket
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, TypeVar

import trio

ENDS_WITHIN_S = 15.0
"""How long whatever runs in a loop may take to end once it is told to."""
WITHIN_S = 60.0
"""How long it may take to start, and to do whatever it is called for."""

CONNECTING = "socket.connect"
"""What Python's audit hooks call a connection that is made (PEP 578; Python's table of audit events)."""

T = TypeVar("T")
_TIMES = 3
"""How often in a row one line is met before it counts as the one that blocks."""

Main = Callable[..., Awaitable[None]]
"""Runs until cancelled, and calls ``task_status.started()`` with whatever the starter wants to have."""


class NotEnding(AssertionError):
    """Something was told to end and goes on. `stacks` says where each of its tasks is."""

    def __init__(self, name: str, within_s: float, stacks: Sequence[str]) -> None:
        super().__init__(f"{name} does not end within {within_s:g} s of being told to. {_where(stacks)}")


class NotAnswering(AssertionError):
    """Something was called and does not return. `stacks` says where each task of its loop is."""

    def __init__(self, what: str, within_s: float, stacks: Sequence[str]) -> None:
        super().__init__(f"{what} has not returned within {within_s:g} s. {_where(stacks)}")


class Ended(AssertionError):
    """What is called runs no more. `failure` is what it ended with, None where it just returned."""

    def __init__(self, name: str, failure: BaseException | None) -> None:
        died = "it returned" if failure is None else "; ".join(_reasons(failure))
        super().__init__(f"{name} runs no more, and nobody had told it to end: {died}")


class Loop:
    """One run of trio in a thread. `name` is the thread's.

    `within_s` is how long a start and a call may take, and `ends_within_s` the end.
    """

    def __init__(
        self, name: str, ends_within_s: float = ENDS_WITHIN_S, *, within_s: float = WITHIN_S
    ) -> None:
        self._name = name
        self._ends_within_s = ends_within_s
        self._within_s = within_s
        self._thread: threading.Thread | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._scope = trio.CancelScope()
        self._asked: set[Future[Any]] = set()
        self._up = threading.Event()
        self._started: object = None
        self._failure: BaseException | None = None

    @property
    def thread_id(self) -> int:
        """The thread, as `sys._current_frames` knows it."""
        assert self._thread is not None
        return self._thread.ident or 0

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, main: Main, within_s: float | None = None) -> object:
        """Run `main` and return what it says once it has started, within as long as a call unless told.

        Raises what it raises before that, and `NotAnswering`.
        """
        self._thread = threading.Thread(target=self._run, args=(main,), name=self._name, daemon=True)
        self._thread.start()
        within_s = self._within_s if within_s is None else within_s
        if not self._up.wait(within_s):
            stacks = self._stacks()
            self.soon(self._scope.cancel)
            self._thread.join(self._ends_within_s)
            raise NotAnswering(f"the start of {self._name}", within_s, stacks)
        if self._failure is not None:
            raise self._failure
        return self._started

    def ended(self) -> Ended:
        """What there is to say where it runs no more."""
        return Ended(self._name, self._failure)

    def call(self, what: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """Do something in the loop, and wait for it. Raises what it raises, `Ended` and `NotAnswering`."""
        asked: Future[T] = Future()
        self._asked.add(asked)
        try:
            assert self._token is not None, f"{self._name} was never started"
            assert self._nursery is not None
            begin = partial(self._nursery.start_soon, _answer, asked, what, *arguments, name=_name(what))
            self._token.run_sync_soon(begin)
            return asked.result(self._within_s)
        except TimeoutError:
            if asked.done():  # it is what was called that had none left
                raise
            called = f"`{_name(what)}` of {self._name}"
            raise NotAnswering(called, self._within_s, self._stacks()) from None
        except (trio.RunFinishedError, CancelledError):
            if self._thread is not None:
                self._thread.join(self._ends_within_s)  # only then it is known what it ended with
            raise self.ended() from None
        finally:
            self._asked.discard(asked)

    def soon(self, what: Callable[[], object]) -> None:
        """Do something in the loop as soon as it turns. Nothing happens where it has ended."""
        with suppress(trio.RunFinishedError):
            if self._token is not None:
                self._token.run_sync_soon(what)

    def end(self) -> None:
        """Cancel whatever runs, and wait. Raises `NotEnding`, and what `main` had ended by itself with."""
        self.soon(self._scope.cancel)
        self.wait()

    def wait(self) -> None:
        """Wait for the end of what was told to end. Raises as `end` does."""
        if self._thread is None:
            return
        self._thread.join(self._ends_within_s)
        if self._thread.is_alive():
            raise NotEnding(self._name, self._ends_within_s, self._stacks())
        if self._failure is not None:
            raise self._failure

    def stack(self) -> Sequence[FrameType]:
        """Where the loop's thread is at this moment, the innermost frame last."""
        frames, frame = [], sys._current_frames().get(self.thread_id)  # noqa: SLF001 - the only way
        while frame is not None:
            frames.append(frame)
            frame = frame.f_back
        return frames[::-1]

    def _run(self, main: Main) -> None:
        try:
            trio.run(self._main, main)
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            self._failure = error
        finally:
            self._up.set()
            for asked in self._asked.copy():
                asked.cancel()

    async def _main(self, main: Main) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                self._started = await nursery.start(main)
                self._up.set()

    def _stacks(self) -> Sequence[str]:
        """Where every task waits; where the loop no longer turns, where its thread is."""
        found: list[str] = []
        told = threading.Event()

        def look() -> None:
            root = trio.lowlevel.current_root_task()
            found.extend(_waiting(root) if root is not None else ())
            told.set()

        self.soon(look)
        if not told.wait(1.0):
            return ["".join(traceback.format_list(traceback.extract_stack(self.stack()[-1])[-4:]))]
        return found


class Watch:
    """Watches whether a loop turns: `blocked` holds where its thread was whenever it did not.

    Said only where one line is met again and again: a machine with too much to do stands here and there.
    `connected` holds where a connection was waited for, however short: a node that answers at once in a test
    keeps everybody waiting on the day when it hangs. `loop` gives the one that is watched now. `mine` says
    whether a frame is of what is watched: a machine that stalls, or somebody else's code, is nobody's fault
    here.
    """

    def __init__(self, loop: Callable[[], Loop], mine: Callable[[FrameType], bool], after_s: float) -> None:
        self.blocked: list[str] = []
        self.connected: list[str] = []
        self._loop = loop
        self._mine = mine
        self._after_s = after_s
        self._turned_at = time.monotonic()
        self._met: list[str] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()
        _listen(self)

    def connecting(self, connection: socket.socket) -> None:
        """Told of every connection that is about to be made in this process, in the thread that makes it."""
        loop = self._loop()
        waits = connection.gettimeout() != 0
        if waits and loop.running and loop.thread_id == threading.get_ident():
            own = [frame for frame in loop.stack() if self._mine(frame)]
            self.connected += [_line(own[-1])] if own else []

    def end(self) -> None:
        """Watch no more."""
        _LISTENING.discard(self)
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._after_s / 5):
            loop = self._loop()
            if not loop.running:
                self._turned()
                continue
            loop.soon(self._turned)
            if time.monotonic() - self._turned_at > self._after_s:
                self._look(loop)

    def _turned(self) -> None:
        self._turned_at = time.monotonic()
        self._met.clear()

    def _look(self, loop: Loop) -> None:
        own = [frame for frame in loop.stack() if self._mine(frame)]
        self._met.append(_line(own[-1]) if own else "")
        line = self._met[-1]
        if line and self._met[-_TIMES:] == [line] * _TIMES and line not in self.blocked:
            self.blocked.append(line)


async def _answer(asked: Future[Any], what: Callable[..., Awaitable[Any]], *arguments: object) -> None:
    """Do it, and hand over what comes of it."""
    try:
        answer = await what(*arguments)
    except trio.Cancelled:
        asked.cancel()
        raise
    except BaseException as error:  # noqa: BLE001 - whoever asked gets it
        asked.set_exception(error)
    else:
        asked.set_result(answer)


def _name(what: Callable[..., object]) -> str:
    called = what.func if isinstance(what, partial) else what
    return str(getattr(called, "__qualname__", called))


def _where(stacks: Sequence[str]) -> str:
    return "It is in:\n" + ("\n".join(stacks) or "(no task is left)")


def _reasons(failure: BaseException) -> Iterator[str]:
    """Each thing that went wrong, in a line."""
    if isinstance(failure, BaseExceptionGroup):
        for one in failure.exceptions:
            yield from _reasons(one)
    else:
        yield "".join(traceback.format_exception_only(failure)).strip()


_LISTENING: set[Watch] = set()
_hooked = threading.Event()


def _listen(watch: Watch) -> None:
    """Have a watch told of connections. The one hook stays: Python takes none back."""
    _LISTENING.add(watch)
    if not _hooked.is_set():
        _hooked.set()
        sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[object, ...]) -> None:
    if event == CONNECTING and _LISTENING and isinstance(arguments[0], socket.socket):
        for watch in tuple(_LISTENING):
            watch.connecting(arguments[0])


def _waiting(task: trio.lowlevel.Task) -> Iterator[str]:
    """The innermost line of every task below one that has no children of its own."""
    children = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    for child in children:
        yield from _waiting(child)
    if not children:
        frames = [frame for frame, _ in task.iter_await_frames() if not _is_trios(frame)]
        yield f"  {task.name}: {_line(frames[-1]) if frames else 'not begun'}"


def _is_trios(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] in ("trio", "contextlib")


def _line(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
