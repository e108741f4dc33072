"""What is to go wrong: faults that somebody armed, each for so many calls or until it is cleared.

A node asks at every point where one can strike; the first that fits is used up by one.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.precheck import Stage

MAX_FAULTS = 1_000
MAX_DELAY_MS = 600_000


class Call(StrEnum):
    """What somebody asks of a node or of the mirror node."""

    SUBMIT = "submit"
    RECEIPT = "receipt"
    RECORD = "record"
    FILE = "file"
    MIRROR = "mirror"


class Kind(StrEnum):
    """What goes wrong.

    `code` answers a response code; a submission is refused where a node's own checks would say so.
    `drop_before` breaks the call before it took effect and `drop_after` after; `hang` lets it take effect and
    never answers. `latency` answers late. `http` lets the mirror node answer a status; `hold` lets it learn
    of the next transaction later than of those behind it.
    """

    CODE = "code"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    HANG = "hang"
    LATENCY = "latency"
    HTTP = "http"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is to go wrong, `times` times (None: always). `node` None means any.

    `code` is a response code of Hedera, or a status of HTTP. `delay_ms` is how long a hang, a latency or a
    hold is.
    """

    kind: Kind
    call: Call = Call.SUBMIT
    node: int | None = None
    times: int | None = 1
    code: int = 0
    delay_ms: int = 0


_STAGES = {
    rc.PLATFORM_NOT_ACTIVE: Stage.PLATFORM,
    rc.CREATING_SYSTEM_ENTITIES: Stage.PLATFORM,
    rc.WAITING_FOR_LEDGER_ID: Stage.PLATFORM,
    rc.PLATFORM_TRANSACTION_NOT_CREATED: Stage.CREATION,
}
"""Where in a node's checks a code belongs; all others come at the throttle, as BUSY does."""


class Faults:
    """All that are armed, in order. Safe to use from several threads."""

    def __init__(self, armed: Sequence[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._armed = list(armed)

    @property
    def armed(self) -> tuple[Fault, ...]:
        """What will go wrong."""
        with self._lock:
            return tuple(self._armed)

    def arm(self, fault: Fault) -> None:
        """Add one behind the others. Raises `ValueError` where there are too many."""
        with self._lock:
            if len(self._armed) >= MAX_FAULTS:
                raise ValueError(f"there are {MAX_FAULTS} faults already")
            self._armed.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._armed.clear()

    def strike(self, kind: Kind, call: Call, node: int | None = None) -> Fault | None:
        """Use up the first fault of this kind that fits, or None."""
        return self._take(lambda fault: _fits(fault, kind, call, node))

    def code_at(self, stage: Stage, node: int) -> "rc.ResponseCodeEnum | None":
        """The code that strikes a submission at this stage of a node's checks."""
        fault = self._take(
            lambda fault: (
                _fits(fault, Kind.CODE, Call.SUBMIT, node)
                and _STAGES.get(_code(fault), Stage.THROTTLE) is stage
            )
        )
        return None if fault is None else _code(fault)

    def _take(self, fits: Callable[[Fault], bool]) -> Fault | None:
        with self._lock:
            for place, fault in enumerate(self._armed):
                if fits(fault):
                    self._use_up(place, fault)
                    return fault
        return None

    def _use_up(self, place: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._armed[place] = replace(fault, times=fault.times - 1)
        else:
            del self._armed[place]


def _fits(fault: Fault, kind: Kind, call: Call, node: int | None) -> bool:
    return fault.kind is kind and fault.call is call and fault.node in (None, node)


def _code(fault: Fault) -> rc.ResponseCodeEnum:
    return cast("rc.ResponseCodeEnum", fault.code)
