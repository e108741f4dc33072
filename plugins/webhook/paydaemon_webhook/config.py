"""The keys of ``[notifiers.<id>]`` for webhooks."""

from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from paydaemon.hooks.settings import Settings
from paydaemon.hooks.trust import own_authorities
from paydaemon_webhook.guard import Network
from paydaemon_webhook.limits import WebhookLimits

MAX_NETWORKS = 100


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError('must be a network such as "10.0.0.0/8", or an address') from error
    if network.prefixlen == 0:
        raise ValueError("must not be every address: that would be no list")
    return text


class WebhookConfig(Settings):
    """Where webhooks may lead, and how long they may take."""

    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(),
        max_length=MAX_NETWORKS,
        description="Networks beside the public ones that endpoints may be in, such as "
        '["10.0.0.0/8", "::1/128"]; there, and only there, http:// will do. Whoever may make webhooks then '
        "reaches all that listens in them.",
    )
    ca_file: Path | None = own_authorities()
    limits: WebhookLimits = WebhookLimits()

    @property
    def allowed(self) -> Sequence[Network]:
        """`allow`, as networks."""
        return tuple(ip_network(text) for text in self.allow)
