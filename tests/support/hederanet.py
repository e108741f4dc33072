"""A Hedera network and a daemon on it: the sandbox in this process, the daemon in one of its own."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paydaemon_hedera.sandbox.genesis import PAYEE, USDC, USDC_DECIMALS, Holder
from paydaemon_hedera.sandbox.names import entity, number
from paydaemon_hedera.sandbox.running import Options, Running
from tests.sdks.plans import Case, Moved
from tests.support.daemon import Daemon, Json, running

PRICES = {"HBAR/EUR": "0.10", "USDC/EUR": "0.90"}
TOKEN = {"id": entity(USDC), "symbol": "USDC", "decimals": USDC_DECIMALS}
NODES = ((3, 0), (4, 0), (5, 0))
FAST = {"requests_per_s": 10_000, "requests_burst": 10_000}
"""Limits that no test meets by chance."""


@dataclass(frozen=True, slots=True)
class HederaNet:
    """Both of them."""

    sandbox: Running
    daemon: Daemon

    async def invoice(self, *, asset: str = "HBAR", amount: str = "12.50", **fields: Any) -> Json:
        """An invoice in EUR, and the option in this asset put in front."""
        body = {"amount": amount, "currency": "EUR", "seller_id": "shop", **fields}
        made = await self.daemon.call("POST", "/v1/invoices", body)
        made["options"].sort(key=lambda option: option["symbol"] != asset)
        return made

    def case(self, name: str, invoice: Json, payer: int, signers: list[str], **changes: Any) -> Case:
        """What pays an invoice's first option, for the SDKs to make."""
        option = invoice["options"][0]
        due, payee = int(option["due_minor"]), option["destination"]["address"]
        amounts = {entity(payer): -due, payee: due}
        native = option["asset"] == "HBAR"
        tokens = {} if native else {option["asset"]: Moved(USDC_DECIMALS, amounts)}
        given = {"hbar": amounts if native else {}, "tokens": tokens, "memo": option["destination"]["memo"]}
        return Case(name, entity(payer), signers, **{**given, **changes})

    def signed(self, invoice: Json, payer: int = 1002) -> str:
        """What pays an invoice's first option, signed, in base64."""
        option = invoice["options"][0]
        to, due = option["destination"], int(option["due_minor"])
        raw = self.sandbox.signed(payer, number(to["address"]), due, memo=to["memo"])
        return base64.b64encode(raw).decode()

    def keys(self, account: int) -> list[str]:
        """The private keys that sign for an account, as the SDKs take them."""
        return [key.der for key in self.sandbox.holders[account].signers]

    async def hand_in(
        self, transaction: str, invoice: Json | None = None, *, wait: str = "consensus"
    ) -> Json:
        """Hand in what was signed, without a key, as a page would; returns the relay."""
        body = {"transaction": transaction, **({} if invoice is None else {"invoice_id": invoice["id"]})}
        return await self.daemon.call("POST", f"/v1/relay/hedera?wait={wait}", body)


@asynccontextmanager
async def hederanet(
    folder: Path,
    *,
    clocked: bool = False,
    chain_limits: Mapping[str, int] | None = None,
    holders: Sequence[Holder] | None = None,
) -> AsyncIterator[HederaNet]:
    """Bring both up. `clocked` lets the daemon's clock be turned."""
    with Running(Options(nodes=NODES, consensus_delay_s=0.1, holders=holders)) as sandbox:
        async with running(folder, settings(sandbox, chain_limits), clocked=clocked) as daemon:
            yield HederaNet(sandbox, daemon)


def settings(
    sandbox: Running, chain_limits: Mapping[str, int] | None = None, *, poll_interval_s: float = 0.3
) -> dict[str, Any]:
    """The configuration of a daemon that is paid on a sandbox, and relays for whoever asks."""
    chain: dict[str, Any] = {
        "plugin": "hedera",
        "network": "local",
        "account": entity(PAYEE),
        "mirror_url": sandbox.mirror_url,
        "nodes": {entity(node.number): node.address for node in sandbox.nodes},
        "tokens": [TOKEN],
        "poll_interval_s": poll_interval_s,
        "limits": dict(chain_limits or {}),
    }
    return {
        "chains": {"hedera": chain},
        "rates": {"fixed": {"prices": PRICES}},
        "relay": {"public": True},
        "limits": {**FAST, "relay": {"follow_longest_pause_s": 1}},
    }
