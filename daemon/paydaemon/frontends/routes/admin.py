"""``/admin/v1``: sellers, keys and backups. Only the Unix socket's application has these routes."""

from importlib.metadata import version

from quart import Blueprint, Response, request

from paydaemon.core.acts import act
from paydaemon.core.events import EventType
from paydaemon.engine.api import Api
from paydaemon.frontends import body, wire
from paydaemon.frontends.framingmodels import Framing
from paydaemon.frontends.gate import principal
from paydaemon.frontends.models import MadeBackup, NewSeller
from paydaemon.frontends.requests import Query
from paydaemon.frontends.settings import FrontendSettings


def blueprint(api: Api, settings: FrontendSettings) -> Blueprint:
    """Sellers, keys and backups. A key's secret is told in the answer that made it, and never again."""
    routes = Blueprint("admin", __name__, url_prefix="/admin/v1")

    @routes.get("/daemon")
    async def daemon() -> Response:
        Query(request.args, ())
        return wire.answer({"public_url": settings.public_url, "version": version("paydaemon")})

    _add_sellers(routes, api, settings)
    _add_keys(routes, api)

    @routes.post("/backups")
    async def note_backup() -> Response:
        made = (await body.read(MadeBackup, settings.limits)).model_dump()
        await api.note(act(EventType.ADMIN_BACKUP_MADE, principal(), **made))
        return wire.answer(made, 201)

    return routes


def _add_sellers(routes: Blueprint, api: Api, settings: FrontendSettings) -> None:
    @routes.post("/sellers")
    async def add_seller() -> Response:
        asked = await body.read(NewSeller, settings.limits)
        made = await api.accounts.add_seller(asked.id, asked.name, by=principal())
        return wire.answer(wire.new_key(made), 201)

    @routes.get("/sellers")
    async def sellers() -> Response:
        Query(request.args, ())
        return wire.answer(wire.page([wire.seller(known) for known in await api.accounts.sellers()]))

    @routes.post("/sellers/<id:id>/disable")
    async def disable(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.seller(await api.accounts.set_disabled(id, True, by=principal())))

    @routes.post("/sellers/<id:id>/enable")
    async def enable(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.seller(await api.accounts.set_disabled(id, False, by=principal())))

    @routes.post("/sellers/<id:id>/frames")
    async def frames(id: str) -> Response:
        asked = await body.read(Framing, settings.limits)
        return wire.answer(
            wire.seller(await api.accounts.set_frames(id, asked.frame_ancestors, by=principal()))
        )

    @routes.post("/sellers/<id:id>/rotate")
    async def rotate(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.new_key(await api.accounts.rotate(id, by=principal())), 201)


def _add_keys(routes: Blueprint, api: Api) -> None:
    @routes.post("/operators")
    async def add_operator() -> Response:
        await body.expect_none()
        return wire.answer(wire.new_key(await api.accounts.add_operator_key(by=principal())), 201)

    @routes.get("/keys")
    async def keys() -> Response:
        Query(request.args, ())
        return wire.answer(wire.page([wire.key(known) for known in await api.accounts.keys()]))

    @routes.post("/keys/<id:id>/revoke")
    async def revoke(id: str) -> Response:
        await body.expect_none()
        return wire.answer(wire.key(await api.accounts.revoke(id, by=principal())))
