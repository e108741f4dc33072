"""What bodies about webhooks may say. What a URL may be, the notifier that posts to it decides alone."""

from typing import Annotated

from pydantic import Field

from paydaemon.core.events import EventType
from paydaemon.engine.deliveries import EndpointRequest
from paydaemon.frontends.models import Body, Id, Line

EventTypes = Annotated[list[Annotated[EventType, Field(strict=False)]], Field(max_length=len(EventType))]
Description = Annotated[Line, Field(max_length=200)]


class NewWebhook(Body):
    """Where events are to be sent."""

    url: str = Field(
        description="Where they are posted to: an https:// URL of at most 2,048 characters, without user and "
        "password. A host beyond ASCII is kept as the DNS knows it.",
        examples=["https://shop.example/hooks/paydaemon"],
        json_schema_extra={"pattern": "^https?://"},
    )
    types: EventTypes = Field(
        default_factory=list,
        description="The types of events that are sent; none means any.",
        examples=[["invoice.settled", "invoice.expired"]],
    )
    description: Description | None = Field(
        None, description="A note to yourself, in one line.", examples=["The shop's own"]
    )
    seller_id: Id | None = Field(
        None,
        description="Whose events are sent. With an operator's key, none means every seller's and those that "
        "are nobody's; a seller's key need not say it.",
        examples=["shop"],
    )

    def request(self) -> EndpointRequest:
        """The same, as the engine takes it."""
        return EndpointRequest(
            {"url": self.url}, frozenset(self.types), self.description, seller_id=self.seller_id
        )


class ChangedWebhook(Body):
    """What is to be another way with a webhook; what is not given stays as it is."""

    url: str | None = Field(
        None,
        description="Where events are posted to, as when it is made.",
        examples=["https://shop.example/hooks/new"],
        json_schema_extra={"pattern": "^https?://"},
    )
    types: EventTypes | None = Field(
        None,
        description="The types of events that are sent from now on; an empty list means any.",
        examples=[["invoice.settled"]],
    )
    description: Description | None = Field(
        None, description="A note to yourself; an empty one takes it away.", examples=["Not in use yet"]
    )
    disabled: bool | None = Field(
        None,
        description="Whether nothing is sent. What happens meanwhile is not sent later either.",
        examples=[True],
    )

    def request(self) -> EndpointRequest:
        """The same, as the engine takes it."""
        return EndpointRequest(
            None if self.url is None else {"url": self.url},
            None if self.types is None else frozenset(self.types),
            self.description,
            self.disabled,
        )


class Redelivery(Body):
    """What is to be sent once more."""

    id: Annotated[str, Field(min_length=1, max_length=64, pattern="^(evt|dlv)_")] = Field(
        description="The id of an event that this webhook may be told, or of a delivery to it.",
        examples=["evt_9f2c41d7_1042", "dlv_q7wn2x5kzr4mhv6tcl3bydps"],
    )
