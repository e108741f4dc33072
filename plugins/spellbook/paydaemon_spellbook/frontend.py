"""The older payment processor's routes: what can be asked for, by which method, and how it is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

import trio

from paydaemon.core.errors import Refusal
from paydaemon.hooks.frontend import Access, Answer, FrontendHost, Request, Route
from paydaemon_spellbook import asked, errors
from paydaemon_spellbook.asked import Fields
from paydaemon_spellbook.config import SpellbookConfig
from paydaemon_spellbook.errors import AsBefore
from paydaemon_spellbook.processor import Processor
from paydaemon_spellbook.shown import Value, encoded

Shown = Mapping[str, Value] | None


class Trigger(NamedTuple):
    """Something that can be asked for, and by which method."""

    method: str
    run: Callable[[Processor, Request, Fields], Awaitable[Shown]]


TRIGGERS: Mapping[str, Trigger] = {
    "PaymentProcessorNewPayment": Trigger("POST", Processor.new_payment),
    "PaymentProcessorPaymentStatus": Trigger("GET", Processor.status),
    "PaymentProcessorTransactionReceived": Trigger("POST", Processor.transaction_received),
}


class SpellbookFrontend:
    """Speaks to clients of the older payment processor."""

    def __init__(self, id: str, config: SpellbookConfig) -> None:
        self.id = id
        self._config = config
        self._processor: Processor | None = None
        self._routes = (
            Route("/spellbook/triggers/<name>/post", ("POST",), self.answer, Access.LOOPBACK),
            Route("/spellbook/triggers/<name>/get", ("GET",), self.answer, Access.LOOPBACK),
            Route("/api/<name>", ("GET", "POST"), self.answer, Access.LOOPBACK),
        )

    @property
    def routes(self) -> Sequence[Route]:
        """Each trigger has two addresses, as it had there."""
        return self._routes

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Nothing goes on between requests: they are answered while this runs."""
        self._processor = Processor(self._config, host)
        task_status.started()
        await trio.sleep_forever()

    async def answer(self, request: Request) -> Answer:
        """Answer a request, or tell in the older system's form why not."""
        try:
            shown = await self._ask(request)
        except AsBefore as known:
            return _error(HTTPStatus.OK, str(known))
        except Refusal as refusal:
            return _error(*errors.told(refusal))
        return Answer() if shown is None else Answer(body=encoded(shown))

    async def _ask(self, request: Request) -> Shown:
        assert self._processor is not None, "nothing is asked before this runs"
        name = request.values["name"]
        trigger = TRIGGERS.get(name)
        if trigger is None:
            raise errors.unknown_trigger(name)
        if trigger.method != request.method:
            raise errors.other_trigger(name, request.method, trigger.method)
        return await trigger.run(self._processor, request, asked.fields(request))


def _error(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(status.value, encoded({"error": sentence}))
