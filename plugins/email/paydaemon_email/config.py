"""The keys of ``[notifiers.<id>]`` for a mail server."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from paydaemon.hooks.settings import Secret, Settings
from paydaemon_email.addresses import Mailbox, parse_mailbox
from paydaemon_email.limits import EmailLimits
from paydaemon_email.text import MAX_LINE, one_line

Security = Literal["starttls", "tls", "none"]
Told = Literal[
    "received", "confirmed", "late", "unmatched", "reversed", "stale", "recovered", "stopped", "resumed"
]
EVERYTHING: tuple[Told, ...] = (
    *("received", "confirmed", "late", "unmatched"),
    *("reversed", "stale", "recovered", "stopped", "resumed"),
)
BUYERS = "buyers"
"""The audience of receipts; the others are the operators, by their words."""
MAX_OPERATORS = 20
MAX_RECEIPTS = 1_000
_PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)


def _mailbox(text: str) -> str:
    parse_mailbox(text)
    return text


def _line(text: str) -> str:
    if one_line(text) != text:
        raise ValueError(f"must be one line of at most {MAX_LINE} characters, without control characters")
    return text


def _host(text: str) -> str:
    if _HOST.fullmatch(text) is None and not _is_ipv6(text):
        raise ValueError(
            'must be a name such as "smtp.shop.example", or an address; the port has its own key'
        )
    return text


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _plain(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise ValueError("must be printable ASCII")
    return text


Address = Annotated[str, AfterValidator(_mailbox)]
Name = Annotated[str, AfterValidator(_line)]


class ReceiptSettings(Settings):
    """``[[notifiers.<id>.receipts]]``: a seller whose buyers get a receipt, where the invoice has their
    address.
    """

    seller: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="The seller's id.",
    )
    name: Name = Field(
        min_length=1, description="The name that buyers know the seller by: it is the sender's."
    )
    reply_to: Address | None = Field(default=None, description="The address that buyers' answers go to.")


class EmailConfig(Settings):
    """One mail server, and whom it brings mail."""

    # What was given may be a secret in the wrong place: it is not repeated in messages.
    model_config = ConfigDict(hide_input_in_errors=True)

    host: Annotated[str, AfterValidator(_host)] = Field(
        description='The mail server that takes our mails, such as "smtp.shop.example".'
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65_535,
        description='Its port. By default 587 for "starttls", 465 for "tls" and 25 for "none".',
    )
    security: Security = Field(
        default="starttls",
        description='"starttls" begins TLS by a command and goes on by nothing else, "tls" begins with it, '
        'and "none" is for a server on this machine. Certificates are always checked.',
    )
    allow_plain: bool = Field(
        default=False,
        description='Let security = "none" also speak to another machine, where everybody on the way can '
        "read and change the mails.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="Certificates of your own authorities in PEM: the server's must then be by one of them. "
        "By default those that the system trusts.",
    )
    user: Annotated[str, AfterValidator(_plain)] | None = Field(
        default=None, min_length=1, max_length=320, description="The user to log in as."
    )
    password: Secret | None = Field(
        default=None, description='That user\'s password: { file = "/path" } or { credential = "name" }.'
    )
    timeout_s: float = Field(
        default=20.0,
        ge=1,
        le=600,
        description="Seconds without an answer after which the server counts as away.",
    )
    sender: Address = Field(description='The address that mails come from, such as "payments@shop.example".')
    sender_name: Name = Field(
        default="paydaemon", description="The name that operators' mails come from, beside that address."
    )
    operators: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")],
        Address,
    ] = Field(
        default_factory=dict,
        max_length=MAX_OPERATORS,
        description='Who is told what happens, each under a word: { ops = "ops@shop.example" }. Each gets '
        "mails of their own, so that one who cannot be reached keeps no other waiting.",
    )
    tell: tuple[Told, ...] = Field(
        default=EVERYTHING,
        description='What they are told of: "received", "confirmed", "late" (paid after its expiry), '
        '"unmatched", "reversed", "stale" and "recovered" (a chain), "stopped" and "resumed" (sales in a '
        "pair that has no rate).",
    )
    locale: str = Field(
        default="en",
        pattern=r"^[a-z]{2,8}(-[a-z0-9]{1,8}){0,4}$",
        description="The language of operators' mails, and of buyers' whose own has no templates. What has "
        "none in it is in English.",
    )
    templates: Path | None = Field(
        default=None,
        description="A folder with templates of your own: each takes the place of the one of the same name. "
        "See docs/email.md.",
    )
    receipts: tuple[ReceiptSettings, ...] = Field(default=(), max_length=MAX_RECEIPTS)
    limits: EmailLimits = EmailLimits()

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if self.given("user") is not self.given("password"):
            raise ValueError("give both user and password, or none of them")
        return self

    @model_validator(mode="after")
    def _no_password_in_the_open(self) -> Self:
        if self.security == "none" and self.allow_plain and self.given("password"):
            raise ValueError("a password is never sent in the open: allow_plain goes without one")
        return self

    @model_validator(mode="after")
    def _each_seller_once(self) -> Self:
        sellers = [receipt.seller for receipt in self.receipts]
        if len(set(sellers)) < len(sellers):
            raise ValueError("receipts: two of them are for the same seller")
        return self

    @model_validator(mode="after")
    def _buyers_are_no_operator(self) -> Self:
        if BUYERS in self.operators:
            raise ValueError(f'operators: "{BUYERS}" is what those are called who get receipts')
        return self

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if not self.operators and not self.receipts:
            raise ValueError("there is nobody to tell: give operators, or receipts, or both")
        return self

    @property
    def server_port(self) -> int:
        """The port, configured or usual."""
        return self.port or _PORTS[self.security]

    @property
    def server_name(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.server_port}"

    @property
    def sender_mailbox(self) -> Mailbox:
        """Where mails come from."""
        return parse_mailbox(self.sender)
