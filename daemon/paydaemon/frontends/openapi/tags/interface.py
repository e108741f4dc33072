"""``/openapi.json`` and ``/docs``, as `frontends.routes.interface` serves them: this document itself."""

from paydaemon.frontends.openapi.operation import CSS, HTML, Answer, Needs, Operation, Tag

DOCUMENT = Operation(
    id="showDocument",
    method="GET",
    path="/openapi.json",
    summary="Show this document",
    description="OpenAPI 3.1. On the Unix socket it has the operations of administration too.",
    answers=(Answer("The document.", {"type": "object", "additionalProperties": True}),),
    needs=Needs.NOTHING,
)

PAGE = Operation(
    id="showDocs",
    method="GET",
    path="/docs",
    summary="Show this document as a page",
    answers=(Answer("The page.", media=HTML),),
    needs=Needs.NOTHING,
)

STYLE = Operation(
    id="showDocsStyle",
    method="GET",
    path="/assets/docs.css",
    summary="Show that page's style sheet",
    answers=(Answer("The style sheet.", media=CSS),),
    needs=Needs.NOTHING,
)

TAG = Tag(
    "This document", "What can be asked of the daemon, for programs and for people.", (DOCUMENT, PAGE, STYLE)
)
