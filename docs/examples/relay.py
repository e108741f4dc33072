r"""Pays an invoice in HBAR: signed here by Hedera's own SDK, passed on and followed by paydaemon.

PAYDAEMON=http://127.0.0.1:8420 PAYDAEMON_KEY=pd_… ACCOUNT=0.0.1002 PRIVATE_KEY=302e… \
    python relay.py INVOICE PAYEE MEMO TINYBARS

PAYDAEMON_KEY can be left out where the daemon has `public = true` under [relay].
"""

import base64
import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from hiero_sdk_python import AccountId, PrivateKey, TransactionId, TransferTransaction

invoice, payee, memo, tinybars = sys.argv[1:]
account = AccountId.from_string(os.environ["ACCOUNT"])

transaction = TransferTransaction()
transaction.transaction_id = TransactionId.generate(account)
transaction.set_node_account_ids([AccountId(0, 0, 3), AccountId(0, 0, 4)])
transaction.set_transaction_memo(memo)
transaction.add_hbar_transfer(account, -int(tinybars))
transaction.add_hbar_transfer(AccountId.from_string(payee), int(tinybars))
transaction.freeze().sign(PrivateKey.from_string_der(os.environ["PRIVATE_KEY"]))

body = {"transaction": base64.b64encode(transaction.to_bytes()).decode(), "invoice_id": invoice}
headers = {"Content-Type": "application/json"}
if key := os.environ.get("PAYDAEMON_KEY"):
    headers["Authorization"] = f"Bearer {key}"
url = f"{os.environ['PAYDAEMON']}/v1/relay/hedera?wait=consensus"
try:
    with urlopen(Request(url, json.dumps(body).encode(), headers)) as answer:
        relay = json.load(answer)
except HTTPError as refused:
    sys.exit(f"refused: {json.load(refused)['error']['message']}")
print(relay["status"], relay["transaction_id"])
