"""The notifier: posts one event to one endpoint, signed, and says how that went."""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

import structlog
import trio

from paydaemon.hooks.answers import told
from paydaemon.hooks.notifier import Audience, BadSetting, Notice, NotTold, Target, Told
from paydaemon.hooks.trust import trusting
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.endpoint import BadUrl, Endpoint, parse
from paydaemon_webhook.guard import why_not
from paydaemon_webhook.lines import Lines
from paydaemon_webhook.names import Names, Resolve
from paydaemon_webhook.signing import BadSecret, body_of, headers_of
from paydaemon_webhook.wire import NoWay, Way

log = structlog.get_logger(__name__)

Now = Callable[[], float]
"""Unix time in seconds."""


class WebhookNotifier:
    """``[notifiers.<id>]`` of the kind ``webhook``.

    Raises `ValueError` for certificates that cannot be used. `resolve` and `now` are the system's own.
    """

    audiences: Sequence[Audience] = ()

    def __init__(
        self, id: str, config: WebhookConfig, *, resolve: Resolve | None = None, now: Now = time.time
    ) -> None:
        self.id = id
        self._allow = config.allowed
        self._now = now
        self._agent = f"paydaemon-webhook/{version('paydaemon-webhook')}"
        look_up = resolve or Names(config.limits.lookups).look_up
        way = Way(look_up, self._allow, config.limits.connect_timeout_s)
        self._lines = Lines(way, trusting(config.ca_file), config.limits)

    def check(self, settings: Mapping[str, object]) -> Mapping[str, object]:
        """There is one, `url`."""
        for name in settings:
            if name != "url":
                raise BadSetting(name, "is no setting of a webhook")
        url = settings.get("url")
        if not isinstance(url, str):
            raise BadSetting("url", "is required" if url is None else "must be text")
        try:
            endpoint = parse(url)
            self._see_that_it_may_be(endpoint)
        except BadUrl as error:
            raise BadSetting("url", str(error)) from None
        return {"url": endpoint.url}

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Keep connections for a while."""
        task_status.started()
        await self._lines.run()

    async def tell(self, target: Target, notices: Sequence[Notice]) -> Told:
        """Post it. An endpoint has no batch, so it is one notice."""
        (notice,) = notices
        endpoint, body = _endpoint_of(target), body_of(notice)
        headers = self._headers(target, endpoint, notice, body)
        try:
            answer = await self._lines.post(target, endpoint, headers, body.encode())
        except NoWay as trouble:
            log.debug("a webhook has no way to go", target=target.id, host=endpoint.host, reason=str(trouble))
            raise NotTold(str(trouble)) from None
        return told(answer.status, answer.retry_after, self._now())

    def _headers(self, target: Target, endpoint: Endpoint, notice: Notice, body: str) -> Mapping[str, str]:
        if not target.secrets:
            raise NotTold("there is no secret to sign with, and nothing is sent unsigned")
        try:
            signed = headers_of(notice, body, target.secrets, int(self._now()))
        except BadSecret as error:
            raise NotTold(str(error)) from None
        return {
            "Host": endpoint.authority,
            "User-Agent": self._agent,
            "Content-Type": "application/json",
            "Accept": "*/*",
            **signed,
        }

    def _see_that_it_may_be(self, endpoint: Endpoint) -> None:
        """What can be known without looking the name up: that is done when it is connected to."""
        if endpoint.is_open and not self._allow:
            raise BadUrl("must begin with https://")
        if endpoint.address is not None:
            kind = why_not(endpoint.address, self._allow, listed_only=endpoint.is_open)
            if kind is not None:
                raise BadUrl(f"must not lead to {endpoint.host}: {kind}")


def _endpoint_of(target: Target) -> Endpoint:
    try:
        return parse(str(target.settings.get("url", "")))
    except BadUrl as error:
        raise NotTold(f"its URL {error}") from None
