"""A portal: a trio run in a thread of its own, for callers that are not async."""

import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

import trio

T = TypeVar("T")
C = TypeVar("C")


class Portal(Generic[C]):
    """Enters an async context manager and keeps it open until `close`; `value` is what it gave."""

    value: C

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[C]]) -> None:
        self._opened = opened
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()
        self._check()

    def __call__(self, fn: Callable[..., Awaitable[T]], *args: object) -> T:
        """Run an async function there, and return what it returns."""
        return trio.from_thread.run(fn, *args, trio_token=self._token)

    def close(self) -> None:
        """Leave the context manager. Raises whatever went wrong in it."""
        if self._thread.is_alive() and self._error is None:
            trio.from_thread.run_sync(self._stop.set, trio_token=self._token)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            self._error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._stop = trio.Event()
        async with self._opened() as self.value:
            self._ready.set()
            await self._stop.wait()
