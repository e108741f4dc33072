"""What a plan asks for, done by Hedera's SDK for Python: see plans.py beside this.

Runs in the SDK's own virtualenv:

    .sdks/python/bin/python python.py bytes|read|execute < plan.json > answers.json
"""

import base64
import json
import sys
from typing import Any

from hiero_sdk_python import (
    AccountId,
    Client,
    ContractExecuteTransaction,
    ContractId,
    FileContentsQuery,
    FileId,
    Network,
    PrivateKey,
    TokenId,
    Transaction,
    TransactionGetReceiptQuery,
    TransactionId,
    TransactionRecordQuery,
    TransferTransaction,
)
from hiero_sdk_python.exceptions import MaxAttemptsError, PrecheckError, ReceiptStatusError
from hiero_sdk_python.hapi.services import timestamp_pb2
from hiero_sdk_python.node import _Node
from hiero_sdk_python.response_code import ResponseCode

Json = dict[str, Any]


def build(one: Json) -> Transaction:
    payer = AccountId.from_string(one["payer"])
    transaction = call(one) if one["call"] else transfer(one)
    transaction.transaction_id = (
        TransactionId(payer, instant(one["valid_start"]))
        if one["valid_start"]
        else TransactionId.generate(payer)
    )
    transaction.set_transaction_memo(one["memo"])
    transaction.set_transaction_valid_duration(one["valid_duration_s"])
    transaction.transaction_fee = one["max_fee_tinybars"]
    transaction.set_node_account_ids([AccountId.from_string(node) for node in one["nodes"]])
    return transaction


def call(one: Json) -> ContractExecuteTransaction:
    called = one["call"]
    contract = ContractId.from_string(called["contract"])
    return ContractExecuteTransaction(contract, called["gas"], called["tinybars"], b"deposit()")


def transfer(one: Json) -> TransferTransaction:
    transaction = TransferTransaction()
    for account, amount in one["hbar"].items():
        transaction.add_hbar_transfer(AccountId.from_string(account), amount)
    for token, moved in one["tokens"].items():
        for account, amount in moved["amounts"].items():
            transaction.add_token_transfer_with_decimals(
                TokenId.from_string(token), AccountId.from_string(account), amount, moved["decimals"]
            )
    return transaction


def signed(one: Json) -> Transaction:
    transaction = build(one).freeze()
    for key in one["signers"]:
        transaction.sign(PrivateKey.from_string_der(key))
    return transaction


def to_bytes(one: Json, _: Json) -> str:
    return base64.b64encode(signed(one).to_bytes()).decode()


def read(one: Json, _: Json) -> Json:
    transaction = Transaction.from_bytes(base64.b64decode(one["transaction"]))
    assert isinstance(transaction, TransferTransaction)
    for key in one["signers"]:
        transaction.sign(PrivateKey.from_string_der(key))
    return {
        "bytes": base64.b64encode(transaction.to_bytes()).decode(),
        "transaction_id": str(transaction.transaction_id),
        "nodes": [str(node) for node in transaction.node_account_ids],
        "memo": transaction.memo,
        "hbar": {str(one.account_id): one.amount for one in transaction.hbar_transfers},
        "tokens": {
            str(token): {str(one.account_id): one.amount for one in moved}
            for token, moved in transaction.token_transfers.items()
        },
    }


def execute(one: Json, plan: Json) -> Json:
    nodes = [_Node(AccountId.from_string(id), address, None) for address, id in plan["nodes"].items()]
    client = Client(Network(network="localhost", nodes=nodes))
    client.set_min_backoff(0.02).set_max_backoff(0.2).set_request_timeout(20)
    if plan["operator"]:
        key = PrivateKey.from_string_der(plan["operator"]["private_key"])
        client.set_operator(AccountId.from_string(plan["operator"]["account"]), key)
    try:
        told = outcome(signed(one), client, with_record=bool(plan["operator"]))
        return {**told, "file": contents(one["file"], client) if one["file"] else None}
    except (PrecheckError, ReceiptStatusError) as error:
        return {"error": ResponseCode(error.status).name, "transaction_id": str(error.transaction_id)}
    except MaxAttemptsError as error:
        return {"error": str(error), "transaction_id": None}
    finally:
        client.close()


def contents(file: str, client: Client) -> str:
    held: bytes = FileContentsQuery(FileId.from_string(file)).execute(client)
    return held.hex()


def outcome(transaction: Transaction, client: Client, *, with_record: bool) -> Json:
    response = transaction.execute(client, wait_for_receipt=False)
    id = response.transaction_id
    receipt = TransactionGetReceiptQuery().set_transaction_id(id).execute(client)
    return {
        "transaction_id": str(id),
        "hash": response.hash.hex() if response.hash else None,
        "receipt": ResponseCode(receipt.status).name,
        "contract": str(receipt.contract_id) if receipt.contract_id else None,
        "record": record(id, client) if with_record else None,
    }


def record(id: TransactionId, client: Client) -> Json | None:
    try:
        found = TransactionRecordQuery(id).execute(client)
    except ReceiptStatusError:
        return None  # this SDK gives no record of what failed
    return {
        "hash": found.transaction_hash.hex(),
        "consensus": f"{found.consensus_timestamp.seconds}.{found.consensus_timestamp.nanos:09}",
        "fee_tinybars": str(found.transaction_fee),
        "memo": found.transaction_memo,
        "hbar": {str(account): str(amount) for account, amount in found.transfers.items()},
        "tokens": [
            [str(token), {str(account): str(amount) for account, amount in amounts.items()}]
            for token, amounts in found.token_transfers.items()
        ],
    }


def instant(text: str) -> timestamp_pb2.Timestamp:
    seconds, nanos = text.split(".")
    return timestamp_pb2.Timestamp(seconds=int(seconds), nanos=int(nanos))


def main() -> None:
    plan = json.load(sys.stdin)
    work = {"bytes": to_bytes, "read": read, "execute": execute}[sys.argv[1]]
    json.dump({one["name"]: work(one, plan) for one in plan["cases"]}, sys.stdout)


if __name__ == "__main__":
    main()
