"""Whatever is asked, the answer is never our own fault: no 5xx, always the envelope."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.conformance import check
from tests.support.served import error_of, served
from tests.support.waiting import BOUND_S

FIELDS = [
    "amount", "currency", "seller_id", "note", "metadata", "chains", "expires_in_s", "confirmations", "buyer",
    "return_url", "late", "status", "invoice_id", "id", "name", "email", "locale",
]  # fmt: skip
WORDS = [
    "1", "12.50", "0", "-1", "NaN", "1e300000", "EUR", "BTC", "XYZ", "shop", "bitcoin", "settled", "hold",
    "a@example.org", "de", "https://shop.example", "\u0661", "\0", "\ud800", "'; --", "\r\nX: y", "inv_x",
]  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(), max_size=30)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=3),
    max_leaves=10,
)
orders = st.fixed_dictionaries(
    {
        "amount": st.just("1") | values,
        "currency": st.just("EUR") | values,
        "seller_id": st.just("shop") | values,
    },
    optional=dict.fromkeys(FIELDS[3:], values),
)
bodies = (
    st.builds(lambda value: json.dumps(value).encode(), orders | values)
    | st.binary(max_size=100)
    | st.text('{}[]":,\\aN1e-. ', max_size=60).map(str.encode)
)
paths = st.sampled_from(
    [
        "/v1/invoices",
        "/v1/invoices/{id}",
        "/v1/invoices/{id}/mark",
        "/v1/payments/{id}/assign",
        "/v1/{id}",
        "/{id}",
    ]
)
ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
parameters = st.lists(
    st.tuples(
        st.sampled_from(
            ["limit", "cursor", "status", "seller_id", "after", "type", "invoice_id", "unmatched", "x"]
        ),
        st.text(st.characters(codec="utf-8"), max_size=20)
        | st.sampled_from(["new", "true", "1", "invoice.settled,", "inv_x", "9" * 30]),
    ),
    max_size=4,
)
headers = st.dictionaries(
    st.sampled_from(
        ["Idempotency-Key", "X-Forwarded-For", "X-Request-Id", "Content-Type", "Origin", "Cookie"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
    | st.sampled_from(["application/json", "1.2.3.4, ::1", ",,,", "k" * 255, "k" * 256]),
    max_size=3,
)


@contextmanager
def in_a_thread(folder: Path) -> Iterator[tuple[str, str]]:
    """A daemon for tests that are not async; its URL and an operator's key."""
    told: SimpleQueue[Any] = SimpleQueue()

    async def main() -> None:
        async with served(folder) as daemon:
            told.put(
                (
                    f"http://127.0.0.1:{daemon.port}",
                    daemon.key,
                    trio.lowlevel.current_trio_token(),
                    daemon.stop,
                )
            )
            await daemon.stop.wait()

    thread = Thread(target=trio.run, args=(main,))
    thread.start()
    url, key, token, stop = told.get(timeout=BOUND_S)
    try:
        yield url, key
    finally:
        token.run_sync_soon(stop.set)
        thread.join(BOUND_S)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with in_a_thread(tmp_path_factory.mktemp("fuzz")) as (url, key):
        authorization = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=authorization, timeout=BOUND_S, verify=False) as chosen:
            chosen.event_hooks = {"response": [httpx.Response.read, check]}
            yield chosen


relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@relaxed
@given(bodies, st.data())
def test_no_body_is_our_own_fault(client: httpx.Client, body: bytes, data: st.DataObject) -> None:
    path = data.draw(paths).format(id="inv_x")
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    is_fair(answer)


@relaxed
@given(paths, ids, parameters, headers, st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "X"]))
def test_no_request_is_our_own_fault(
    client: httpx.Client,
    path: str,
    id: str,
    query: list[tuple[str, str]],
    more: dict[str, str],
    method: str,
) -> None:
    url = f"{path.format(id=quote(id, safe=''))}?{urlencode(query)}"
    is_fair(client.request(method, url, headers=more))


@relaxed
@given(parameters)
def test_no_list_is_our_own_fault(client: httpx.Client, query: list[tuple[str, str]]) -> None:
    for path in ("/v1/invoices", "/v1/payments", "/v1/events"):
        is_fair(client.get(f"{path}?{urlencode(query)}"))


def is_fair(answer: httpx.Response) -> None:
    """Whatever it says, it is about what was asked."""
    assert answer.status_code < 500, (answer.request.content, answer.text)
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        assert error_of(answer)["type"] in (
            "invalid_request",
            "not_found",
            "conflict",
            "permission",
            "too_large",
        )


def test_the_daemon_is_in_good_health_after_all_that(client: httpx.Client) -> None:
    assert client.get("/readyz").json()["status"] == "ok"
