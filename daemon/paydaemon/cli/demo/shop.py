"""What people do in the demo: a seller asks for money, payers pay it. All over the API, as anybody would."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import trio

from paydaemon.cli.client import call
from paydaemon.cli.demo.playground import Playground
from paydaemon.hooks.ports import PayTo
from paydaemon.hooks.sandbox import SigningSandbox

AMOUNT, CURRENCY = "12.50", "EUR"
BUYER = "ada@example.org"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What can be done by hand: each of `commands` is one for a shell, and `aside` another way, if any."""

    title: str
    commands: Sequence[str]
    aside: str | None = None


async def create_invoice(ground: Playground, **fields: object) -> Json:
    """Ask for the demo's amount, payable on every chain unless `fields` say else."""
    body = {
        "amount": AMOUNT,
        "currency": CURRENCY,
        "seller_id": ground.seller,
        "buyer": {"email": BUYER},
        **fields,
    }
    return await trio.to_thread.run_sync(lambda: call(ground.socket, "POST", "/v1/invoices", body=body))


async def pay(ground: Playground, invoice: Json, option: Json) -> None:
    """As that chain's payers do: by handing the daemon what they have signed, where it takes that.

    Raises whatever a sandbox does, and `click.ClickException` where the daemon refuses.
    """
    to, chain = _pay_to(option), option["chain"]
    sandbox = ground.networks[chain].sandbox
    if not isinstance(sandbox, SigningSandbox):
        await sandbox.pay(to)
        return
    body = {"transaction": await sandbox.sign(to), "invoice_id": invoice["id"]}
    await trio.to_thread.run_sync(lambda: call(ground.socket, "POST", f"/v1/relay/{chain}", body=body))


def creating(ground: Playground) -> Recipe:
    """How the next invoice is made."""
    body = f'{{"amount": "{AMOUNT}", "currency": "{CURRENCY}", "seller_id": "{ground.seller}"}}'
    command = (
        f"curl -s {ground.api}/v1/invoices -H 'Authorization: Bearer {ground.key}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(body)}"
    )
    return Recipe("create another", [command])


def paying(ground: Playground, invoice: Json) -> Iterator[Recipe]:
    """How an invoice is paid, in each way there is."""
    for option in invoice["options"]:
        network = ground.networks[option["chain"]]
        yield Recipe(
            f"pay this one in {option['symbol']} on {name_of_chain(option['chain'])}",
            network.sandbox.how_to_pay(_pay_to(option)),
            None if network.facts.wallet is None else _WALLET,
        )


_WALLET = "or open the checkout link in a browser: a wallet of this network is there"


def name_of_chain(id: str) -> str:
    """A chain as people call it: ``bitcoin`` is Bitcoin."""
    return id.replace("-", " ").title()


def _pay_to(option: Json) -> PayTo:
    """What is still to be paid."""
    return PayTo(
        address=option["destination"]["address"],
        memo=option["destination"]["memo"],
        asset_code=option["asset"],
        amount_minor=int(option["remaining_minor"]),
    )
