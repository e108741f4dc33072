"""``paydaemon demo`` in its three forms, each in a folder of its own in which nothing may be left."""

import json
import os
import re
import shlex
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
import trio

from paydaemon.scaffold import Kind, Project
from paydaemon_bitcoin.rpc import connect
from tests.e2e.commands import Running, running
from tests.faults.stage import installed
from tests.support.daemon import patiently
from tests.support.waiting import BOUND_S

Json = dict[str, Any]

ORDER = {
    "bitcoin": ["invoice.created", "invoice.payment_seen", "invoice.processing", "invoice.settled"],
    "hedera": [
        *("invoice.created", "relay.received", "relay.accepted"),
        *("invoice.payment_seen", "invoice.settled"),
    ],
    "monero": ["invoice.created", "invoice.payment_seen", "invoice.processing", "invoice.settled"],
    "toycoin": ["invoice.created", "invoice.payment_seen", "invoice.processing", "invoice.settled"],
}
"""What is told of the payment on each chain: on Hedera it is relayed, and final at once.

Whether the receipt or the mirror comes first there, and with it `relay.succeeded`, is chance.
"""


NOWHERE = "/nowhere"
NO_MONERO = "there is no monerod with monero-wallet-rpc in {}: `make monero` fetches them"


@pytest.fixture
def whole_environment(folder: Path) -> Iterator[dict[str, str]]:
    """An environment with a folder of its own for temporary files, in which nothing is left in the end."""
    yield {**os.environ, "TMPDIR": str(folder)}
    assert list(folder.iterdir()) == []
    assert _processes_in(folder) == []


@pytest.fixture
def environment(whole_environment: dict[str, str]) -> dict[str, str]:
    """The same on a machine without monero: the demo goes on without it, and is there sooner."""
    return {**whole_environment, "PAYDAEMON_MONERO_DIR": NOWHERE}


@pytest.fixture
def strangers_environment(whole_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same with a chain of somebody else's installed, who has just begun it."""
    project = tmp_path / "toycoin"
    Project(project.name, Kind.CHAIN).write(project)
    found = installed(tmp_path, project.name, "paydaemon_toycoin.plugin")["PYTHONPATH"]
    return {**whole_environment, "PYTHONPATH": f"{project}:{found}"}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _told(run: Running, types: Sequence[str]) -> list[str]:
    """Which of these events were told, in the order they were."""
    words = [word for line in run.out for word in line.split()]
    return [word for word in words if word in types]


def _invoices(run: Running) -> list[str]:
    """The invoices that were shown."""
    return [found[1] for line in run.out if (found := re.match(r"(inv_\w+) ", line))]


def _mails(run: Running) -> list[str]:
    """What was said of mails, whatever came first: each recipient's come in order, and not each other's."""
    return sorted(line.strip() for line in run.out if line.strip().startswith("mail to "))


def _mails_of(id: str) -> list[str]:
    """What is said of the mails about a settled invoice of the demo's seller."""
    return [
        f"mail to ops@shop.example: Transaction received for payment {id}",
        f"mail to ops@shop.example: Payment request {id} is confirmed",
        "mail to ada@example.org: Your payment to the demo shop",
    ]


async def test_once_plays_one_payment_on_each_chain_to_settled(strangers_environment: dict[str, str]) -> None:
    async with running("demo", "--once", "--port", "0", env=strangers_environment) as demo:
        assert await demo.ends() == 0, demo.err
    everything = [type for types in ORDER.values() for type in types]
    assert sorted(_told(demo, everything)) == sorted(everything)
    assert [line for line in demo.out if "paid and settled" in line] == [
        f"{chain}: 12.50 EUR paid and settled" for chain in ORDER
    ]
    assert "  they are up, each speaks as the real one does: quotes come from 3 sources" in demo.out
    rates = [line.strip() for line in demo.out if line.strip().startswith("rate ")]
    worded = [rate.partition(" by ")[0] for rate in rates]
    assert [worded[0], worded[1], *worded[-2:]] == [
        *("rate 60000 EUR", "rate 0.11 EUR"),
        *("rate 150 EUR", "rate 2 EUR"),
    ]
    assert all(rate.endswith(" EUR by bitstamp, coinbase, kraken") for rate in rates)
    verified = re.findall(r"webhook: (\S+), evt_\w+, signature verified", "\n".join(demo.out))
    assert sorted(type for type in verified if type in everything) == sorted(everything)
    assert _mails(demo) == sorted(mail for id in _invoices(demo) for mail in _mails_of(id))
    assert demo.err == []


async def test_for_scripts_it_says_one_line_and_leaves_nothing(environment: dict[str, str]) -> None:
    async with running("demo", "--json", "--port", "0", env=environment) as demo:
        await demo.says("api")
        (line,) = demo.out
        ready = json.loads(line)
        assert ready.keys() == {"api", "key", "page", "pids", "bitcoin", "hedera"}
        assert ready["hedera"].keys() == {"nodes", "mirror", "payee", "contract", "payers"}
        assert ready["pids"].keys() == {"daemon", "bitcoind"}
        assert all(_is_alive(pid) for pid in ready["pids"].values())
        assert "No invoice yet" in await _shown(ready["page"])
        await _play(ready)
        assert "It is paid for good" in await _shown(ready["page"])
        await demo.warns("mail to ops@shop.example: Payment request")
        assert await demo.interrupt() == 0
    assert demo.out == [line], "one line alone, also at the end"
    assert f"  left out: {NO_MONERO.format(NOWHERE)}" in demo.err, "everything else is said there"
    assert not any(_is_alive(pid) for pid in ready["pids"].values())


async def test_by_hand_the_commands_it_prints_pay_the_invoice(environment: dict[str, str]) -> None:
    async with running("demo", "--port", "0", env=environment) as demo:
        await demo.says("invoice.created")
        curl, (pay, mine) = (
            _printed(demo, "create another:"),
            _printed(demo, "pay this one in BTC on Bitcoin:"),
        )
        page = (await demo.says("start here")).split()[-1]
        assert demo.out.index(f"start here     {page}") < demo.out.index(await demo.says("the API"))
        assert "Pay 0.00020834 BTC" in await _shown(page)
        assert (await _as_curl_would(curl[0]))["status"] == "new"
        for command, event in ((pay, "invoice.processing"), (mine, "invoice.settled")):
            await trio.run_process(shlex.split(command), capture_stdout=True)
            await demo.says(event)
        await demo.says("mail to ada@example.org: ")
        created, *later = ORDER["bitcoin"]
        assert _told(demo, [created]) == [created] * 2
        assert _told(demo, later) == later
        assert await demo.interrupt() == 0
    assert demo.err == []


@pytest.mark.parametrize("when", ["starting a local bitcoin network", "starting the daemon"])
async def test_interrupted_while_it_starts_it_leaves_nothing_either(
    environment: dict[str, str], when: str
) -> None:
    async with running("demo", "--port", "0", env=environment) as demo:
        await demo.says(when)
        assert await demo.interrupt() == 0
    assert demo.err == []


async def test_a_second_interrupt_changes_nothing(environment: dict[str, str]) -> None:
    """A terminal tells everything that runs in it, and whoever started the demo may hand the same on."""
    async with running("demo", "--port", "0", env=environment) as demo:
        await demo.says("invoice.created")
        assert await demo.interrupt_until_it_ends() == 0
    assert demo.err == []


async def test_a_port_that_is_taken_is_told_before_anything_is_started(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running("demo", "--port", str(port), env=environment) as demo:
            assert await demo.ends() == 1
    advice = "name another port with --port, or 0 for any that is free"
    assert demo.err == [f"Error: 127.0.0.1:{port}: Address already in use; {advice}"]
    assert demo.out == []


async def test_without_a_bitcoind_it_says_so_in_one_line(environment: dict[str, str], folder: Path) -> None:
    nowhere = folder / "nowhere"
    async with running(
        "demo", "--once", "--port", "0", env={**environment, "PAYDAEMON_BITCOIND_DIR": str(nowhere)}
    ) as demo:
        assert await demo.ends() == 1
    assert demo.err == [
        f"Error: no local bitcoin network: there is no bitcoind in {nowhere}: `make bitcoind` fetches one"
    ]


async def _play(ready: Json) -> None:
    """What a script does with the line: create an invoice, pay it and mine, by what the line says alone."""
    headers = {"Authorization": f"Bearer {ready['key']}"}
    bitcoin = urlsplit(ready["bitcoin"]["rpc"])
    user, password = bitcoin.username or "", bitcoin.password or ""
    url = urlunsplit(bitcoin._replace(netloc=f"{bitcoin.hostname}:{bitcoin.port}"))
    rpc = connect(url, lambda: (user, password))
    wallet = rpc.wallet(ready["bitcoin"]["wallet"])
    async with httpx.AsyncClient(
        base_url=ready["api"], headers=headers, verify=False, timeout=BOUND_S
    ) as client:
        body = {"amount": "12.50", "currency": "EUR", "seller_id": "demo", "confirmations": 1}
        invoice = (await client.post("/v1/invoices", json=body)).json()
        (option,) = (option for option in invoice["options"] if option["chain"] == "bitcoin")
        await wallet.call("sendtoaddress", option["destination"]["address"], option["due"])
        back = await wallet.call("getnewaddress", "", "bech32")
        await wallet.call("generatetoaddress", 1, back)

        async def is_settled() -> bool:
            answer = await client.get(f"/v1/invoices/{invoice['id']}")
            return bool(answer.json()["status"] == "settled")

        await patiently(is_settled)
    rpc.close()


async def _shown(page: str) -> str:
    """The demo's page, as it is now."""
    async with httpx.AsyncClient(verify=False, timeout=BOUND_S) as client:
        answer = await client.get(page)
    assert answer.status_code == 200
    return answer.text


def _printed(demo: Running, title: str) -> list[str]:
    """The commands printed below a title, each in one line."""
    below = demo.out[demo.out.index(title) + 1 :]
    text = "\n".join(below[: below.index("")])
    return [line.strip() for line in text.replace("\\\n", " ").splitlines()]


async def _as_curl_would(command: str) -> Json:
    """Make the request of a printed curl command: curl itself need not be there."""
    curl, _, url, *options = shlex.split(command)
    assert curl == "curl"
    given = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.split(": ", 1) for option, value in given if option == "-H")
    (body,) = (value for option, value in given if option == "-d")
    async with httpx.AsyncClient(verify=False, timeout=BOUND_S) as client:
        return dict((await client.post(url, headers=headers, content=body)).json())


def _processes_in(folder: Path) -> list[str]:
    """The commands of all processes that name a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has just ended
        found += [command] if str(folder) in command else []
    return found
