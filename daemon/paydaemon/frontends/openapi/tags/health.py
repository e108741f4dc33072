"""``/healthz`` and ``/readyz``, as `frontends.routes.health` serves them."""

from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import Answer, Needs, Operation, Tag
from paydaemon.frontends.openapi.schema import ref

ALIVE = Operation(
    id="isAlive",
    method="GET",
    path="/healthz",
    summary="Does it live?",
    description="For as long as the daemon answers at all: what a supervisor restarts by.",
    answers=(Answer("It does.", ref("Alive"), {"status": "ok"}),),
    needs=Needs.NOTHING,
)

READY = Operation(
    id="isReady",
    method="GET",
    path="/readyz",
    summary="Can it take an order?",
    description="It can while the database answers and at least one chain can be offered. Either way it "
    "tells each part apart.",
    answers=(
        Answer("It can.", ref("Readiness"), samples.READY),
        Answer(
            "It cannot.",
            ref("Readiness"),
            {**samples.READY, "status": "unavailable", "chains": [{**samples.CHAIN, "state": "stale"}]},
            status=503,
        ),
    ),
    needs=Needs.NOTHING,
)

TAG = Tag("Health", "For whoever restarts or balances.", (ALIVE, READY))
