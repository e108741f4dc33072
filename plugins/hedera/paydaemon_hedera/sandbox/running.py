"""A sandbox while it runs: its network, its nodes' servers, and HTTP for the mirror node and the admin."""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.addressbook import NodeEntry
from paydaemon_hedera.sandbox.admin import Admin
from paydaemon_hedera.sandbox.certificate import Certificate, make_certificate
from paydaemon_hedera.sandbox.clock import Clock
from paydaemon_hedera.sandbox.faults import Call, Fault, Faults, Kind
from paydaemon_hedera.sandbox.files import Files
from paydaemon_hedera.sandbox.genesis import (
    CONTRACT,
    PAYEE,
    Holder,
    default_holders,
    genesis,
    introduce,
)
from paydaemon_hedera.sandbox.http import HttpServer, Reply, Request
from paydaemon_hedera.sandbox.ledger import HBAR
from paydaemon_hedera.sandbox.mirror import Mirror
from paydaemon_hedera.sandbox.mirrorview import BadRequest, error_body
from paydaemon_hedera.sandbox.names import SECOND_NS, SEED, TransactionName, entity
from paydaemon_hedera.sandbox.network import Network
from paydaemon_hedera.sandbox.nodes import HOST, NodeServer
from paydaemon_hedera.sandbox.refusal import Refused
from paydaemon_hedera.sandbox.wallet import sign, transfer_body

START_BEFORE_S = 5
"""How long ago our own payments are valid from: clocks differ, and a node takes none from the future."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox is to be. A port 0 is any free one; without `holders` there are the default ones."""

    nodes: Sequence[tuple[int, int]] = ((3, 0), (4, 0))
    http_port: int = 0
    holders: Sequence[Holder] | None = None
    seed: str = SEED
    consensus_delay_s: float = 0.5
    mirror_lags_s: Sequence[float] = (0.0,)
    tls: bool = False
    faults: Sequence[Fault] = ()
    clock: Clock = field(default_factory=Clock)


class Running:
    """A sandbox. Used with ``with``: it listens inside, and nothing of it is left behind."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.clock = self.options.clock
        self.faults = Faults(self.options.faults)
        given = self.options.holders
        holders = default_holders(self.options.seed) if given is None else given
        self.holders = {one.number: one for one in holders}
        numbers = [number for number, _ in self.options.nodes]
        ledger = genesis(numbers, holders, self.clock.now_ns(), self.options.seed)
        self.network = Network(ledger, numbers, self.clock, self.faults, self.options.consensus_delay_s)
        self.certificate: Certificate | None = make_certificate() if self.options.tls else None
        tls = None if self.certificate is None else (self.certificate.key_pem, self.certificate.pem)
        files = Files(self._address_book, self.clock)
        self.nodes = [
            NodeServer(self.network, files, number, port, tls) for number, port in self.options.nodes
        ]
        self.mirror = Mirror(self.network, self._address_book, self.options.mirror_lags_s)
        self.is_mirror_down = False
        self._admin = Admin(self)
        self._stopping = threading.Event()
        self._http: HttpServer | None = None

    # --- Coming and going

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen everywhere, or nowhere. Raises `OSError` where a port is taken."""
        try:
            self._http = HttpServer(self._respond, self.options.http_port)
            self._http.start()
            for node in self.nodes:
                node.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Listen no more. Takes a few seconds at most."""
        self._stopping.set()
        for node in self.nodes:
            node.stop()
        if self._http is not None:
            self._http.stop()
            self._http = None

    # --- What it is

    @property
    def seed(self) -> str:
        """What the keys come from."""
        return self.options.seed

    @property
    def mirror_url(self) -> str:
        """Where the mirror node is; the admin route is there too, under ``/sandbox``."""
        if self._http is None:
            raise RuntimeError("the sandbox does not run")
        return self._http.url

    @property
    def facts(self) -> dict[str, Any]:
        """What a script needs to know: where everything is, and the payers' keys."""
        facts: dict[str, Any] = {
            "nodes": {node.address: entity(node.number) for node in self.nodes},
            "mirror": self.mirror_url,
            "payee": entity(PAYEE if PAYEE in self.holders else next(iter(self.holders))),
            "contract": entity(CONTRACT),
            "payers": [introduce(one) for one in self.holders.values() if one.tinybars],
        }
        if self.certificate is not None:
            facts["cert_hash"] = self.certificate.hash
        return facts

    def node(self, number: int) -> NodeServer:
        """A node by its account. Raises `ValueError`."""
        for node in self.nodes:
            if node.number == number:
                return node
        raise ValueError(f"there is no node 0.0.{number}")

    def _address_book(self) -> Sequence[NodeEntry]:
        cert_hash = "" if self.certificate is None else self.certificate.hash
        return [NodeEntry(node.number, HOST, node.port, cert_hash) for node in self.nodes]

    # --- Paying

    def pay(
        self, payer: int, payee: int, amount_minor: int, token: int = HBAR, memo: str = ""
    ) -> TransactionName:
        """Let one of the holders pay, by the first node that takes it, whatever faults are armed.

        Raises `Refused` or `ValueError`.
        """
        name = self._fresh(payer)
        refused = Refused(rc.PLATFORM_NOT_ACTIVE)
        for node in self.nodes:
            transfer = self._transfer(name, node.number, payee, amount_minor, token, memo)
            taken = self.network.submit(node.number, transfer, is_spared=True)
            if taken.code == rc.OK:
                return name
            refused = Refused(taken.code, taken.cost_tinybars)
        raise refused

    def signed(self, payer: int, payee: int, amount_minor: int, token: int = HBAR, memo: str = "") -> bytes:
        """The same for the first node, signed and not handed in. Raises `ValueError`."""
        return self._transfer(self._fresh(payer), self.nodes[0].number, payee, amount_minor, token, memo)

    def _fresh(self, payer: int) -> TransactionName:
        start_ns = self.clock.now_ns() - START_BEFORE_S * SECOND_NS - secrets.randbelow(SECOND_NS)
        return TransactionName(payer, start_ns)

    def _transfer(
        self, name: TransactionName, node: int, payee: int, amount_minor: int, token: int, memo: str
    ) -> bytes:
        payer = name.payer
        holder = self.holders.get(payer)
        if holder is None:
            raise ValueError(f"the keys of 0.0.{payer} are not known here")
        if payer == payee:
            raise ValueError("nobody pays themselves")
        moved = {token: {payer: -amount_minor, payee: amount_minor}}
        return sign(transfer_body(name, node, moved, memo), holder.signers)

    # --- HTTP

    def _respond(self, request: Request) -> Reply:
        if request.path == "/sandbox" or request.path.startswith("/sandbox/"):
            return self._admin.respond(request)
        if self.is_mirror_down or self.faults.strike(Kind.DROP_BEFORE, Call.MIRROR):
            return Reply(0)
        late = self.faults.strike(Kind.LATENCY, Call.MIRROR)
        if late is not None:
            self._stopping.wait(late.delay_ms / 1000)
        fault = self.faults.strike(Kind.HTTP, Call.MIRROR)
        if fault is not None:
            return Reply(fault.code, error_body("injected"), is_public=True)
        return self._ask_mirror(request)

    def _ask_mirror(self, request: Request) -> Reply:
        try:
            if request.method != "GET":
                raise BadRequest("Method Not Allowed", 405)
            return Reply(200, self.mirror.answer(request.path, request.query), is_public=True)
        except BadRequest as error:
            return Reply(error.status, error_body(str(error)), is_public=True)
        except ValueError as error:
            return Reply(400, error_body(f"Invalid parameter: {error}"), is_public=True)
