"""The OpenAPI document says what the daemon does, and all of it.

That every answer is as it says is checked by every other test that gets one: see `tests.support.conformance`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import trio
from jsonschema_rs import Draft202012Validator
from quart.routing import QuartMap

from paydaemon.engine.api import Api
from paydaemon.frontends import FrontendSettings, Limits, conversation, make_app
from paydaemon.frontends.app import Route
from paydaemon.frontends.gate import DESK
from paydaemon.frontends.models import check
from paydaemon.frontends.openapi import samples
from paydaemon.frontends.openapi.codes import CODES
from paydaemon.frontends.openapi.document import draw_up
from paydaemon.frontends.openapi.operation import (
    CSV,
    EVENT_STREAM,
    JSON,
    JSON_LINES,
    PROMETHEUS,
    Needs,
    Operation,
)
from paydaemon.frontends.openapi.tags import TAGS
from paydaemon.frontends.openapi.tags.events import CLOSE_CODES
from tests.support import conformance
from tests.support.served import PUBLIC_URL, Served, StatusOf, error_of, served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
OPERATIONS = [operation for tag in TAGS for operation in tag.operations]
PUBLIC = [operation for tag in TAGS if not tag.administration for operation in tag.operations]

by_id = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
by_public_id = pytest.mark.parametrize("operation", PUBLIC, ids=lambda operation: operation.id)


def whole() -> Any:
    return draw_up(FrontendSettings(PUBLIC_URL), administration=True)


# Routes and operations


def test_no_address_is_made_from_a_route() -> None:
    """The library compiles two functions for each that is, more than half of what an application takes."""
    route = Route("/v1/invoices/<id>")
    QuartMap([route])
    with pytest.raises(NotImplementedError, match="/v1/invoices/<id>"):
        route.build({"id": "inv_1"})


def routes(api: Api, *, administration: bool) -> set[tuple[str, str]]:
    app = make_app(api, FrontendSettings(PUBLIC_URL), StatusOf(), trio.Event(), administration=administration)
    found: set[tuple[str, str]] = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(DESK):
            continue  # pages for people: they are no interface, and may change
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        methods = {"WEBSOCKET"} if rule.websocket else (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found |= {(method, path) for method in methods}
    return found


@pytest.mark.parametrize("administration", [False, True])
async def test_every_route_is_an_operation_and_every_operation_a_route(
    daemon: Served, administration: bool
) -> None:
    declared = {(one.method, one.path) for one in (OPERATIONS if administration else PUBLIC)}
    declared |= {("WEBSOCKET", one.path) for one in OPERATIONS if "x-websocket" in one.more}
    assert declared == routes(daemon.engine.api, administration=administration)


def test_every_operation_has_an_id_of_its_own() -> None:
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize("administration", [False, True])
async def test_it_is_served_to_everybody(daemon: Served, administration: bool) -> None:
    async with daemon.admin() if administration else daemon.client("") as client:
        answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    told = answer.json()
    assert any(path.startswith("/admin/") for path in told["paths"]) == administration
    assert told["servers"] == [{"url": "http://paydaemon" if administration else PUBLIC_URL}]
    assert (told["security"] == []) == administration


async def test_it_tells_the_limits_as_they_are_now(tmp_path: Path) -> None:
    limits = Limits(body_bytes=1_000)
    async with served(tmp_path, limits) as daemon, daemon.client("") as client:
        told = (await client.get("/openapi.json")).json()["x-limits"]
        assert set(told) == {limit.name for limit in fields(Limits)}
        assert all(limit["description"].endswith(".") for limit in told.values())
        assert told["body_bytes"]["value"] == 1_000
        limits.become(replace(limits, body_bytes=2_000))
        changed = (await client.get("/openapi.json")).json()["x-limits"]
    assert changed["body_bytes"]["value"] == 2_000


# The document itself


@pytest.mark.parametrize("administration", [False, True])
def test_it_is_openapi(administration: bool) -> None:
    document = draw_up(FrontendSettings(PUBLIC_URL), administration=administration)
    schemathesis.openapi.from_dict(document).validate()
    for schema in document["components"]["schemas"].values():  # type: ignore[index]
        Draft202012Validator({**schema, "components": document["components"]})


def test_every_reference_leads_somewhere_and_everything_is_referred_to() -> None:
    document = whole()
    referred = {one["$ref"] for one in objects(document) if "$ref" in one}
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "headers", "examples")
        for name in document["components"][kind]
    }
    assert referred <= there
    assert there - referred <= {f"#/components/examples/{code}" for code in UNBOUND}


UNBOUND = {"method_not_allowed", "too_many_sockets"}
"""Codes of no operation: of methods that are none, and of websockets that are not opened."""


def objects(value: Any) -> Iterator[dict[str, Any]]:
    match value:
        case dict():
            yield value
            for one in value.values():
                yield from objects(one)
        case list():
            for one in value:
                yield from objects(one)
        case _:
            pass


def test_everything_is_described() -> None:
    document = whole()
    told = document["components"]["schemas"]
    for name, schema in told.items():
        assert schema.get("description"), name
        for field, one in schema.get("properties", {}).items():
            assert one.get("description") or "$ref" in one, f"{name}.{field}"
    for operation in operations(document):
        assert operation["summary"]
        assert all(one["description"] for one in operation["parameters"])
        assert all(
            answer.get("description") or "$ref" in answer for answer in operation["responses"].values()
        )


def operations(document: Any) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_every_example_is_as_its_schema_says() -> None:
    seen = 0
    for operation in operations(whole()):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for told in (*bodies, *map(conformance.resolved, operation["responses"].values())):
            for content in told.get("content", {}).values():
                for example in content.get("examples", {}).values():
                    valid(content["schema"], conformance.resolved(example)["value"])
                    seen += 1
        for parameter in operation["parameters"]:
            valid(parameter["schema"], parameter["example"])
    assert seen > 100
    valid({"$ref": "#/components/schemas/LivePush"}, samples.PUSH)
    for one in OPERATIONS:
        for message in one.more.get("x-websocket", {}).get("messages", {}).values():
            valid(message["payload"], message["example"])


def valid(schema: Any, value: object) -> None:
    for wrong in conformance.validator(json.dumps(schema, sort_keys=True)).iter_errors(value):
        raise AssertionError(wrong)


def test_every_answer_with_a_body_has_an_example() -> None:
    for operation in OPERATIONS:
        for answer in operation.answers:
            assert (answer.example is not None) == (
                answer.body is not None
            ) or operation.path == "/openapi.json"


@by_id
def test_every_example_of_a_body_is_taken(operation: Operation) -> None:
    assert bool(operation.examples) == (operation.body is not None)
    for example in operation.examples.values():
        assert isinstance(example, dict)
        assert operation.body is not None
        check(operation.body, example)


def test_codes_are_known_and_told_once() -> None:
    for operation in OPERATIONS:
        assert len(set(operation.refusals)) == len(operation.refusals)
        assert set(operation.refusals) <= set(CODES)


# What it says of keys, parameters and bodies


def target(operation: Operation) -> str:
    """The operation's path with the examples of its parameters."""
    values = {one.name: one.example for one in operation.parameters if one.where == "path"}
    return operation.path.format(**values)


async def begin(client: httpx.AsyncClient, method: str, url: str, **more: Any) -> httpx.Response:
    """An answer; of one that goes on for ever, the beginning."""
    async with client.stream(method, url, **more) as answer:
        return answer


@by_public_id
async def test_keys_are_needed_as_told(daemon: Served, operation: Operation) -> None:
    async with daemon.client("") as client:
        nobody = await begin(client, operation.method, target(operation))
        assert (nobody.status_code == 401) == (operation.needs is not Needs.NOTHING)
    async with daemon.client(daemon.keys["shop"]) as client:
        seller = await begin(client, operation.method, target(operation))
    assert (seller.status_code == 403) == (operation.needs is Needs.OPERATOR)


EVERY_PARAMETER = {
    parameter.name: parameter.example
    for operation in OPERATIONS
    for parameter in operation.parameters
    if parameter.where == "query"
}


@pytest.mark.parametrize(
    "operation",
    [one for one in OPERATIONS if one.needs is not Needs.NOTHING],
    ids=lambda operation: operation.id,
)
async def test_parameters_are_taken_as_told(daemon: Served, operation: Operation) -> None:
    told = {parameter.name for parameter in operation.parameters if parameter.where == "query"}
    async with daemon.admin() as client:
        for name, example in EVERY_PARAMETER.items():
            content = json.dumps(next(iter(operation.examples.values()))) if operation.examples else None
            answer = await begin(
                client,
                operation.method,
                target(operation),
                params={name: example},
                content=content,
                headers={"Content-Type": JSON} if content else {},
            )
            unknown = answer.status_code == 400 and error_of(answer)["code"] == "unknown_parameter"
            assert unknown == (name not in told), (name, answer.text)


def test_headers_are_those_that_routes_look_at() -> None:
    """Requests' own headers, beside those that HTTP gives a meaning to."""
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "daemon" / "paydaemon" / "frontends").rglob("*.py")
        if path.parent.name not in ("openapi", "tags")
    )
    read = set(re.findall(r'headers\.get(?:list)?\("([\w-]+)"', source))
    told = {one.name for operation in OPERATIONS for one in operation.parameters if one.where == "header"}
    assert read - told == {
        *("Authorization", "Origin", "X-Forwarded-For", "Content-Encoding"),
        *("Sec-Fetch-Site", "User-Agent"),  # at the desk, which is for browsers
        "Host",  # by which plugins' frontends know a browser's page that was made to lead here
    }
    assert told <= read


@by_id
async def test_a_body_is_taken_as_told(daemon: Served, operation: Operation) -> None:
    if not operation.takes_body:
        assert operation.body is None
        return
    async with daemon.admin() as client:
        answer = await client.request(operation.method, target(operation), json={"colour": "blue"})
    assert answer.status_code == 400
    assert error_of(answer)["code"] == ("unknown_field" if operation.body else "unexpected_body")


# The websocket


def test_every_close_code_is_told() -> None:
    constants = {
        getattr(module, name)
        for module, name in (
            (conversation, "GOING_AWAY"),
            (conversation, "POLICY_VIOLATION"),
            (conversation, "KEY_REVOKED"),
            (conversation, "TOO_SLOW"),
            (conversation, "INTERNAL_ERROR"),
        )
    }
    assert {int(code) for code in CLOSE_CODES} == constants | {1002, 1007, 1009}
    assert re.findall(r"^\| (\d{4}) \|", PAGE, re.MULTILINE) == list(CLOSE_CODES)


# docs/http-api.md


def test_the_page_has_the_same_operations() -> None:
    headings = set(re.findall(r"^### `([A-Z]+) (/[^`]*)`$", PAGE, re.MULTILINE))
    assert headings == {
        (one.method, one.path)
        for one in OPERATIONS
        if one.answers[-1].media in (JSON, CSV, JSON_LINES, PROMETHEUS, EVENT_STREAM)
    }


def test_the_page_has_the_same_fields_of_an_order() -> None:
    table = PAGE.partition("### `POST /v1/invoices`")[2].partition("###")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert named == list(whole()["components"]["schemas"]["NewInvoice"]["properties"])


@pytest.mark.parametrize(
    "sample", [samples.INVOICE, samples.PAYMENT, samples.RELAY, samples.RATE, samples.PAYER_INVOICE]
)
def test_the_page_shows_the_same_examples(sample: dict[str, object]) -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert sample in [json.loads(block) for block in blocks]
