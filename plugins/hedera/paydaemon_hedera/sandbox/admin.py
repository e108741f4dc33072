"""The admin route: what people and tests do to a sandbox while it runs, under ``/sandbox`` beside the mirror
node.

It asks for no key. Whoever can reach the loopback interface may do it, which is who started the sandbox.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Protocol

from pydantic import ValidationError

from paydaemon.hooks.settings import Settings
from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox import adapter, orders
from paydaemon_hedera.sandbox.clock import Clock
from paydaemon_hedera.sandbox.faults import Fault, Faults, Kind
from paydaemon_hedera.sandbox.genesis import TREASURY, USDC, Holder, holder, introduce
from paydaemon_hedera.sandbox.http import Reply, Request
from paydaemon_hedera.sandbox.ledger import HBAR, Account, Token
from paydaemon_hedera.sandbox.mirror import Mirror
from paydaemon_hedera.sandbox.names import TransactionName, entity, number, time_text
from paydaemon_hedera.sandbox.network import Network, Submission
from paydaemon_hedera.sandbox.nodes import NodeServer
from paydaemon_hedera.sandbox.refusal import Refused

Json = dict[str, Any]

WALLET = "/sandbox/wallet"


class Controls(Protocol):
    """What can be done to a sandbox."""

    @property
    def clock(self) -> Clock: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def network(self) -> Network: ...
    @property
    def mirror(self) -> Mirror: ...
    @property
    def nodes(self) -> Sequence[NodeServer]: ...
    @property
    def holders(self) -> dict[int, Holder]: ...
    @property
    def seed(self) -> str: ...
    @property
    def facts(self) -> Json: ...

    is_mirror_down: bool

    def node(self, number: int) -> NodeServer:
        """A node by its account. Raises `ValueError`."""

    def pay(
        self, payer: int, payee: int, amount_minor: int, token: int = HBAR, memo: str = ""
    ) -> TransactionName:
        """Let one of the holders pay. Raises `Refused` or `ValueError`."""


class Admin:
    """Answers what comes under ``/sandbox``."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._asks: Mapping[tuple[str, str], Callable[[], Json]] = {
            ("GET", "/sandbox"): lambda: controls.facts,
            ("GET", "/sandbox/faults"): self._list_faults,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
            ("GET", "/sandbox/settings"): self._tell_settings,
            ("GET", "/sandbox/submissions"): self._list_submissions,
        }
        self._orders: Mapping[str, tuple[type[Settings], Callable[[Any], Json]]] = {
            "/sandbox/faults": (orders.FaultOrder, self._arm),
            "/sandbox/accounts": (orders.AccountOrder, self._make_account),
            "/sandbox/tokens": (orders.TokenOrder, self._make_token),
            "/sandbox/associations": (orders.AssociationOrder, self._associate),
            "/sandbox/pay": (orders.PaymentOrder, self._pay),
            "/sandbox/clock": (orders.ClockOrder, self._advance),
            "/sandbox/settings": (orders.SettingsOrder, self._change),
            WALLET: (adapter.SigningOrder, self._sign),
        }

    @property
    def routes(self) -> list[tuple[str, str]]:
        """Every method and path that is answered."""
        return [*self._asks, *(("POST", path) for path in self._orders)]

    def respond(self, request: Request) -> Reply:
        """Do what is asked, or say what is wrong with it. A page of this machine may ask the wallet."""
        page = adapter.page_of(request.origin) if request.path == WALLET else None
        if page is not None and request.method == "OPTIONS":
            return Reply(200, {}, page=page)
        return replace(self._respond(request), page=page)

    def _respond(self, request: Request) -> Reply:
        ask = self._asks.get((request.method, request.path))
        try:
            if ask is not None:
                return Reply(200, ask())
            if request.method == "POST" and request.path in self._orders:
                model, do = self._orders[request.path]
                return Reply(200, do(model.model_validate(request.body or {})))
        except ValidationError as error:
            return Reply(400, {"error": orders.in_words(error)})
        except Refused as refused:
            return Reply(422, {"error": str(refused), "cost_tinybars": str(refused.cost_tinybars)})
        except ValueError as error:
            return Reply(400, {"error": str(error)})
        return Reply(404, {"error": f"{request.method} {request.path}: there is no such thing here"})

    # --- Faults

    def _arm(self, order: orders.FaultOrder) -> Json:
        if order.node is not None:
            self._controls.node(number(order.node))
        self._controls.faults.arm(order.fault())
        return self._list_faults()

    def _list_faults(self) -> Json:
        return {"faults": [_fault(one) for one in self._controls.faults.armed]}

    def _clear_faults(self) -> Json:
        self._controls.faults.clear()
        return self._list_faults()

    # --- Accounts and tokens

    def _make_account(self, order: orders.AccountOrder) -> Json:
        network = self._controls.network
        with network.lock:
            taken = self._free_number() if order.account is None else number(order.account)
            made = holder(
                taken, order.kind, int(order.tinybars), self._controls.seed, order.auto_associations
            )
            account = Account(
                taken, made.key, made.auto_associations, created_ns=self._controls.clock.now_ns()
            )
            network.add_account(account, made.tinybars, TREASURY)
            self._controls.holders[taken] = made
        return introduce(made)

    def _make_token(self, order: orders.TokenOrder) -> Json:
        network = self._controls.network
        with network.lock:
            taken = self._free_number(USDC + 1) if order.token is None else number(order.token)
            token = Token(
                taken,
                order.symbol,
                order.name or order.symbol,
                order.decimals,
                int(order.supply_minor),
                number(order.treasury),
                order.fees(),
                self._controls.clock.now_ns(),
            )
            network.add_token(token)
        return {"token": entity(taken), "symbol": token.symbol, "decimals": token.decimals}

    def _free_number(self, least: int = 1005) -> int:
        ledger = self._controls.network.ledger
        return next(one for one in count(least) if one not in ledger.accounts and one not in ledger.tokens)

    def _associate(self, order: orders.AssociationOrder) -> Json:
        account, token = number(order.account), number(order.token)
        network = self._controls.network
        with network.lock:
            _require_known(account in network.ledger.accounts, account)
            _require_known(token in network.ledger.tokens, token)
            network.give(account, token, int(order.amount_minor))
            balance = network.ledger.balance(account, token)
        return {"account": entity(account), "token": entity(token), "balance_minor": str(balance)}

    def _pay(self, order: orders.PaymentOrder) -> Json:
        token = HBAR if order.token is None else number(order.token)
        amount = int(order.amount_minor)
        payee = number(order.payee)
        payer = self._rich(payee, token, amount) if order.payer is None else number(order.payer)
        name = self._controls.pay(payer, payee, amount, token, order.memo)
        return {"transaction_id": name.dashed, "payer": entity(payer)}

    def _sign(self, order: adapter.SigningOrder) -> Json:
        nodes = [node.number for node in self._controls.nodes]
        return adapter.sign(order, self._controls.holders, nodes)

    def _rich(self, payee: int, token: int, amount_minor: int) -> int:
        """Somebody else who has more than that."""
        network = self._controls.network
        with network.lock:
            balance = network.ledger.balance
            for one in sorted(self._controls.holders.keys() - {payee}):
                if balance(one, token) > amount_minor and balance(one, HBAR):
                    return one
        raise ValueError("nobody has that much: make an account with more")

    # --- Everything else

    def _advance(self, order: orders.ClockOrder) -> Json:
        self._controls.clock.advance(order.advance_s)
        return {"now": time_text(self._controls.clock.now_ns())}

    def _change(self, order: orders.SettingsOrder) -> Json:
        controls = self._controls
        if order.nodes_down is not None:
            down = {controls.node(number(one)).number for one in order.nodes_down}
            _switch(controls.nodes, down)
        if order.consensus_delay_s is not None:
            controls.network.consensus_delay_s = order.consensus_delay_s
        if order.mirror_lags_s is not None:
            controls.mirror.set_lags(order.mirror_lags_s)
        if order.mirror_down is not None:
            controls.is_mirror_down = order.mirror_down
        return self._tell_settings()

    def _tell_settings(self) -> Json:
        controls = self._controls
        return {
            "consensus_delay_s": controls.network.consensus_delay_s,
            "mirror_lags_s": list(controls.mirror.lags_s),
            "mirror_down": controls.is_mirror_down,
            "nodes_down": [entity(node.number) for node in controls.nodes if not node.is_up],
            "now": time_text(controls.clock.now_ns()),
        }

    def _list_submissions(self) -> Json:
        network = self._controls.network
        with network.lock:
            kept = [_submission(one) for one in network.submissions]
            return {"count": network.submitted, "submissions": kept}


def _require_known(known: bool, asked: int) -> None:
    if not known:
        raise ValueError(f"there is no {entity(asked)}")


def _switch(nodes: Sequence[NodeServer], down: set[int]) -> None:
    for node in nodes:
        if node.number in down:
            node.stop()
        elif not node.is_up:
            node.start()


def _fault(one: Fault) -> Json:
    is_code = one.kind is Kind.CODE
    return {
        "kind": one.kind.value,
        "call": one.call.value,
        "node": None if one.node is None else entity(one.node),
        "times": one.times,
        "code": rc.ResponseCodeEnum.Name(one.code) if is_code else str(one.code),
        "delay_ms": one.delay_ms,
    }


def _submission(one: Submission) -> Json:
    return {
        "at": time_text(one.at_ns),
        "node": entity(one.node),
        "code": rc.ResponseCodeEnum.Name(one.code),
        "cost_tinybars": str(one.cost_tinybars),
        "transaction_id": None if one.name is None else one.name.dashed,
        "transaction": base64.b64encode(one.raw).decode(),
    }
