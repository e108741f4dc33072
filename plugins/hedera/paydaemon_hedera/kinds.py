"""The kinds of transactions, by the number of their field in a body, and how those that are relayed are.

And those of questions, by that in a query. From ``services/transaction_body.proto`` and
``services/query.proto`` of the Hedera API protobufs.
"""

TRANSFER = 14
CALL = 7

METHODS = {
    TRANSFER: "/proto.CryptoService/cryptoTransfer",
    CALL: "/proto.SmartContractService/contractCallMethod",
}
"""Which are relayed, and by which gRPC method of a node."""

KINDS = {
    CALL: "contractCall",
    8: "contractCreateInstance",
    9: "contractUpdateInstance",
    10: "cryptoAddLiveHash",
    11: "cryptoCreateAccount",
    12: "cryptoDelete",
    13: "cryptoDeleteLiveHash",
    TRANSFER: "cryptoTransfer",
    15: "cryptoUpdateAccount",
    16: "fileAppend",
    17: "fileCreate",
    18: "fileDelete",
    19: "fileUpdate",
    20: "systemDelete",
    21: "systemUndelete",
    22: "contractDeleteInstance",
    23: "freeze",
    24: "consensusCreateTopic",
    25: "consensusUpdateTopic",
    26: "consensusDeleteTopic",
    27: "consensusSubmitMessage",
    28: "uncheckedSubmit",
    29: "tokenCreation",
    31: "tokenFreeze",
    32: "tokenUnfreeze",
    33: "tokenGrantKyc",
    34: "tokenRevokeKyc",
    35: "tokenDeletion",
    36: "tokenUpdate",
    37: "tokenMint",
    38: "tokenBurn",
    39: "tokenWipe",
    40: "tokenAssociate",
    41: "tokenDissociate",
    42: "scheduleCreate",
    43: "scheduleDelete",
    44: "scheduleSign",
    45: "token_fee_schedule_update",
    46: "token_pause",
    47: "token_unpause",
    48: "cryptoApproveAllowance",
    49: "cryptoDeleteAllowance",
    50: "ethereumTransaction",
    51: "node_stake_update",
    52: "util_prng",
    53: "token_update_nfts",
    54: "nodeCreate",
    55: "nodeUpdate",
    56: "nodeDelete",
    57: "tokenReject",
    58: "tokenAirdrop",
    59: "tokenCancelAirdrop",
    60: "tokenClaimAirdrop",
    65: "state_signature_transaction",
    66: "hints_preprocessing_vote",
    67: "hints_key_publication",
    68: "hints_partial_signature",
    69: "history_proof_signature",
    70: "history_proof_key_publication",
    71: "history_proof_vote",
    72: "crs_publication",
    74: "atomic_batch",
    75: "hook_store",
    76: "hook_dispatch",
    77: "ledger_id_publication",
    78: "registeredNodeCreate",
    79: "registeredNodeUpdate",
    80: "registeredNodeDelete",
    81: "migration_root_hash_vote",
}

BALANCE = "cryptogetAccountBalance"
CONTENTS = "fileGetContents"
RECEIPT = "transactionGetReceipt"

QUESTIONS = {
    1: "getByKey",
    2: "getBySolidityID",
    3: "contractCallLocal",
    4: "contractGetInfo",
    5: "contractGetBytecode",
    7: BALANCE,
    8: "cryptoGetAccountRecords",
    9: "cryptoGetInfo",
    12: CONTENTS,
    13: "fileGetInfo",
    14: RECEIPT,
    15: "transactionGetRecord",
    16: "transactionGetFastRecord",
    50: "consensusGetTopicInfo",
    51: "networkGetVersionInfo",
    52: "tokenGetInfo",
    53: "scheduleGetInfo",
    55: "tokenGetNftInfo",
    58: "accountDetails",
}
