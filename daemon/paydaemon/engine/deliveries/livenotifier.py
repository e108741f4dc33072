"""Live notifiers: the configured ways to tell others while they run, each a stranger's code.

Whatever one does, raises or does not do comes out as an `Answer`.
"""

import math
from collections.abc import Mapping, Sequence

import structlog
import trio

from paydaemon.core.errors import Refusal, invalid, unavailable
from paydaemon.core.retrying import Answer
from paydaemon.engine.deliveries.limits import DeliveryLimits
from paydaemon.engine.deliveries.measures import NotifierMeasures
from paydaemon.hooks.notifier import Audience, BadSetting, Notice, Notifier, NotTold, Target, Told

log = structlog.get_logger(__name__)

MAX_REASON = 500
"""The most characters that are kept of what a recipient, or a notifier, said."""
MAX_STATUS = 10**6


class LiveNotifier:
    """One configured notifier. Whom its configuration names is asked once, when this is made."""

    def __init__(
        self, notifier: Notifier, plugin: str, limits: DeliveryLimits, *, endpoints: bool = False
    ) -> None:
        self.id = notifier.id
        self.plugin = plugin
        self.endpoints = endpoints
        self.audiences: Mapping[str, Audience] = {one.name: one for one in notifier.audiences}
        self.measures = NotifierMeasures()
        self._notifier = notifier
        self._limits = limits
        self._up = trio.Event()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run it, to be supervised. Nothing is told before it is up, or after it has ended."""
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._notifier.run)
                self._up.set()
                task_status.started()
        finally:
            self._up = trio.Event()

    @property
    def is_up(self) -> bool:
        """Whether anything can be told now."""
        return self._up.is_set()

    async def up(self) -> None:
        """Wait until it is."""
        await self._up.wait()

    def batch(self, name: str | None) -> int:
        """How many notices may be handed over at once; `name` is the audience's, None for an endpoint."""
        return 1 if name is None or name not in self.audiences else self.audiences[name].batch

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """An endpoint's settings as they are to be kept. Raises `Refusal`."""
        try:
            return dict(self._notifier.check(settings))
        except BadSetting as error:
            raise invalid(error.field, error.reason) from None
        except Refusal:
            raise
        except Exception as error:
            log.warning("a notifier could not check an endpoint", notifier=self.id, exc_info=error)
            raise unavailable("notifier_failed", f"the notifier {self.id} could not check this") from error

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Answer:
        """Have it told, in time."""
        began_s = trio.current_time()
        answer = await self._tell(target, notices)
        self.measures.tried(answer, trio.current_time() - began_s)
        return answer

    async def _tell(self, target: Target, notices: Sequence[Notice]) -> Answer:
        within_s = self._limits.notice_timeout_s
        try:
            with trio.move_on_after(within_s):
                return _taken(await self._notifier.tell(target, notices))
        except NotTold as error:
            return _not_taken(error)
        # A plugin that calls sys.exit() ends this call, not the daemon.
        except (Exception, SystemExit) as error:
            log.warning("a notifier failed", notifier=self.id, target=target.id, exc_info=error)
            # What an exception says may hold a secret, and sellers are shown this.
            return Answer(False, reason=f"the notifier failed: {type(error).__name__}", target_down=True)
        return Answer(False, reason=f"it took longer than {within_s:g} s", target_down=True)


def _taken(told: object) -> Answer:
    if not isinstance(told, Told):
        raise TypeError(f"tell() returned {type(told).__name__}, not Told")
    return Answer(True, _status(told.status), _line(told.detail))


def _not_taken(error: NotTold) -> Answer:
    asked_s: object = error.retry_after_s
    usable = isinstance(asked_s, int | float) and math.isfinite(asked_s)
    return Answer(
        False,
        _status(error.status),
        _line(error.reason),
        retry_after_s=float(asked_s) if usable and isinstance(asked_s, int | float) else None,
        for_good=bool(error.for_good),
        target_down=bool(error.target_down),
    )


def _status(status: object) -> int | None:
    return status if isinstance(status, int) and abs(status) < MAX_STATUS else None


def _line(text: object) -> str:
    return " ".join(str(text).split())[:MAX_REASON]
