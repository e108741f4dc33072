"""The keys of ``[notifiers.<id>]`` for a publisher."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from paydaemon.hooks.settings import ChainId, Secret, Settings
from paydaemon.hooks.trust import own_authorities
from paydaemon_socketio.publisher.address import is_open, socket_address, web_address
from paydaemon_socketio.publisher.limits import PublisherLimits


class PublisherConfig(Settings):
    """One publisher, and how it is told."""

    url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None,
        description="Where it is told: each relay is posted there, signed. The older payment server had it "
        "as PUBLISHER_SERVER and PUBLISHER_API_POST. Either this or socket_url.",
    )
    key: Secret | None = Field(
        default=None,
        description='The secret key that is signed with, Ed25519 in hex: { file = "/path" } or '
        '{ credential = "name" }. "paydaemon publisher-key" makes one.',
    )
    socket_url: Annotated[str, AfterValidator(socket_address)] | None = Field(
        default=None,
        description="The publisher's Socket.IO server, for one that has nothing to post to. Nothing is "
        "signed there.",
    )
    allow_plain: bool = Field(
        default=False,
        description="Let http:// also lead to another machine, where everybody on the way can read what is "
        "told, and answer for the publisher.",
    )
    ca_file: Path | None = own_authorities()
    seller: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="The seller whose relays it is told of. By default everybody's, and those that are "
        "nobody's.",
    )
    chain: ChainId = Field(default="hedera", description="The chain whose relays it is told of, by its id.")
    limits: PublisherLimits = PublisherLimits()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.given("url") is self.given("socket_url"):
            raise ValueError("give either url or socket_url")
        return self

    @model_validator(mode="after")
    def _a_key_for_what_is_signed(self) -> Self:
        if self.given("url") is not self.given("key"):
            raise ValueError("give a key with url, where all is signed, and none with socket_url")
        return self

    @model_validator(mode="after")
    def _nothing_in_the_open(self) -> Self:
        for name, url in (("url", self.url), ("socket_url", self.socket_url)):
            if url is not None and is_open(url) and not self.allow_plain:
                raise ValueError(f"{name} must begin with https://, or allow_plain be true")
        return self
