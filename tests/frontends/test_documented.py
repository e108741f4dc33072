"""docs/http-api.md says what is there, and what it says works."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from paydaemon.core.errors import ErrorType
from paydaemon.engine.api import Api
from paydaemon.frontends import FrontendSettings, errors, make_app
from paydaemon.frontends.openapi.codes import CODES
from paydaemon.testing.fakerelay import PAYEE, signed
from tests.deliveries.played import refuses
from tests.frontends.relays import payment
from tests.support.curl import parse
from tests.support.served import Json, Served, StatusOf
from tests.support.waiting import BOUND_S

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
HEADING = re.compile(r"^### (?:`([A-Z]+) (/[^`]*)`|Websocket `(/[^`]*)`)$", re.MULTILINE)
FENCE = re.compile(r"^```(json)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(heading: str, columns: int) -> Iterator[list[str]]:
    """The rows of every table under a heading that has so many columns."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if (
            line.startswith("|")
            and len(cells) == columns
            and not cells[0].startswith(("---", "type", "limit", "code"))
        ):
            yield cells


def routes(api: Api) -> set[tuple[str, str]]:
    """Every route of both applications, as the documentation writes them."""
    found: set[tuple[str, str]] = set()
    for administration in (False, True):
        settings = FrontendSettings("https://pay.example")
        app = make_app(api, settings, StatusOf(), trio.Event(), administration=administration)
        for rule in app.url_map.iter_rules():
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            methods = {"websocket"} if rule.websocket else (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found |= {(method, path) for method in methods}
    return found


async def test_every_route_is_documented_and_every_documented_route_is_there(daemon: Served) -> None:
    documented = {
        ("websocket", socket) if socket else (method, path) for method, path, socket in HEADING.findall(PAGE)
    }
    there = {route for route in routes(daemon.engine.api) if not is_of_pages(route[1])}
    assert documented == there


def is_of_pages(path: str) -> bool:
    """Checkout pages are for buyers; this page is about the API."""
    ours = ("/v1/", "/admin/", "/healthz", "/readyz", "/metrics", "/openapi.json")
    return not path.startswith(ours)


def test_every_type_of_error_is_documented_with_its_status() -> None:
    told = {cells[0].strip("`"): int(cells[1]) for cells in rows("Errors", 3) if cells[1].isdigit()}
    assert told == {type.value: status for type, status in errors.STATUS.items()}


def documented_codes() -> dict[str, ErrorType]:
    return {
        code.strip(" `"): ErrorType(cells[1].strip("`"))
        for cells in rows("Errors", 3)
        if not cells[1].isdigit()
        for code in cells[0].split(",")
    }


def test_every_code_of_the_protocol_is_documented() -> None:
    told = documented_codes()
    for type, code, _ in errors.HTTP.values():
        assert told[code] is type


def test_every_code_in_the_source_is_documented() -> None:
    """Codes are the last or only snake_case words that refusals are made with."""
    told = documented_codes()
    assert {name: code.type for name, code in CODES.items()} == told
    made = re.compile(
        r'(?:unavailable|conflict|_error|Refusal|_Unusable)\(\s*(?:ErrorType\.\w+,\s*)?"([a-z]+(?:_[a-z]+)+)"'
        r'|,\s*"([a-z]+(?:_[a-z]+)+|missing)"\)'
    )
    found: set[str] = set()
    for folder in ("core", "engine", "frontends"):
        for path in sorted((ROOT / "daemon" / "paydaemon" / folder).rglob("*.py")):
            if path.parent.name not in ("openapi", "tags"):
                found |= {match[1] or match[2] for match in made.finditer(path.read_text(encoding="utf-8"))}
    assert len(found) > 30
    of_frontends = {"frontend_down", "chain_does_not_answer", "too_many_questions"}
    page = (ROOT / "docs" / "frontends.md").read_text(encoding="utf-8")
    assert all(f"`{code}`" in page for code in of_frontends)
    assert found - set(told) <= {"seller_id", "invoice_id", "transaction_id", "as_of", *of_frontends}, (
        "a code that docs/http-api.md does not have"
    )


def test_every_example_of_json_is_json() -> None:
    examples = [body for language, body in FENCE.findall(PAGE) if language == "json"]
    assert len(examples) >= 7
    for example in examples:
        assert isinstance(json.loads(example), dict)


async def test_the_shape_of_an_invoice_is_as_documented(daemon: Served) -> None:
    invoice = await daemon.invoice()
    example = next(json.loads(body) for language, body in FENCE.findall(PAGE) if '"options": [' in body)
    assert shape(example) == shape(invoice)


def shape(value: object) -> object:
    """The names of the fields, without what is in them."""
    match value:
        case dict():
            return {key: shape(item) for key, item in value.items() if key != "metadata"}
        case [first, *_]:
            return [shape(first)]
        case _:
            return None


# The examples of curl


def commands() -> list[str]:
    blocks = [body for language, body in FENCE.findall(PAGE) if not language and body.startswith("curl ")]
    return [block.replace("\\\n", " ") for block in blocks]


async def variables(daemon: Served) -> dict[str, str]:
    """What the page takes for granted."""
    invoice, on_hedera = await daemon.invoice(), await daemon.invoice(chains=["hedera"])
    await daemon.engine.pay(("to nobody", 1_000))
    async with daemon.client() as client:
        unmatched: Json = (await client.get("/v1/payments?unmatched=true")).json()["data"][0]
        given = signed("tx-1", {(PAYEE, "HBAR"): 5}, memo="a gift")
        await client.post("/v1/relay/hedera", json={"transaction": given})
    return {
        "API": f"http://127.0.0.1:{daemon.port}",
        "KEY": daemon.key,
        "SOCKET": str(daemon.socket),
        "INVOICE": invoice["id"],
        "PAYMENT": unmatched["id"],
        "TRANSACTION": given,
        "HEDERA_INVOICE": on_hedera["id"],
        "SIGNED": payment(on_hedera, "tx-2"),
        "TRANSACTION_ID": "tx-1",
        **(await told(daemon)),
        "KEY_ID": (await daemon.engine.api.accounts.keys())[0].id,
    }


async def told(daemon: Served) -> dict[str, str]:
    """A webhook, and what it was to be told when the invoice was made and did not take."""
    daemon.engine.notifier.says.clear()
    async with daemon.client() as client:
        asked = {"url": "https://shop.example/", "seller_id": "shop"}
        made: Json = (await client.post("/v1/webhooks", json=asked)).json()
        daemon.engine.notifier.says[made["id"]] = refuses
        await daemon.invoice()
        listed: list[Json] = []
        with trio.fail_after(BOUND_S):
            while not listed:
                listed = (await client.get(f"/v1/deliveries?state=parked&target={made['id']}")).json()["data"]
    return {"WEBHOOK": made["id"], "DELIVERY": listed[0]["id"], "EVENT_ID": listed[0]["event_id"]}


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.split("$API")[-1][:40])
async def test_every_example_of_curl_works(daemon: Served, command: str) -> None:
    curl = parse(command, await variables(daemon))
    assert (curl.socket is not None) == ("/admin/" in curl.url)
    async with daemon.admin() if curl.socket else daemon.client("") as client:
        asked = client.stream(curl.method, curl.target, headers=curl.headers, content=curl.body)
        async with asked as answer:
            assert answer.status_code in (200, 201), await answer.aread()


def test_every_call_has_an_example() -> None:
    http = [path for _, path, socket in HEADING.findall(PAGE) if not socket]
    assert len(commands()) == len(http)
