"""The current request's body: read within its limits, and only now that the gate is passed."""

from typing import TypeVar

from pydantic import BaseModel
from quart import request
from werkzeug.exceptions import UnsupportedMediaType

from paydaemon.core.errors import invalid
from paydaemon.frontends import requests, strictjson
from paydaemon.frontends.settings import Limits

M = TypeVar("M", bound=BaseModel)


async def read(model: type[M], limits: Limits) -> M:
    """The body as a model. Raises `Refusal`, or werkzeug's 408, 413 and 415, for what it cannot be."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    data = await request.get_data()
    assert isinstance(data, bytes)
    return requests.check(model, strictjson.loads(data, limits.json_depth))


async def expect_none() -> None:
    """Make sure that a request which takes no body has none."""
    if await request.get_data() not in (b"", b"{}"):
        raise invalid(None, "this request takes no body", "unexpected_body")
