"""Wallets on the checkout page: the whole way on the real sandbox, and whatever can go wrong on it."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, WebSocket, WebSocketRoute

from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.genesis import PAYEE
from tests.pages.looking import look_through
from tests.pages.purse import ALICE, ODD, Purse, heading, opened, press, purse, said
from tests.support.browser import Browser
from tests.support.daemon import Json
from tests.support.waiting import BOUND_S


@pytest.fixture(scope="session")
def all_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Purse]:
    """One for all tests of a process: each makes invoices of its own."""
    with purse(tmp_path_factory.mktemp("purse"), [ODD]) as running:
        yield running


@pytest.fixture
def shop(all_day: Purse) -> Iterator[Purse]:
    """The same, and its network is quick again afterwards."""
    before = all_day.sandbox.network.consensus_delay_s
    yield all_day
    all_day.sandbox.network.consensus_delay_s = before


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Purse]:
    """One whose operator has turned paying by the link off."""
    with purse(tmp_path, checkout=False) as running:
        yield running


NEVER = "await new Promise(() => {})"

WRONG = (
    ("throw Object.assign(new Error('no'), { code: 4001 })", "declined in the wallet"),
    ("throw Object.assign(new Error('no'), { code: 5000 })", "declined in the wallet"),
    ("throw Object.assign(new Error('?'), { code: 9000 })", "could not sign"),
    ("throw null", "could not sign"),
    ("return 7", "could not sign"),
    ("return { signatureMap: 7 }", "could not sign"),
    ("return { signatureMap: '' }", "could not sign"),
    ("return { signatureMap: '????' }", "could not sign"),
)
"""What a wallet may answer to be asked to sign, and what its payer is told."""


def odd(page: Page, signing: str) -> None:
    """Have the odd wallet know one node, and do that when it is to sign."""
    page.evaluate(
        f"""window.odd = {{
            hedera_getNodeAddresses: () => ({{ nodes: ["0.0.99", "0.0.4-abcde"] }}),
            hedera_signTransaction: async (params) => {{ {signing} }},
        }}"""
    )


def pay_by_the_odd_one(page: Page, signing: str, account: str = ALICE) -> None:
    """Pay by the odd wallet, which does that when it is to sign."""
    odd(page, signing)
    page.fill("#payer", account)
    press(page, "Odd wallet")


async def test_an_invoice_is_paid_by_a_wallet_and_settles_before_the_payers_eyes(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        await tab(look_through, "wallet")
        await tab(lambda page: page.evaluate("window.stayed = true"))
        await tab(press)
        await tab(heading, "Paid")
        assert await tab(lambda page: page.evaluate("window.stayed")) is True
    paid = await shop.daemon.show(invoice["id"])
    assert (paid["status"], paid["flags"]) == ("settled", [])
    assert shop.taken(invoice) == 1


def begin_without_wallets(page: Page, url: str) -> None:
    """Open the page as it is where the way that it begins with wants no wallet."""

    def leave_out(route: Route) -> None:
        answer = route.fetch()
        own, *wallets = re.findall(r'<script type="module" src="[^"]+"></script>', answer.text())
        assert wallets, f"{own} is alone"
        body = answer.text()
        for wallet in wallets:
            body = body.replace(wallet, "")
        route.fulfill(response=answer, body=body)

    page.route(url, leave_out, times=1)
    page.goto(url)
    assert not page.locator("button[data-wallet]").count()


async def test_wallets_come_with_the_way_that_needs_them(shop: Purse, browser: Browser) -> None:
    """The page is not loaded anew where another way is chosen on it."""
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(begin_without_wallets, shop.link(invoice))
        await tab(lambda page: page.click("a[data-swap][href*='way=']"))
        await tab(lambda page: page.wait_for_selector("button[data-wallet='Sandbox wallet']"))
        # To the browser, what a test has answered comes from nowhere, and may not open the page's websocket.
        assert all("LOCAL_NETWORK_ACCESS" in complaint for complaint in tab.complaints)
        tab.complaints.clear()


async def test_a_wallet_is_given_what_hip_820_says_and_exactly_what_is_asked(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        await tab(pay_by_the_odd_one, NEVER)
        await tab(said, "confirm it there")
        asked = await tab(lambda page: page.evaluate("window.asked"))
        await tab(look_through, "wallet-signing")
    check_asked(asked, invoice)


def check_asked(asked: list[Json], invoice: Json) -> None:
    """Held against HIP-820 and Hedera's own messages."""
    nodes, signing = asked
    assert nodes == {"method": "hedera_getNodeAddresses"}
    assert signing["method"] == "hedera_signTransaction"
    assert set(signing["params"]) == {"signerAccountId", "transactionBody"}
    assert signing["params"]["signerAccountId"] == f"hedera:devnet:{ALICE}"
    body = TransactionBody.FromString(base64.b64decode(signing["params"]["transactionBody"], validate=True))
    due = int(invoice["hbar"]["due_minor"])
    moves = {one.accountID.accountNum: one.amount for one in body.cryptoTransfer.transfers.accountAmounts}
    assert moves == {1002: -due, PAYEE: due}
    assert body.memo == invoice["hbar"]["destination"]["memo"]
    assert body.nodeAccountID.accountNum == 4, "the one that the wallet knows, too"
    assert not body.cryptoTransfer.tokenTransfers


async def test_what_a_wallet_does_wrong_is_told_and_then_it_is_paid_once(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        for signing, told in WRONG:
            await tab(pay_by_the_odd_one, signing)
            await tab(said, told)
        asked = await tab(
            lambda page: page.evaluate("window.asked.map((one) => one.params?.transactionBody)")
        )
        assert len({body for body in asked if body}) == 1, "it is the same payment each time"
        await tab(pay_by_the_odd_one, signs(shop, "0.0.1003"))
        await tab(said, "has not signed for this account")
        await tab(look_through, "wallet-failed")
        assert shop.taken(invoice) == 0
        await tab(press)
        await tab(heading, "Paid")
    assert shop.taken(invoice) == 1


async def test_a_silent_wallet_is_waited_for_no_longer_than_the_payment_is_good(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(lambda page: page.clock.install())
        await tab(opened, shop.link(invoice))
        await tab(pay_by_the_odd_one, NEVER)
        await tab(said, "confirm it there")
        await tab(lambda page: page.clock.run_for(150_000))
        await tab(said, "confirm it there")
        await tab(lambda page: page.clock.run_for(15_000))
        await tab(said, "has not answered in time")
        await tab(pay_by_the_odd_one, NEVER)
        await tab(said, "confirm it there")
        await tab(lambda page: page.click("#wallet-stop"))
        await tab(said, "If the wallet still asks, decline there")
    assert shop.taken(invoice) == 0


async def test_an_account_that_cannot_pay_is_told_of_before_the_wallet_is_asked(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        for account in ("alice", "0.0.1002-abcde", f"0.0.{PAYEE}"):
            await tab(pay_by_the_odd_one, NEVER, account)
            await tab(said, "no account that can pay here")
        await tab(lambda page: page.fill("#payer", " "))
        await tab(press, "Odd wallet")
        await tab(said, "Enter the account")
        assert await tab(lambda page: page.evaluate("window.asked.every((one) => !one.params)"))
        assert shop.taken(invoice) == 0
        await tab(pay_by_the_odd_one, signs(shop, ALICE), "0.0.4242")
        await tab(said, "no account that can pay here")
        await tab(lambda page: page.fill("#payer", "0.0.1003"))
        await tab(press)
        await tab(heading, "Paid")
        assert all("400" in one for one in tab.complaints)
        tab.complaints.clear()


async def test_an_invoice_that_was_paid_meanwhile_is_not_paid_again(shop: Purse, browser: Browser) -> None:
    invoice = await shop.invoice()
    option = invoice["hbar"]
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        await tab(pay_by_the_odd_one, f"await new Promise((go) => (window.go = go)); {signs(shop)}")
        await tab(said, "confirm it there")
        shop.sandbox.pay(1003, PAYEE, int(option["due_minor"]), memo=option["destination"]["memo"])
        await tab(heading, "Paid")
        assert await tab(lambda page: page.locator("#wallet").count()) == 0
        assert json.loads(await tab(signed_after_all))["error"]["code"] == "nothing_asked"
    assert shop.taken(invoice) == 1


async def test_what_is_asked_changes_while_the_wallet_is_asked(shop: Purse, browser: Browser) -> None:
    """The page goes on around what the wallet's part shows; and too much is not passed on."""
    invoice = await shop.invoice()
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        await tab(pay_by_the_odd_one, f"await new Promise((go) => (window.go = go)); {signs(shop)}")
        await tab(said, "confirm it there")
        shop.sandbox.pay(1003, PAYEE, 1_000, memo=invoice["hbar"]["destination"]["memo"])
        await tab(heading, "Part of the amount has arrived")
        await tab(said, "confirm it there")
        focused = await tab(lambda page: page.evaluate("document.activeElement.dataset.wallet"))
        assert focused == "Odd wallet"
        await tab(lambda page: page.evaluate("window.go()"))
        await tab(said, "has changed meanwhile")
        await tab(press)
        await tab(heading, "Paid")
    assert shop.taken(invoice) == 2
    assert (await shop.daemon.show(invoice["id"]))["flags"] == []


def signs(shop: Purse, account: str | None = None) -> str:
    """Sign as the sandbox's wallet does, by the account that is asked for or by another; ask nobody."""
    signer = (
        "" if account is None else f'params = {{ ...params, signerAccountId: "hedera:devnet:{account}" }};'
    )
    url = f"{shop.sandbox.mirror_url}/sandbox/wallet"
    return f"""
        {signer}
        const body = JSON.stringify({{ method: "hedera_signTransaction", ...params }});
        const headers = {{ "Content-Type": "application/json" }};
        return (await fetch("{url}", {{ method: "POST", headers, body }})).json();
    """


def signed_after_all(page: Page) -> str:
    """Let the wallet sign; returns what the daemon says of it.

    Who waits for the websocket first may miss its answer, which comes in the same breath on a busy machine.
    """
    heard: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: heard.append(str(frame)))

    page.on("websocket", listen)
    with page.expect_event("websocket"):
        page.evaluate("window.go()")
    for _ in range(100 * BOUND_S):
        if heard:
            break
        page.wait_for_timeout(10)
    return heard[0]


async def test_a_connection_that_is_lost_in_between_costs_nothing(shop: Purse, browser: Browser) -> None:
    """The first one is cut once the daemon has the payment; each one after that, before it says a word."""
    invoice = await shop.invoice()
    shop.sandbox.network.consensus_delay_s = 2
    cut: list[str] = []

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        is_first = not cut
        cut.append(socket.url)

        def to_server(message: str | bytes) -> None:
            server.send(message)
            if len(cut) < 3:
                socket.close()

        socket.on_message(to_server)
        if is_first:
            server.on_message(lambda message: None)

    async with browser.tab() as tab:
        await tab(lambda page: page.route_web_socket("**/relay/*", route))
        await tab(opened, shop.link(invoice))
        await tab(press)
        await tab(said, "The connection is lost")
        await tab(heading, "Paid")
    assert len(cut) >= 3
    assert shop.taken(invoice) == 1


async def test_it_says_all_of_it_in_the_payers_language_and_goes_on_in_another(
    shop: Purse, browser: Browser
) -> None:
    invoice = await shop.invoice(buyer={"locale": "de"})
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice), confirming=False)
        assert (
            await tab(lambda page: page.inner_text("#wallet h3"))
            == "Mit einer Wallet in diesem Browser bezahlen"
        )
        await tab(press)
        await tab(said, "in der Wallet abgelehnt")
        await tab(look_through, "wallet-de")
        await tab(lambda page: page.click("footer a[hreflang=fr]"))
        await tab(said, "refusé dans le portefeuille")
        await tab(lambda page: page.wait_for_selector("button:text('Payer avec Sandbox wallet')"))
    assert shop.taken(invoice) == 0


async def test_a_page_that_was_loaded_again_does_not_pay_twice(shop: Purse, browser: Browser) -> None:
    invoice = await shop.invoice()
    shop.sandbox.network.consensus_delay_s = 3
    async with browser.tab() as tab:
        await tab(opened, shop.link(invoice))
        await tab(press)
        await tab(said, "The network has the payment")
        await tab(look_through, "wallet-under-way")
        await tab(lambda page: page.reload())
        await tab(press)
        await tab(said, "on its way already")
        await tab(heading, "Paid")
        assert all("409" in one for one in tab.complaints)
        tab.complaints.clear()
    assert shop.taken(invoice) == 1


async def test_where_it_is_turned_off_the_page_says_nothing_of_wallets(
    closed: Purse, browser: Browser
) -> None:
    async with browser.tab() as tab:
        invoice = await closed.invoice()
        await tab(lambda page: page.goto(closed.link(invoice)))
        await tab(heading, "Waiting for your payment")
        assert await tab(lambda page: page.locator("#wallet").count()) == 0
        assert "sandbox-wallet" not in await tab(lambda page: page.content())
