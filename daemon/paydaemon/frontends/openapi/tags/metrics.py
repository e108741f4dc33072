"""``/metrics``, as `frontends.routes.metrics` serves it."""

from paydaemon.frontends.openapi.operation import PROMETHEUS, Answer, Needs, Operation, Tag

SCRAPE = Operation(
    id="scrapeMetrics",
    method="GET",
    path="/metrics",
    summary="Scrape the metrics",
    description="What every part of the daemon has counted, in Prometheus' text format. Amounts in it are "
    "approximate: they are for graphs.",
    answers=(Answer("All metrics.", media=PROMETHEUS),),
    needs=Needs.OPERATOR,
)

TAG = Tag("Metrics", "For Prometheus.", (SCRAPE,))
