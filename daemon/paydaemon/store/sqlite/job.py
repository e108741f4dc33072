"""A job: one function on its way to the writer, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

import trio

from paydaemon.store.port import Transaction

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Job(Generic[T]):
    """A function for one transaction, with the task that waits for its answer where one does."""

    fn: Callable[[Transaction], T]
    waiter: trio.lowlevel.Task | None = None
    _result: T | None = field(default=None, init=False)
    _error: BaseException | None = field(default=None, init=False)

    def succeeded(self, result: T) -> None:
        """The function returned; this holds only once the batch is committed."""
        self._result, self._error = result, None

    def failed(self, error: BaseException) -> None:
        """The function raised, or its batch failed."""
        self._result, self._error = None, error

    def answer(self) -> T:
        """What the function returned. Raises what it raised, or `StoreUnavailable`."""
        error, self._error = self._error, None
        if error is None:
            return cast(T, self._result)
        try:
            raise error
        finally:
            del error  # its traceback holds this frame
