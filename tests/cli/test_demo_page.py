"""The demo's page without its networks: who may use it, that nobody pays twice, and what goes wrong there.

All of it with real networks and a real browser is in `tests/pages/test_demo.py`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import trio

from paydaemon.cli.demo.page import page_open, payers
from paydaemon.cli.demo.playground import Network, Playground
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SandboxFacts
from tests.support.engine import Engine
from tests.support.served import Served, served
from tests.support.waiting import BOUND_S, until

FROM_THE_PAGE = {"Sec-Fetch-Site": "same-origin"}
FORMS = ("invoices", "pay", "desk")


@dataclass
class Payer:
    """A sandbox (`paydaemon.hooks.ports.Sandbox`) over the tests' own chain; pays once it `may`."""

    engine: Engine
    may: trio.Event
    paid: int = 0
    fault: Exception | None = None

    async def run(
        self, folder: Path, *, task_status: trio.TaskStatus[SandboxFacts] = trio.TASK_STATUS_IGNORED
    ) -> None:
        raise NotImplementedError

    async def pay(self, to: PayTo) -> str:
        self.paid += 1
        await self.may.wait()
        if self.fault is not None:
            raise self.fault
        index = int(to.address.removeprefix("bitcoin1q"))
        return await self.engine.pay((f"bitcoin-key-{index}", to.amount_minor))

    async def finalise(self, confirmations: int) -> None:
        await self.engine.mine(confirmations)

    def how_to_pay(self, to: PayTo) -> Sequence[str]:
        return [f"pay {to.address}"]


@dataclass(frozen=True)
class Visitor:
    """Somebody with the link."""

    daemon: Served
    payer: Payer
    page: str
    client: httpx.AsyncClient

    async def sees(self) -> str:
        """The page now."""
        return (await self.client.get("")).text

    async def sends(self, form: str, **fields: str) -> httpx.Response:
        """A form of the page."""
        return await self.client.post(form, data=fields, headers=FROM_THE_PAGE)

    async def invoice(self) -> str:
        """The id of a new invoice, payable in Bitcoin alone."""
        return str((await self.daemon.invoice())["id"])


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as running:
        yield running


@pytest.fixture
def ground(daemon: Served) -> Playground:
    """A playground whose one network is the tests' own, and whose seller is theirs too."""
    network = Network(Payer(daemon.engine, trio.Event()), SandboxFacts(settings={}, about="of the tests"))
    api = f"http://127.0.0.1:{daemon.port}"
    return Playground(api, daemon.key, "shop", daemon.socket, {"bitcoin": network}, ["kraken"], {}, {})


@pytest.fixture
async def visitor(
    daemon: Served, ground: Playground, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(payers, "CONFIRMED_EVERY_S", 0)
    payer = ground.networks["bitcoin"].sandbox
    assert isinstance(payer, Payer)
    async with page_open(ground) as page, httpx.AsyncClient(base_url=page, timeout=BOUND_S) as client:
        yield Visitor(daemon, payer, page, client)


async def test_without_the_secret_in_its_address_there_is_nothing(visitor: Visitor) -> None:
    root = httpx.URL(visitor.page).copy_with(path="/")
    for path in ("/", "/another/", "/another/demo.js"):
        assert (await visitor.client.get(root.copy_with(path=path))).status_code == 404
    assert len(httpx.URL(visitor.page).path) > 16


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://127.0.0.1:1"}])
async def test_a_form_of_another_page_does_nothing(
    visitor: Visitor, form: str, headers: dict[str, str]
) -> None:
    fields = {"invoice": await visitor.invoice(), "way": "1"} if form == "pay" else {}
    before = visitor.daemon.engine.store.last_seq
    assert (await visitor.client.post(form, data=fields, headers=headers)).status_code == 403
    assert (visitor.daemon.engine.store.last_seq, visitor.payer.paid) == (before, 0)


async def test_it_loads_nothing_from_elsewhere(visitor: Visitor) -> None:
    answer = await visitor.client.get("")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'sha256-")
    assert policy.endswith(
        f"form-action 'self' http://127.0.0.1:{visitor.daemon.port}; frame-ancestors 'none'"
    )
    for script in ("demo.js", "copy.js", "morph.js"):
        assert f'"{script}"' in answer.text
        assert (await visitor.client.get(script)).status_code == 200
    assert (await visitor.client.get("page.js")).status_code == 404


async def test_what_is_pressed_twice_is_paid_once_and_settles(visitor: Visitor) -> None:
    id = await visitor.invoice()
    for _ in range(2):
        answer = await visitor.sends("pay", invoice=id, way="1")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"https://pay.example/i/{id}")
    seen = await visitor.sees()
    assert "It is being paid just now" in seen
    assert "Pay 0.00020834 BTC" not in seen
    visitor.payer.may.set()

    async def is_settled() -> bool:
        return "It is paid for good" in await visitor.sees()

    await until(is_settled)
    await visitor.sends("pay", invoice=id, way="1")
    assert visitor.payer.paid == 1


async def test_a_payer_who_fails_is_told_of_and_can_try_again(visitor: Visitor) -> None:
    id = await visitor.invoice()
    visitor.payer.fault = RuntimeError("out of <money>")
    visitor.payer.may.set()
    await visitor.sends("pay", invoice=id, way="1")

    async def is_told() -> bool:
        return "It could not be paid: out of &lt;money&gt;" in await visitor.sees()

    await until(is_told)
    assert "Pay 0.00020834 BTC" in await visitor.sees()
    visitor.payer.fault = None
    await visitor.sends("pay", invoice=id, way="1")
    assert "could not be paid" not in await visitor.sees()


async def test_only_so_many_are_paid_at_once(visitor: Visitor) -> None:
    ids = [await visitor.invoice() for _ in range(payers.AT_ONCE + 1)]
    codes = [(await visitor.sends("pay", invoice=id, way="1")).status_code for id in ids]
    assert codes == [*([303] * payers.AT_ONCE), 503]


@pytest.mark.parametrize(
    ("invoice", "way", "status"),
    [("", "1", 404), ("../x", "1", 404), ("inv_none", "1", 404), (None, "2", 404), (None, "x", 404)],
)
async def test_what_no_form_of_ours_says_is_refused(
    visitor: Visitor, invoice: str | None, way: str, status: int
) -> None:
    id = await visitor.invoice() if invoice is None else invoice
    answer = await visitor.sends("pay", invoice=id, way=way)
    assert answer.status_code == status
    assert "<h1>This did not work</h1>" in answer.text
    assert visitor.payer.paid == 0


async def test_a_form_that_is_too_long_is_told_so_on_a_page(visitor: Visitor) -> None:
    answer = await visitor.sends("pay", invoice="x" * 2_000)
    assert answer.status_code == 413
    assert "<h1>This did not work</h1>" in answer.text


async def test_nobody_keeps_any_answer_or_takes_it_for_something_else(visitor: Visitor) -> None:
    answers = [await visitor.client.get(path) for path in ("", "demo.js", "none", "/none")]
    answers += [await visitor.sends(form) for form in FORMS]
    assert [one.status_code for one in answers] == [200, 200, 404, 404, 303, 404, 303]
    for one in answers:
        assert one.headers["Cache-Control"] == "no-store"
        assert one.headers["X-Content-Type-Options"] == "nosniff"


async def test_where_the_daemon_logs_nobody_in_the_desks_own_door_is_next(visitor: Visitor) -> None:
    """Here because its public URL is another one than it is reached by."""
    answer = await visitor.sends("desk")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:{visitor.daemon.port}/desk/"
    assert "Set-Cookie" not in answer.headers


async def test_what_the_daemon_refuses_is_told_in_its_words(ground: Playground) -> None:
    other = replace(ground, seller="!")
    async with page_open(other) as page, httpx.AsyncClient(base_url=page, timeout=BOUND_S) as client:
        answer = await client.get("")
    assert answer.status_code == 503
    assert "<p>seller_id: " in answer.text
