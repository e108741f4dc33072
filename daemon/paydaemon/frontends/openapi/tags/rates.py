"""``/v1/rates``, as `frontends.routes.rates` serves it."""

from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import Answer, Operation, Tag
from paydaemon.frontends.openapi.schema import ref

LIST = Operation(
    id="listRates",
    method="GET",
    path="/v1/rates",
    summary="List rates",
    description="What every source last said.",
    answers=(Answer("All of them.", ref("Rates"), samples.page(samples.RATE)),),
)

TAG = Tag("Rates", "The prices that amounts due are worked out by.", (LIST,))
