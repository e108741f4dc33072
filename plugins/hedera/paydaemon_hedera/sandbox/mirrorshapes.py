"""How a mirror node writes things down: the objects of its OpenAPI document."""

import base64
from collections.abc import Iterable

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.addressbook import NodeEntry
from paydaemon_hedera.sandbox.customfees import Assessed
from paydaemon_hedera.sandbox.history import Handled, changes_of, exchange_rates, moved_tokens
from paydaemon_hedera.sandbox.keys import EcdsaKey, Ed25519Key, Key, to_wire
from paydaemon_hedera.sandbox.ledger import HBAR, Account, FixedFee, FractionalFee, Token
from paydaemon_hedera.sandbox.mirrorview import Json, View
from paydaemon_hedera.sandbox.names import SECOND_NS, entity, time_text

RENEW_S = 7_776_000
"""For how long accounts are paid, 90 days; nobody's expires here."""


def transaction_of(one: Handled) -> Json:
    """A transaction, of the list."""
    body = one.envelope.body
    return {
        "batch_key": None,
        "bytes": None,
        "charged_tx_fee": one.effect.fee_tinybars,
        "consensus_timestamp": time_text(one.at_ns),
        "entity_id": _called(one),
        "high_volume": False,
        "max_custom_fees": [],
        "max_fee": str(body.transactionFee),
        "memo_base64": _base64(body.memo.encode()),
        "name": "CONTRACTCALL" if one.envelope.is_call else "CRYPTOTRANSFER",
        "nft_transfers": [],
        "node": entity(one.node),
        "nonce": 0,
        "parent_consensus_timestamp": None,
        "result": rc.ResponseCodeEnum.Name(one.effect.code),
        "scheduled": False,
        "staking_reward_transfers": [],
        "token_transfers": [
            {"token_id": entity(token), **transfer}
            for token in moved_tokens(one)
            for transfer in _transfers(one, token)
        ],
        "transaction_hash": _base64(one.envelope.hash),
        "transaction_id": one.name.dashed,
        "transfers": _transfers(one, HBAR),
        "valid_duration_seconds": str(body.transactionValidDuration.seconds),
        "valid_start_timestamp": time_text(one.name.start_ns),
    }


def _called(one: Handled) -> str | None:
    """The contract: the one that was found, or else the one that was named."""
    number = one.effect.contract or one.envelope.body.contractCall.contractID.contractNum
    return entity(number) if number else None


def _transfers(one: Handled, token: int) -> list[Json]:
    return [
        {"account": entity(account), "amount": amount, "is_approval": False}
        for account, amount in changes_of(one, token)
    ]


def assessed_of(fees: Iterable[Assessed]) -> list[Json]:
    """Custom fees that were taken."""
    return [
        {
            "amount": fee.amount_minor,
            "collector_account_id": entity(fee.collector),
            "effective_payer_account_ids": [entity(payer) for payer in fee.payers],
            "token_id": None if fee.token == HBAR else entity(fee.token),
        }
        for fee in fees
    ]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def account_of(view: View, found: Account) -> Json:
    """An account, without its transactions."""
    alias = found.alias or found.number.to_bytes(20)
    return {
        "account": entity(found.number),
        "alias": None,
        "auto_renew_period": RENEW_S,
        "balance": {"timestamp": time_text(view.end_ns), **balance_of(view, found)},
        "created_timestamp": time_text(found.created_ns),
        "decline_reward": False,
        "deleted": False,
        "ethereum_nonce": 0,
        "evm_address": "0x" + alias.hex(),
        "expiry_timestamp": time_text(found.created_ns + RENEW_S * SECOND_NS),
        "key": _key(found.key),
        "max_automatic_token_associations": found.auto_associations,
        "memo": found.memo,
        "pending_reward": 0,
        "receiver_sig_required": False,
        "staked_account_id": None,
        "staked_node_id": None,
        "stake_period_start": None,
    }


def _key(key: Key) -> Json:
    match key:
        case Ed25519Key(raw):
            return {"_type": "ED25519", "key": raw.hex()}
        case EcdsaKey(raw):
            return {"_type": "ECDSA_SECP256K1", "key": raw.hex()}
        case _:
            return {"_type": "ProtobufEncoded", "key": to_wire(key).SerializeToString().hex()}


def balance_of(view: View, account: Account) -> Json:
    """What an account has."""
    tokens = [
        {"token_id": entity(token), "balance": view.balance(account.number, token)}
        for token in sorted(account.tokens)
    ]
    return {"balance": view.balance(account.number, HBAR), "tokens": tokens}


def relationship_of(view: View, account: Account, token: int) -> Json:
    """How an account holds a token."""
    return {
        "automatic_association": token in account.associated_by_itself,
        "balance": view.balance(account.number, token),
        "created_timestamp": time_text(account.associated_ns.get(token, 0)),
        "decimals": view.ledger.tokens[token].decimals,
        "freeze_status": "NOT_APPLICABLE",
        "kyc_status": "NOT_APPLICABLE",
        "token_id": entity(token),
    }


def token_of(found: Token) -> Json:
    """A token."""
    return {
        "admin_key": None,
        "auto_renew_account": None,
        "auto_renew_period": None,
        "created_timestamp": time_text(found.created_ns),
        "custom_fees": _custom_fees(found),
        "decimals": str(found.decimals),
        "deleted": False,
        "expiry_timestamp": None,
        "fee_schedule_key": None,
        "freeze_default": False,
        "freeze_key": None,
        "initial_supply": str(found.supply_minor),
        "kyc_key": None,
        "max_supply": "0",
        "memo": "",
        "metadata": "",
        "metadata_key": None,
        "modified_timestamp": time_text(found.created_ns),
        "name": found.name,
        "pause_key": None,
        "pause_status": "NOT_APPLICABLE",
        "supply_key": None,
        "supply_type": "INFINITE",
        "symbol": found.symbol,
        "token_id": entity(found.number),
        "total_supply": str(found.supply_minor),
        "treasury_account_id": entity(found.treasury),
        "type": "FUNGIBLE_COMMON",
        "wipe_key": None,
    }


def _custom_fees(token: Token) -> Json:
    return {
        "created_timestamp": time_text(token.created_ns),
        "fixed_fees": [
            {
                "all_collectors_are_exempt": False,
                "amount": fee.amount_minor,
                "collector_account_id": entity(fee.collector),
                "denominating_token_id": None if fee.token == HBAR else entity(fee.token),
            }
            for fee in token.fees
            if isinstance(fee, FixedFee)
        ],
        "fractional_fees": [
            {
                "all_collectors_are_exempt": False,
                "amount": {"numerator": fee.numerator, "denominator": fee.denominator},
                "collector_account_id": entity(fee.collector),
                "denominating_token_id": entity(token.number),
                "maximum": fee.most_minor or None,
                "minimum": fee.least_minor,
                "net_of_transfers": fee.net_of_transfers,
            }
            for fee in token.fees
            if isinstance(fee, FractionalFee)
        ],
    }


def exchange_rate_of(view: View) -> Json:
    """The price of HBAR in US cents."""
    rates = exchange_rates(view.end_ns)
    told = {
        name: {
            "cent_equivalent": rate.centEquiv,
            "expiration_time": rate.expirationTime.seconds,
            "hbar_equivalent": rate.hbarEquiv,
        }
        for name, rate in (("current_rate", rates.currentRate), ("next_rate", rates.nextRate))
    }
    return {**told, "timestamp": time_text(view.end_ns)}


def node_of(place: int, node: NodeEntry) -> Json:
    """A node in the address book."""
    endpoint = {"domain_name": "", "ip_address_v4": node.host, "port": node.port}
    return {
        "admin_key": None,
        "decline_reward": False,
        "description": "a node of the sandbox",
        "file_id": "0.0.102",
        "grpc_proxy_endpoint": None,
        "max_stake": 0,
        "memo": entity(node.number),
        "min_stake": 0,
        "node_account_id": entity(node.number),
        "node_cert_hash": "0x" + node.cert_hash,
        "node_id": place,
        "public_key": "0x",
        "reward_rate_start": 0,
        "service_endpoints": [endpoint],
        "stake": 0,
        "stake_not_rewarded": 0,
        "stake_rewarded": 0,
        "staking_period": None,
        "timestamp": {"from": "0.000000000", "to": None},
    }
