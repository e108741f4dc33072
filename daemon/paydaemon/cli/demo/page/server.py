"""Where the page is: on loopback, on any free port, at a path that nobody can guess."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
from quart import Response
from quart_trio import QuartTrio

from paydaemon.cli.demo.page.payers import Payers
from paydaemon.cli.demo.page.routes import blueprint
from paydaemon.cli.demo.page.sheet import Sheet
from paydaemon.cli.demo.playground import HOST, Playground
from paydaemon.frontends import FrontendSettings, Limits, open_tcp, serve

SECRET_BYTES = 12

BODY_BYTES = 1_024
"""A form of the page has two short fields at most."""


@asynccontextmanager
async def page_open(ground: Playground) -> AsyncIterator[str]:
    """The page of a playground, until the block ends; gives its link."""
    async with open_tcp((HOST, 0)) as listener, trio.open_nursery() as nursery:
        origin, path = f"http://{listener}", f"/{secrets.token_urlsafe(SECRET_BYTES)}"
        settings = FrontendSettings(origin, limits=Limits(body_bytes=BODY_BYTES))
        app = QuartTrio(__name__, static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES
        app.after_request(_stamp)
        payers = Payers(ground, nursery)
        app.register_blueprint(blueprint(ground, payers, Sheet(ground.api, origin), origin, path))
        await nursery.start(partial(serve, app, [listener], settings, stop=trio.Event()))
        yield f"{origin}{path}/"
        nursery.cancel_scope.cancel()


async def _stamp(answer: Response) -> Response:
    """Nobody keeps an answer, or takes it for something else: there are keys and cookies in them."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
