"""Nodes over gRPC, and how they break on purpose."""

import time

import grpc
import pytest

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.transaction_response_pb2 import TransactionResponse
from paydaemon_hedera.sandbox.running import Options, Running
from tests.hedera.sandbox.live import Live, sandbox


def broken(live: Live, method: str = "cryptoTransfer", raw: bytes = b"") -> grpc.StatusCode:
    with pytest.raises(grpc.RpcError) as caught:
        live.call(method, raw)
    code: grpc.StatusCode = caught.value.code()
    return code


def test_a_transfer_and_its_receipt() -> None:
    with sandbox() as live:
        name = live.name()
        assert live.submit(name) == "OK"
        assert live.receipt(name) == "SUCCESS"
        assert live.receipt(name, node=4) == "SUCCESS"


def test_a_hundred_at_once_with_the_same_transaction() -> None:
    with sandbox() as live:
        name = live.name()
        raw = live.transaction(name)
        with grpc.insecure_channel(live.running.node(3).address) as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            ask = channel.unary_unary("/proto.CryptoService/cryptoTransfer")
            answers = [call.result() for call in [ask.future(raw, timeout=30) for _ in range(100)]]
        duplicate = TransactionResponse(nodeTransactionPrecheckCode=rc.DUPLICATE_TRANSACTION)
        assert sorted(answers) == [b"", *[duplicate.SerializeToString()] * 99]
        assert live.get("/api/v1/accounts/0.0.1001")["balance"]["balance"] == 100
        assert live.get("/sandbox/submissions")["count"] == 100


def test_what_is_not_served_is_unimplemented_and_what_is_no_query_is_refused() -> None:
    with sandbox() as live:
        assert broken(live, "createAccount") is grpc.StatusCode.UNIMPLEMENTED
        assert broken(live, "getTransactionReceipts", b"\xff") is grpc.StatusCode.INVALID_ARGUMENT
        assert live.call("cryptoGetBalance", b"") != b""


@pytest.mark.parametrize("code", ["BUSY", "PLATFORM_NOT_ACTIVE", "PLATFORM_TRANSACTION_NOT_CREATED"])
def test_a_code_so_many_times_at_one_node(code: str) -> None:
    with sandbox() as live:
        live.arm(kind="code", code=code, times=2, node="0.0.3")
        first, second = live.name(), live.name()
        assert live.submit(first, node=4) == "OK"
        assert [live.submit(second) for _ in range(3)] == [code, code, "OK"]


def test_a_dropped_reply_before_and_after_it_took_effect() -> None:
    with sandbox() as live:
        lost, done = live.name(), live.name()
        live.arm(kind="drop_before")
        assert broken(live, raw=live.transaction(lost)) is grpc.StatusCode.UNAVAILABLE
        assert live.receipt(lost) == "RECEIPT_NOT_FOUND"
        live.arm(kind="drop_after")
        assert broken(live, raw=live.transaction(done)) is grpc.StatusCode.UNAVAILABLE
        assert live.receipt(done) == "SUCCESS"
        assert live.submit(done) == "DUPLICATE_TRANSACTION"
        live.arm(kind="drop_before", call="receipt")
        assert broken(live, "getTransactionReceipts") is grpc.StatusCode.UNAVAILABLE


def test_a_call_that_hangs_takes_effect() -> None:
    with sandbox() as live:
        live.arm(kind="hang", delay_ms=60_000)
        name = live.name()
        with pytest.raises(grpc.RpcError) as caught:
            live.submit(name, timeout_s=0.3)
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert live.receipt(name) == "SUCCESS"
        # And it does not keep the sandbox from ending: the block ends here.


def test_latency() -> None:
    with sandbox() as live:
        live.arm(kind="latency", delay_ms=150)
        began = time.monotonic()
        assert live.submit(live.name()) == "OK"
        assert time.monotonic() - began >= 0.15


def test_a_node_that_is_down_comes_back_where_it_was() -> None:
    with sandbox() as live:
        address = live.running.node(3).address
        assert live.post("settings", {"nodes_down": ["0.0.3"]})["nodes_down"] == ["0.0.3"]
        name = live.name()
        assert broken(live, raw=live.transaction(name)) is grpc.StatusCode.UNAVAILABLE
        assert live.submit(live.name(), node=4) == "OK"
        assert live.post("settings", {"nodes_down": []})["nodes_down"] == []
        assert live.running.node(3).address == address
        assert live.submit(name) == "OK"


def test_two_cannot_have_one_port_and_leave_nothing_behind() -> None:
    with sandbox() as live:
        port = live.running.node(3).port
        taken = Running(Options(nodes=((3, 0), (4, port))))
        with pytest.raises(OSError, match="cannot be listened at"):
            taken.start()
        assert not any(node.is_up for node in taken.nodes)


def test_tls_with_the_certificate_of_the_address_book() -> None:
    with sandbox(Options(consensus_delay_s=0, tls=True)) as live:
        certificate = live.running.certificate
        assert certificate is not None
        (first, _) = live.get("/api/v1/network/nodes")["nodes"]
        assert first["node_cert_hash"] == "0x" + certificate.hash
        assert live.running.facts["cert_hash"] == certificate.hash
        trusted = grpc.ssl_channel_credentials(certificate.pem)
        with grpc.secure_channel(live.running.node(3).address, trusted) as channel:
            ask: grpc.UnaryUnaryMultiCallable[bytes, bytes]
            ask = channel.unary_unary("/proto.CryptoService/cryptoTransfer")
            assert ask(live.transaction(live.name()), timeout=10) == b""
