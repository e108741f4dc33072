"""``/v1/plugins``, as `frontends.routes.plugins` serves it."""

from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.operation import Answer, Needs, Operation, Tag
from paydaemon.frontends.openapi.schema import ref

LIST = Operation(
    id="listPlugins",
    method="GET",
    path="/v1/plugins",
    summary="List plugins",
    description="The installed ones, and how each is doing.",
    answers=(Answer("All of them.", ref("Plugins"), samples.page(samples.PLUGIN)),),
    needs=Needs.OPERATOR,
)

TAG = Tag("Plugins", "Chains and rate sources come from plugins.", (LIST,))
