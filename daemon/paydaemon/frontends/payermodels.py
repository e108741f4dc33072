"""What payers may say, as strict models: see `paydaemon.frontends.models`."""

from typing import Annotated

from pydantic import Field

from paydaemon.frontends.models import SIGNED, Body

MAX_NODES = 100
Account = Annotated[str, Field(min_length=1, max_length=100)]


class NewPreparation(Body):
    """Who is to pay an invoice, and in what."""

    payer: Account = Field(description="The account that pays.", examples=["0.0.1002"])
    asset: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None,
        description="The `asset` of the option that is to be paid; it can be left out where there is one on "
        "this chain.",
        examples=["HBAR"],
    )
    nodes: Annotated[list[Account], Field(max_length=MAX_NODES)] = Field(
        [],
        description="The nodes that the wallet knows: one of them is chosen, if it is known here too.",
        examples=[["0.0.3", "0.0.4"]],
    )


class NewPayment(Body):
    """A signed transaction that pays the invoice in the path."""

    transaction: Annotated[str, Field(min_length=1)] = Field(
        description=SIGNED, examples=["CqoBKqcBCmMKGQoLCI7ErsYGEAEYABIICAAQABiqCBgAEgYIABAAGAMY"]
    )
