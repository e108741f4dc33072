"""Whoever pays on Hedera: pages by HTTP, wallets by websocket, and those who pay past the daemon.

None of them gives up: what was not answered is handed in once more, the very same bytes, to whichever life of
the daemon takes it. All remember what they signed and what they were told, for the check in the end.
"""

import base64
import secrets
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import trio

from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from paydaemon_hedera.sandbox.genesis import PAYEE, TINYBARS, Holder, KeyKind, default_holders, holder
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.names import SECOND_NS, TransactionName
from paydaemon_hedera.sandbox.refusal import Refused as Declined
from paydaemon_hedera.sandbox.wallet import sign, transfer_body
from tests.soak.stream import Gone, JsonSocket, Refused, relay_socket
from tests.support.hederanet import HederaNet
from tests.support.ledgercheck import Json
from tests.support.relaycheck import FINAL, Told

AGAIN_S = 0.2
ANSWER_S = 30.0
WATCHED_S = 3.0
"""For how long somebody waits for an outcome before they turn to the next invoice."""

RICH = (1002, 1003, 1004)
"""Payers by ed25519, by ECDSA, and by two of three keys."""

POOR = range(1_101, 1_161)
"""Each has enough to pay one invoice, and not two."""

PRICE_EUR = "1.00"
POOR_TINYBARS = 15 * TINYBARS
START_BEFORE_S = 5


def holders() -> tuple[Holder, ...]:
    """Who there is on the network."""
    poor = (holder(number, KeyKind.ED25519, POOR_TINYBARS) for number in POOR)
    return (*default_holders(), *poor)


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction that pays an invoice: what names it, and the bytes that are handed in."""

    id: str
    raw: bytes
    invoice_id: str

    @property
    def params(self) -> Json:
        """What is asked of the daemon."""
        return {"transaction": base64.b64encode(self.raw).decode(), "invoice_id": self.invoice_id}


@dataclass(slots=True)
class Wallets:
    """Everybody who pays. `refused` counts why something was not taken."""

    net: HederaNet
    told: Told
    seed: int
    closing: trio.Event
    refused: Counter[str] = field(default_factory=Counter)
    cut: int = 0
    _poor: list[int] = field(default_factory=lambda: list(POOR))

    # Orders and signatures

    async def order(self) -> Json:
        """An invoice, asked for under one key until it is answered."""
        body = {"amount": PRICE_EUR, "currency": "EUR", "seller_id": "shop", "chains": ["hedera"]}
        headers = {
            "Authorization": f"Bearer {self.net.daemon.key}",
            "Idempotency-Key": secrets.token_hex(8),
        }
        async with httpx.AsyncClient(headers=headers, timeout=ANSWER_S, verify=False) as http:
            while True:
                answer = await self._asked(http, "POST", "/v1/invoices", body)
                if answer is not None and answer.is_success:
                    return dict(answer.json())
                await trio.sleep(AGAIN_S)

    def sign(self, invoice: Json, payer: int, chance: Random, node: int | None = None) -> Signed:
        """What pays an invoice: for this node, for any, or in a list for all of them."""
        (option,) = (option for option in invoice["options"] if option["asset"] == "HBAR")
        amount_minor, memo = int(option["due_minor"]), option["destination"]["memo"]
        nodes = [one.number for one in self.net.sandbox.nodes]
        chosen = chance.sample(nodes, chance.choice([1, len(nodes)])) if node is None else [node]
        start_ns = self.net.sandbox.clock.now_ns() - START_BEFORE_S * SECOND_NS - chance.randrange(SECOND_NS)
        name = TransactionName(payer, start_ns)
        moves = {HBAR: {payer: -amount_minor, PAYEE: amount_minor}}
        signers = self.net.sandbox.holders[payer].signers
        entries = [sign(transfer_body(name, node, moves, memo), signers) for node in chosen]
        self.told.signed[str(name)] = frozenset(entries)
        return Signed(str(name), _listed(entries), invoice["id"])

    # Pages

    async def page(self, name: str) -> None:
        """Pay one invoice after the other by HTTP, without a key, until closing."""
        chance = Random(f"{self.seed}/{name}")
        while not self.closing.is_set():
            invoice = await self.order()
            await self.pay(self.sign(invoice, chance.choice(RICH), chance), chance)

    async def spendthrift(self, name: str) -> None:
        """Pay two invoices at once with what is enough for one: consensus, or a node, refuses the other."""
        chance = Random(f"{self.seed}/{name}")
        while not self.closing.is_set() and self._poor:
            payer, invoices = self._poor.pop(), [await self.order(), await self.order()]
            async with trio.open_nursery() as nursery:
                for invoice in invoices:
                    nursery.start_soon(self.pay, self.sign(invoice, payer, chance), chance)

    async def clicker(self, name: str) -> None:
        """Sign twice for each invoice and hand in both at once: one of them must not be passed on."""
        chance = Random(f"{self.seed}/{name}")
        while not self.closing.is_set():
            invoice = await self.order()
            async with trio.open_nursery() as nursery:
                for payer in chance.sample(RICH, 2):
                    nursery.start_soon(self.pay, self.sign(invoice, payer, chance), chance)

    async def pay(self, signed: Signed, chance: Random) -> None:
        """Hand it in until it is answered, then ask what became of it for a while."""
        await self.hand_in(signed, chance.choice(["precheck", "consensus"]))
        if signed.id in self.told.acknowledged:
            with trio.move_on_after(WATCHED_S):
                await self._watch(signed)

    async def hand_in(self, signed: Signed, wait: str = "precheck") -> None:
        """Hand it in until it is answered, be it by a refusal."""
        async with httpx.AsyncClient(timeout=ANSWER_S, verify=False) as http:
            path = f"/v1/relay/hedera?wait={wait}"
            while not await self._take(await self._asked(http, "POST", path, signed.params)):  # noqa: ASYNC110
                await trio.sleep(AGAIN_S)

    async def _watch(self, signed: Signed) -> None:
        async with httpx.AsyncClient(timeout=ANSWER_S, verify=False) as http:
            while not self._is_over(signed.id):
                await trio.sleep(AGAIN_S)
                await self._take(await self._asked(http, "GET", f"/v1/relay/hedera/{signed.id}", None))

    async def _take(self, answer: httpx.Response | None) -> bool:
        """Remember what was answered. Returns whether that is the end of it."""
        if answer is None:
            return False
        if answer.is_success:
            self.told.relays.append(answer.json())
            return True
        return self._is_refused(answer.json()["error"])

    def _is_refused(self, error: Json) -> bool:
        """Whether it need not be tried again: who cannot answer now may do so later."""
        self.refused[error["code"]] += 1
        assert error["type"] != "internal_error", error
        return bool(error["type"] != "unavailable")

    async def _asked(
        self, http: httpx.AsyncClient, method: str, path: str, body: Json | None
    ) -> httpx.Response | None:
        """An answer, or None from a daemon that is dead or dying."""
        try:
            return await http.request(method, self.net.daemon.api + path, json=body)
        except httpx.TransportError:
            self.cut += 1
            return None

    def _is_over(self, id: str) -> bool:
        mine = [relay for relay in self.told.relays if relay["transaction_id"] == id]
        return bool(mine) and mine[-1]["status"] in FINAL

    # Wallets

    async def wallet(self, name: str) -> None:
        """Pay by websocket until closing; after each break hand in all again that has no outcome yet."""
        chance = Random(f"{self.seed}/{name}")
        unresolved: dict[str, Signed] = {}
        while not self.closing.is_set():
            try:
                async with relay_socket(self.net.daemon.api, self.net.daemon.key) as socket:
                    for signed in unresolved.values():
                        await self._submit(socket, signed, chance)
                    await self._go_on(socket, unresolved, chance)
            except (Gone, Refused):
                self.cut += 1
            await trio.sleep(AGAIN_S)

    async def _go_on(self, socket: JsonSocket, unresolved: dict[str, Signed], chance: Random) -> None:
        while not self.closing.is_set():
            signed = self.sign(await self.order(), chance.choice(RICH), chance)
            unresolved[signed.id] = signed
            await self._submit(socket, signed, chance)
            with trio.move_on_after(chance.uniform(0, WATCHED_S)):
                while signed.id in unresolved:
                    self._hear(await socket.next(), unresolved)

    async def _submit(self, socket: JsonSocket, signed: Signed, chance: Random) -> None:
        """As bytes, where neither an id nor an invoice can be named, or in JSON."""
        if chance.random() < 0.3:
            await socket.say(signed.raw)
        else:
            await socket.say({"id": signed.id, "method": "submit", "params": signed.params})

    def _hear(self, message: Json, unresolved: dict[str, Signed]) -> None:
        if "error" in message:
            if self._is_refused(message["error"]):
                unresolved.pop(message["id"], None)
            return
        relay: Json = message.get("result") or message["params"]
        self.told.relays.append(relay)
        if relay["status"] in FINAL:
            unresolved.pop(relay["transaction_id"], None)

    # Past the daemon

    async def passer_by(self, name: str) -> None:
        """Pay straight on the network, under an invoice's memo, until closing."""
        chance = Random(f"{self.seed}/{name}")
        while not self.closing.is_set():
            await self.pay_past(await self.order(), chance)
            await trio.sleep(chance.uniform(0, 1))

    async def pay_past(self, invoice: Json, chance: Random) -> None:
        """Pay one invoice so; a network that is away is not waited for."""
        (option,) = (option for option in invoice["options"] if option["asset"] == "HBAR")
        to: dict[str, Any] = {"amount_minor": int(option["due_minor"]), "memo": option["destination"]["memo"]}
        try:
            self.told.direct.add(str(self.net.sandbox.pay(chance.choice(RICH), PAYEE, **to)))
        except Declined:
            self.refused["past the daemon"] += 1


def _listed(entries: list[bytes]) -> bytes:
    """As the SDKs' ``toBytes()`` gives them."""
    return TransactionList(transaction_list=map(Transaction.FromString, entries)).SerializeToString()
