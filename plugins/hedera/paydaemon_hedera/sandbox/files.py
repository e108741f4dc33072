"""The network's own files: its address book, its prices and its exchange rate.

They are made at each look, from what the network is. Source: Hedera API protobufs, `basic_types.proto` and
`exchange_rate.proto`.
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address

from google.protobuf.message import Message

from paydaemon_hedera.proto.basic_types_pb2 import (
    CurrentAndNextFeeSchedule,
    FeeSchedule,
    NodeAddress,
    NodeAddressBook,
    ServiceEndpoint,
)
from paydaemon_hedera.proto.exchange_rate_pb2 import ExchangeRateSet
from paydaemon_hedera.sandbox.addressbook import AddressBook, NodeEntry
from paydaemon_hedera.sandbox.clock import Clock
from paydaemon_hedera.sandbox.history import exchange_rates
from paydaemon_hedera.sandbox.names import entity, to_account

ADDRESS_BOOK, NODE_DETAILS, FEE_SCHEDULES, EXCHANGE_RATES = 101, 102, 111, 112
"""Their numbers, the same on every network."""


class Files:
    """Those that are told."""

    def __init__(self, nodes: AddressBook, clock: Clock) -> None:
        self._nodes = nodes
        self._clock = clock
        self._written: Mapping[int, Callable[[], Message]] = {
            ADDRESS_BOOK: self._address_book,
            NODE_DETAILS: self._address_book,
            FEE_SCHEDULES: self._fee_schedules,
            EXCHANGE_RATES: self._exchange_rates,
        }

    def contents(self, file: int) -> bytes | None:
        """What a file holds; None where there is none of this number."""
        written = self._written.get(file)
        return None if written is None else written().SerializeToString()

    def _address_book(self) -> NodeAddressBook:
        return NodeAddressBook(nodeAddress=[_node(*one) for one in enumerate(self._nodes())])

    def _fee_schedules(self) -> CurrentAndNextFeeSchedule:
        """Without a price: those of here do not go by bytes and signatures."""
        rates = self._exchange_rates()
        now, after = (
            FeeSchedule(expiryTime=one.expirationTime) for one in (rates.currentRate, rates.nextRate)
        )
        return CurrentAndNextFeeSchedule(currentFeeSchedule=now, nextFeeSchedule=after)

    def _exchange_rates(self) -> ExchangeRateSet:
        return exchange_rates(self._clock.now_ns())


def _node(place: int, one: NodeEntry) -> NodeAddress:
    return NodeAddress(
        memo=entity(one.number).encode(),
        nodeId=place,
        nodeAccountId=to_account(one.number),
        nodeCertHash=one.cert_hash.encode(),
        serviceEndpoint=[ServiceEndpoint(ipAddressV4=IPv4Address(one.host).packed, port=one.port)],
        description="a node of the sandbox",
    )
