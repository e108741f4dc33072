"""Preparing: a payment drawn up for its payer's wallet to sign, as the body of a transaction.

It moves exactly what is asked, from one account to ours under the memo, and nothing else. One body is for one
node (HIP-820's ``hedera_signTransaction`` signs one), and one transaction's id is never drawn up twice. No
key is needed for it: who signs it pays for it, and until then it is nothing but a proposal.
"""

import secrets
from collections.abc import Collection

from google.protobuf.wrappers_pb2 import UInt32Value

from paydaemon.core.errors import invalid
from paydaemon.core.money import Asset
from paydaemon.hooks.ports import PayTo, Unsigned
from paydaemon_hedera import ids
from paydaemon_hedera.body import NATIVE
from paydaemon_hedera.ids import TransactionId
from paydaemon_hedera.inspection import MARGIN_S, MAX_DURATION_S
from paydaemon_hedera.proto import basic_types_pb2 as wire
from paydaemon_hedera.proto.crypto_transfer_pb2 import CryptoTransferTransactionBody
from paydaemon_hedera.proto.duration_pb2 import Duration
from paydaemon_hedera.proto.timestamp_pb2 import Timestamp
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody

MAX_FEE_TINYBARS = 100_000_000
"""One HBAR: what the transfer may cost its payer beside the amount. The network takes what its schedule says,
which is a small part of it, and takes nothing where that is more.
"""

STARTS_AGO_S = 10
"""Clocks of daemon and nodes differ a little, and what begins in the future is refused."""

LEDGERS = {"local": "devnet"}
"""The names of networks in HIP-30, where they are others than ours."""

_NS_PER_MS = 1_000_000


def prepare(
    network: str, payer: str, to: PayTo, asset: Asset, nodes: Collection[str], now_ms: int
) -> Unsigned:
    """The body by which `payer` pays that, for one of `nodes`. Raises `Refusal` for who cannot pay it."""
    if not _parts(ids.parse_entity(payer, "payer"))[-1]:
        raise invalid("payer", "is nobody's account", "not_an_id")
    if payer == to.address:
        raise invalid("payer", "is the account that is to be paid", "wrong_payer")
    start_ns = (now_ms - STARTS_AGO_S * 1_000) * _NS_PER_MS + secrets.randbelow(_NS_PER_MS)
    id = TransactionId(payer, *divmod(start_ns, 1_000 * _NS_PER_MS))
    node = secrets.choice(sorted(nodes))
    body = TransactionBody(
        transactionID=wire.TransactionID(
            transactionValidStart=Timestamp(seconds=id.seconds, nanos=id.nanos), accountID=_account(payer)
        ),
        nodeAccountID=_account(node),
        transactionFee=MAX_FEE_TINYBARS,
        transactionValidDuration=Duration(seconds=MAX_DURATION_S),
        memo=to.memo or "",
        cryptoTransfer=_transfer(payer, to, asset),
    )
    return Unsigned(
        transaction_id=str(id),
        signer=f"hedera:{LEDGERS.get(network, network)}:{payer}",
        node=node,
        unsigned=body.SerializeToString(),
        max_fee_minor=MAX_FEE_TINYBARS,
        sign_before_ms=now_ms + (MAX_DURATION_S - STARTS_AGO_S - MARGIN_S) * 1_000,
    )


def _transfer(payer: str, to: PayTo, asset: Asset) -> CryptoTransferTransactionBody:
    moves = [
        wire.AccountAmount(accountID=_account(account), amount=amount_minor)
        for account, amount_minor in ((payer, -to.amount_minor), (to.address, to.amount_minor))
    ]
    if asset.code == NATIVE:
        return CryptoTransferTransactionBody(transfers=wire.TransferList(accountAmounts=moves))
    shard, realm, number = _parts(asset.code)
    tokens = wire.TokenTransferList(
        token=wire.TokenID(shardNum=shard, realmNum=realm, tokenNum=number),
        transfers=moves,
        expected_decimals=UInt32Value(value=asset.decimals),
    )
    return CryptoTransferTransactionBody(tokenTransfers=[tokens])


def _account(id: str) -> wire.AccountID:
    shard, realm, number = _parts(id)
    return wire.AccountID(shardNum=shard, realmNum=realm, accountNum=number)


def _parts(id: str) -> tuple[int, int, int]:
    shard, realm, number = map(int, id.split("."))
    return shard, realm, number
