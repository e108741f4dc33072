"""Deliveries: who is told, what waits or is parked, what was tried, and trying it again. For operators."""

from quart import Blueprint, Response, request

from paydaemon.core.delivery import DeliveryState
from paydaemon.engine.api import Api
from paydaemon.engine.deliveries import Wish
from paydaemon.frontends.desk import guard
from paydaemon.frontends.desk.fields import filled_in
from paydaemon.frontends.desk.invoices import PAGE
from paydaemon.frontends.desk.render import Renderer, go_to, principal, visit

TARGETS_SHOWN = 200


def add_pages(routes: Blueprint, api: Api, renderer: Renderer) -> None:
    """``/desk/deliveries`` and ``/desk/targets``."""

    @routes.get("/desk/deliveries")
    async def deliveries() -> Response:
        principal().require_operator()
        query = filled_in(("target", "state", "cursor", "targets"))
        target, state = query.target("target"), query.one_of("state", DeliveryState)
        found = await api.records.page(
            principal(), Wish(target, state), cursor=query.id("cursor"), limit=PAGE + 1
        )
        targets = await api.records.targets(
            principal(), cursor=query.target("targets"), limit=TARGETS_SHOWN + 1
        )
        return renderer.page(
            "deliveries.html",
            deliveries=found[:PAGE],
            next_cursor=found[PAGE - 1].id if len(found) > PAGE else None,
            targets=targets[:TARGETS_SHOWN],
            more_targets=targets[TARGETS_SHOWN - 1].target.id if len(targets) > TARGETS_SHOWN else None,
            states=list(DeliveryState),
            target=target or "",
            state=state,
        )

    @routes.get("/desk/deliveries/<id:id>")
    async def delivery(id: str) -> Response:
        principal().require_operator()
        return renderer.page("delivery.html", view=await api.records.one(principal(), id))

    @routes.post("/desk/deliveries/<id:id>/retry")
    async def retry(id: str) -> Response:
        principal().require_operator()
        await guard.form(request, visit(), ())
        await api.records.retry(principal(), id)
        return go_to(f"deliveries/{id}")

    @routes.post("/desk/targets/<target:id>/retry")
    async def retry_parked(id: str) -> Response:
        principal().require_operator()
        await guard.form(request, visit(), ())
        await api.records.retry_parked(principal(), id)
        return go_to("deliveries")
