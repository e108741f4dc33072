"""The current request's body: read within its limits, and only now that the gate is passed.

A request with a body has few parameters in its URL, or none; any other is a mistake to tell, as everywhere.
"""

from typing import TypeVar

from pydantic import BaseModel
from quart import request

from paydaemon.core.errors import invalid
from paydaemon.frontends import models, strictjson
from paydaemon.frontends.errors import UnreadableBody
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import Limits

M = TypeVar("M", bound=BaseModel)


async def read(model: type[M], limits: Limits, known: tuple[str, ...] = ()) -> M:
    """The body as a model. Raises `Refusal`, or werkzeug's 408, 413 and 415, for what it cannot be.

    `known` are the parameters that there may be beside it.
    """
    _expect_json()
    data = await request.get_data()
    assert isinstance(data, bytes)
    Query(request.args, known)
    return models.check(model, strictjson.loads(data, limits.json_depth))


async def expect_none() -> None:
    """Make sure that a request which takes no body has none."""
    if await request.get_data() not in (b"", b"{}"):
        raise invalid(None, "this request takes no body", "unexpected_body")
    Query(request.args, ())


def _expect_json() -> None:
    """JSON is UTF-8 and nothing else (RFC 8259, section 8.1); nothing is unpacked for a client."""
    if request.mimetype != "application/json":
        raise UnreadableBody("Content-Type", "must be application/json")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnreadableBody("Content-Type", "must name no charset but utf-8")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnreadableBody("Content-Encoding", "is not understood here: send the body as it is")
