"""Every answer that a test gets is checked against the OpenAPI document: its status, headers, body and code.

The clients of `tests.support.served` and `tests.support.daemon` have `conforms` as a hook, so each test of
the HTTP interface, whatever it is about, also tests the document. The shapes of answers are closed here: a
field that the document does not tell of is a failure, although clients are told to expect some.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from paydaemon.frontends import errors
from paydaemon.frontends.openapi.codes import CODES
from paydaemon.frontends.openapi.document import draw_up
from paydaemon.frontends.settings import FrontendSettings

Json = dict[str, Any]

NOWHERE = frozenset({"no_such_path", "method_not_allowed"})
"""What is answered where no operation is; beside these, what can be said of any request."""

ANYWHERE = frozenset({400, 408, 413, 429, 431, 500, 501, 503, 505})


@cache
def whole() -> Json:
    """The document with everything in it: that of the Unix socket."""
    return draw_up(FrontendSettings("https://pay.example"), administration=True)


async def conforms(response: httpx.Response) -> None:
    """Fails where an answer is not as the document says; a hook for `httpx.AsyncClient`."""
    await response.aread()
    check(response)


HOOKS: dict[str, list[Callable[..., Any]]] = {"response": [conforms]}
"""For `httpx.AsyncClient(event_hooks=…)`."""


def check(response: httpx.Response) -> None:
    """The same, for an answer that has been read."""
    request = response.request
    path, method = request.url.raw_path.decode().partition("?")[0], request.method
    if request.url.host != "paydaemon" and path.startswith("/admin/"):
        path = "/"  # through TCP there is nothing
    fault = fault_of(method, path, response.status_code, response.headers, response.text)
    assert fault is None, f"{method} {path} → {response.status_code}: {fault}\n{response.text[:2000]}"


def fault_of(method: str, path: str, status: int, headers: Mapping[str, str], body: str) -> str | None:
    """What of an answer is not as documented, or None."""
    operation = operation_at(method, path)
    if operation is None:
        return _of_nowhere(status, headers, body)
    told = resolved(operation["responses"].get(str(status), {}))
    if not told:
        return "this status is not documented"
    return _of_headers(told, headers) or _of_body(told, method, headers, body)


def operation_at(method: str, path: str) -> Json | None:
    """The operation that a request is for."""
    wanted, path = "get" if method == "HEAD" else method.lower(), path.replace("%3A", ":")
    for template, methods in whole()["paths"].items():
        if wanted in methods and _pattern(template, methods[wanted]).fullmatch(path):
            return dict(methods[wanted])
    return None


def _pattern(template: str, operation: Json) -> re.Pattern[str]:
    named = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "path"}
    fits = {name: schema.get("pattern", "[^/]+").strip("^$") for name, schema in named.items()}
    return re.compile(re.sub(r"\{(\w+)\}", lambda match: f"(?:{fits[match[1]]})", template))


def resolved(value: Json) -> Json:
    """What a reference leads to."""
    if "$ref" not in value:
        return value
    kind, name = value["$ref"].split("/")[-2:]
    return dict(whole()["components"][kind][name])


def _of_nowhere(status: int, headers: Mapping[str, str], body: str) -> str | None:
    wrong = validator(json.dumps({"$ref": "#/components/schemas/Error"})).iter_errors(
        json.loads(body or "{}")
    )
    if body and (first := next(iter(wrong), None)):
        return f"not an error: {first}"
    codes = NOWHERE | {code for known, (_, code, _) in errors.HTTP.items() if known in ANYWHERE}
    code = json.loads(body)["error"]["code"] if body else "no_such_path"
    if code not in codes | {"too_many_requests", "timeout", "foreign_origin"}:
        return f"the code {code} where there is no operation"
    return "no Allow" if status == 405 and "Allow" not in headers else None


def _of_headers(told: Json, headers: Mapping[str, str]) -> str | None:
    for name, reference in told["headers"].items():
        header = resolved(reference)
        if name not in headers and header.get("required"):
            return f"{name} is missing"
        if name in headers and not validator(json.dumps(header["schema"])).is_valid(headers[name]):
            return f"{name}: {headers[name]} is not as documented"
    return None


def _of_body(told: Json, method: str, headers: Mapping[str, str], body: str) -> str | None:
    contents = told.get("content", {})
    if method == "HEAD" or (not contents and not body):
        return None
    content = contents.get(headers.get("Content-Type", ""))
    if content is None:
        return f"{headers.get('Content-Type')} is not documented here"
    if headers["Content-Type"] != "application/json":
        return None
    value = json.loads(body)
    for wrong in validator(json.dumps(content["schema"], sort_keys=True)).iter_errors(value):
        return str(wrong)
    if isinstance(value.get("error"), dict) and value["error"]["code"] not in content["examples"]:
        return f"the code {value['error']['code']} is not documented here"
    return None


def check_message(message: Json) -> None:
    """Fails where a message of the websocket is not as the document says."""
    messages = whole()["paths"]["/v1/events"]["get"]["x-websocket"]["messages"]
    told = messages["event" if "seq" in message else "push"]
    for wrong in validator(json.dumps(told["payload"])).iter_errors(message):
        raise AssertionError(f"a message that is not as documented: {wrong}\n{json.dumps(message)[:2000]}")


def check_relay_message(message: Json) -> None:
    """Fails where a message of the websocket of relays is not as the document says."""
    messages = whole()["paths"]["/v1/relay/{chain}"]["post"]["x-websocket"]["messages"]
    told = messages["update" if "method" in message else "error" if "error" in message else "result"]
    for wrong in validator(json.dumps(told["payload"])).iter_errors(message):
        raise AssertionError(f"a message that is not as documented: {wrong}\n{json.dumps(message)[:2000]}")
    if "error" in message:
        assert message["error"]["code"] in CODES, "a code that is not documented"


@cache
def validator(schema: str) -> Draft202012Validator:
    """A validator of closed answers. Requests keep their own word for what else they may hold."""
    components = {
        "schemas": {name: closed(shape) for name, shape in whole()["components"]["schemas"].items()}
    }
    return Draft202012Validator(
        {**closed(json.loads(schema)), "components": components}, validate_formats=True
    )


def closed(schema: Any) -> Any:
    """The same schema, with no field but those it names."""
    match schema:
        case dict():
            inner = {name: closed(value) for name, value in schema.items()}
            if "properties" in schema and schema.get("type") == "object":
                inner.setdefault("additionalProperties", False)
            return inner
        case list():
            return [closed(value) for value in schema]
        case _:
            return schema
