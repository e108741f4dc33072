"""Puts the document together: OpenAPI 3.1, from the operations, shapes, codes and limits.

Whatever several operations share is told once, among the components.
"""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from paydaemon.core.public import Json
from paydaemon.frontends.openapi import codes, limits
from paydaemon.frontends.openapi.bodies import bodies
from paydaemon.frontends.openapi.operation import JSON, Answer, Needs, Operation, Parameter, Tag
from paydaemon.frontends.openapi.schema import Schema, ref
from paydaemon.frontends.openapi.shapes import shapes
from paydaemon.frontends.openapi.tags import TAGS
from paydaemon.frontends.settings import FrontendSettings

UNIX_URL = "http://paydaemon"
"""What requests through the Unix socket are addressed to; the name is not looked at."""

SHARED = frozenset({401, 408, 413, 415, 429, 431, 500, 501, 505})
"""The statuses whose codes are the same wherever they come."""

OF_EVERY_ANSWER = ("X-Request-Id",)
OF_ERRORS: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)
}  # fmt: skip

HEADERS: Mapping[str, Schema] = {
    "X-Request-Id": {
        "description": "This request's id, the same in the daemon's log: name it when you ask the operator.",
        "required": True,
        "schema": {"type": "string", "pattern": "^req_[0-9a-f]{24}$"},
        "example": codes.REQUEST_ID,
    },
    "Retry-After": {
        "description": "After how many seconds to try again. It comes with every error of this status.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        "example": "1",
    },
    "WWW-Authenticate": {
        "description": "How to say who asks (RFC 6750).",
        "required": True,
        "schema": {"type": "string"},
        "example": 'Bearer realm="paydaemon"',
    },
    "Location": {
        "description": "The path of what was made, below the server's URL.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
        "example": "/v1/invoices/inv_m4tq7zsv2hx6ydk3lb5wnrpe",
    },
}

KEY: Mapping[str, str] = {
    "type": "http",
    "scheme": "bearer",
    "description": "A seller's key, `pd_seller_…`, sees and does what is that seller's; an operator's, "
    "`pd_operator_…`, acts for every seller. A key in a URL or a cookie is not looked at.",
}

ABOUT = """\
Turns a request to be paid into a settled invoice, and tells everybody who asked to know.

Every amount is a string in decimal notation, because the numbers of many languages are not exact enough \
for money. Fields that end in `_minor` count an asset's smallest unit. Times are RFC 3339 in UTC, with \
milliseconds. Names that end in a unit are in that unit: `_s` seconds, `_bytes` bytes.

Bodies are JSON objects in UTF-8, sent as they are. A field or a parameter that is not known is refused, \
and so is one that is given twice; the error names it. Only the operations of health and of this document \
ignore parameters. What a key may not see is told as if it did not \
exist. Answers may gain fields: ignore what you do not know.

A path that is not here is `404` and `no_such_path`; another method is `405` and `method_not_allowed`, \
with those that there are in `Allow`. HEAD works wherever GET does."""

ABOUT_THE_SOCKET = """

This is the document of the Unix socket, which asks for no key: whoever can open it acts as an operator."""


def draw_up(settings: FrontendSettings, *, administration: bool = False) -> Json:
    """The document of the application for TCP or, with `administration`, of the one for the Unix socket."""
    tags = [tag for tag in TAGS if administration or not tag.administration]
    operations = [operation for tag in tags for operation in tag.operations]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "paydaemon",
            "version": version("paydaemon"),
            "summary": "The HTTP API of a payment daemon",
            "description": ABOUT + (ABOUT_THE_SOCKET if administration else ""),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": UNIX_URL if administration else settings.public_url}],
        "security": [] if administration else [{"key": []}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in tags],
        "paths": _paths(tags, administration),
        "components": _components(operations),
        "x-limits": limits.described(settings.limits),
    }


def _paths(tags: Sequence[Tag], administration: bool) -> Json:
    paths: dict[str, dict[str, object]] = {}
    for tag in tags:
        for operation in tag.operations:
            told = {"tags": [tag.name], **_operation(operation, administration)}
            paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return dict(paths)


def _operation(operation: Operation, administration: bool) -> Json:
    told: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": " ".join(_sentences(operation)),
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
    }
    if operation.body is not None:
        told["requestBody"] = {"required": True, "content": {JSON: _content(operation)}}
    told["responses"] = _responses(operation)
    if operation.needs is Needs.NOTHING and not administration:
        told["security"] = []
    return {**told, "x-needs": operation.needs.value, **operation.more}


def _sentences(operation: Operation) -> Iterator[str]:
    if operation.description:
        yield operation.description
    if operation.needs is Needs.OPERATOR:
        yield "For operators."


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.description,
        "schema": parameter.schema,
        "example": _value(parameter),
    }


def _value(parameter: Parameter) -> object:
    """The example as JSON, where the text in a URL stands for something else."""
    match parameter.schema["type"]:
        case "integer":
            return int(parameter.example)
        case "boolean":
            return parameter.example == "true"
        case "array":
            return parameter.example.split(",")
        case _:
            return parameter.example


def _content(operation: Operation) -> Json:
    assert operation.body is not None
    examples = {name: {"value": value} for name, value in operation.examples.items()}
    return {"schema": ref(operation.body.__name__), "examples": examples}


# --- Answers


def _responses(operation: Operation) -> Json:
    refused = codes.of(operation)
    answered: dict[int, Answer] = {answer.status: answer for answer in operation.answers}
    return {
        str(status): ref(f"Error{status}", "responses")
        if status in SHARED and status not in answered
        else _response(status, answered.get(status), refused.get(status, []))
        for status in sorted({*refused, *answered})
    }


def _response(status: int, answer: Answer | None, refusals: Sequence[str]) -> Json:
    """What a status comes with: an answer, errors, or (a daemon that is not ready) either."""
    names = [
        *OF_EVERY_ANSWER,
        *(answer.headers if answer else ()),
        *(OF_ERRORS.get(status, ()) if refusals else ()),
    ]
    told: Json = {
        "description": " ".join(_words(status, answer, refusals)),
        "headers": {name: ref(name, "headers") for name in names},
    }
    content = _contents(answer, refusals)
    return {**told, "content": content} if content else told


def _words(status: int, answer: Answer | None, refusals: Sequence[str]) -> Iterator[str]:
    if answer is not None:
        yield answer.description
    if refusals:
        yield f"{HTTPStatus(status).phrase}: " + ", ".join(f"`{code}`" for code in refusals) + "."


def _contents(answer: Answer | None, refusals: Sequence[str]) -> Json:
    content: dict[str, Any] = {}
    if refusals:
        examples = {code: ref(code, "examples") for code in refusals}
        content[JSON] = {"schema": ref("Error"), "examples": examples}
    if answer is None or answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
        return content
    told: Json = {"schema": answer.body or {"type": "string"}}
    if answer.example is not None:
        told["examples"] = {"answer": {"value": answer.example}}
    content[answer.media] = _either(told, content[answer.media]) if answer.media in content else told
    return content


def _either(one: Json, other: Json) -> Json:
    examples = {**_examples(one), **_examples(other)}
    return {"schema": {"anyOf": [one["schema"], other["schema"]]}, "examples": examples}


def _examples(content: Json) -> Mapping[str, object]:
    found = content.get("examples", {})
    assert isinstance(found, dict)
    return found


# --- Components


def _components(operations: Sequence[Operation]) -> Json:
    models = [operation.body for operation in operations if operation.body is not None]
    messages = [message for operation in operations for message in operation.messages]
    schemas = {**bodies(dict.fromkeys([*models, *messages])), **shapes()}
    return {
        "schemas": dict(sorted(schemas.items())),
        "responses": _shared(operations),
        "examples": {name: {"value": code.example(name)} for name, code in sorted(codes.CODES.items())},
        "headers": dict(HEADERS),
        "securitySchemes": {"key": dict(KEY)},
    }


def _shared(operations: Sequence[Operation]) -> Json:
    found: dict[int, list[str]] = {}
    for operation in operations:
        found |= {status: names for status, names in codes.of(operation).items() if status in SHARED}
    return {f"Error{status}": _response(status, None, names) for status, names in sorted(found.items())}
