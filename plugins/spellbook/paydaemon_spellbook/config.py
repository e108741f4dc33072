"""The keys of ``[frontends.<id>]`` for clients of the older payment processor."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paydaemon.hooks.settings import ChainId, Settings

MAX_SELLERS = 100
"""A request for a status does not say whose it is: each seller's invoices are looked through for it."""

SELLER = r"^[a-z0-9][a-z0-9_-]*$"

Seller = Annotated[str, Field(min_length=1, max_length=64, pattern=SELLER)]
ClientsName = Annotated[str, Field(min_length=1, max_length=200)]


class SpellbookConfig(Settings):
    """Which sellers these clients sell for, and on what terms."""

    chain: ChainId = Field(
        default="bitcoin",
        description="The chain that these clients are paid on. It must pay to an address alone.",
    )
    seller: Seller | None = Field(
        default=None,
        description="The seller that they sell for, unless the seller_id that they send is among sellers.",
        examples=["shop"],
    )
    sellers: dict[ClientsName, Seller] = Field(
        default_factory=dict,
        max_length=MAX_SELLERS,
        description='Sellers by the seller_id that clients send: { company1 = "shop" }. Any other is for '
        "seller, and is refused where that is not set.",
    )
    expires_in_s: int | None = Field(
        default=None,
        ge=60,
        le=604_800,
        description="How many seconds a payment request can be paid in time. By default [invoices] "
        "expires_in_s; the older system took the old rate for a week, which is 604800.",
        examples=[900],
    )
    late: Literal["hold", "settle"] | None = Field(
        default=None,
        description='What happens to a payment request that is paid late: "hold" or "settle". By default '
        "[invoices] late.",
        examples=["hold"],
    )

    @model_validator(mode="after")
    def _somebody_sells(self) -> Self:
        if not self.given("seller") and not self.given("sellers"):
            raise ValueError("give seller, or sellers, or both: whom do these clients sell for?")
        return self

    def seller_of(self, seller_id: str) -> str | None:
        """The seller that a client's `seller_id` stands for; None where it stands for nobody."""
        return self.sellers.get(seller_id, self.seller)

    @property
    def all_sellers(self) -> tuple[str, ...]:
        """Every seller that these clients may sell for, once."""
        default = () if self.seller is None else (self.seller,)
        return tuple(dict.fromkeys((*default, *self.sellers.values())))
