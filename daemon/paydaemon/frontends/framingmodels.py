"""Who may frame a seller's checkout pages, as a strict model: see `paydaemon.frontends.models`."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from paydaemon.config.addresses import parse_origin
from paydaemon.frontends.models import Body

MAX_FRAME_ANCESTORS = 50
MAX_ORIGIN = 300


def _origin(text: str) -> str:
    """As the configuration takes one. It ends up in a header's directive: nothing in it may end that."""
    try:
        return parse_origin(text)
    except ValueError as error:
        raise PydanticCustomError("not_an_origin", "{message}", {"message": str(error)}) from None


Origin = Annotated[str, Field(max_length=MAX_ORIGIN), AfterValidator(_origin)]


class Framing(Body):
    """Which pages may show a seller's checkout pages inside of them."""

    frame_ancestors: Annotated[list[Origin], Field(max_length=MAX_FRAME_ANCESTORS)] | None = Field(
        description='Their origins, or "*" for every page; none where the list is empty. Null leaves it to '
        "`checkout.frame_ancestors` of the configuration.",
        examples=[["https://shop.example"]],
    )
