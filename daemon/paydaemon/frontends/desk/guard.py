"""The desk's guard: for whom it is there, and whether a form was really sent by one of its pages.

Of a foreign page a browser says so, by ``Sec-Fetch-Site`` or at least by ``Origin``, and no page can make it
say otherwise (https://www.w3.org/TR/fetch-metadata/, RFC 6454). A request that changes something and says
neither is refused. Beside that each form holds the token of its session, and the cookie is
``SameSite=Strict``: any one of the three would do.
"""

from quart import Request
from werkzeug.datastructures import Headers

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.engine.sessions import Visit
from paydaemon.frontends import addresses
from paydaemon.frontends.errors import UnreadableBody
from paydaemon.frontends.gate import origin_of
from paydaemon.frontends.settings import FrontendSettings
from paydaemon.frontends.strictjson import dotted

TOKEN = "token"
FORM = "application/x-www-form-urlencoded"

SAME = "same-origin"
"""What a browser says of a request that a page of ours makes."""


def is_inside(asked: Request, settings: FrontendSettings) -> bool:
    """Whether the desk is there for whoever asks. Through the Unix socket nobody asks."""
    address = addresses.client_of(asked, settings.trusted_proxies)
    return address is not None and addresses.is_trusted(address, settings.desk.allow)


def is_own_page(headers: Headers, public_url: str) -> bool:
    """Whether a browser says that a request comes from a page of this origin.

    What it says of the site counts first: it is right also where the pages are reached by another name than
    the public one, such as through a tunnel.
    """
    site, origin = headers.get("Sec-Fetch-Site"), headers.get("Origin")
    return site == SAME if site is not None else origin == origin_of(public_url)


def require_own_page(headers: Headers, public_url: str) -> None:
    """Raises `Refusal` where a request to change something does not come from a page of the desk."""
    if not is_own_page(headers, public_url):
        raise Refusal(
            ErrorType.PERMISSION, "foreign_origin", "this was not sent by a page of the desk", "Origin"
        )


async def form(asked: Request, visit: Visit | None, known: tuple[str, ...]) -> dict[str, str]:
    """The fields of a form. With a visit, the token of its session is among them.

    Raises `Refusal` for a form without it, and for fields that it does not have.
    """
    if asked.mimetype != FORM:
        raise UnreadableBody("Content-Type", f"must be {FORM}")
    fields = await asked.form
    given = {name: fields.getlist(name) for name in fields}
    token = given.pop(TOKEN, [""])
    if visit is not None and (len(token) > 1 or not visit.is_token(token[0])):
        raise Refusal(ErrorType.PERMISSION, "foreign_origin", "this form is not of this session", TOKEN)
    for name, values in given.items():
        if name not in known or len(values) > 1:
            raise Refusal(
                ErrorType.INVALID_REQUEST, "unknown_field", "is not a field of this form", dotted([name])
            )
    return {name: values[0] for name, values in given.items()}
