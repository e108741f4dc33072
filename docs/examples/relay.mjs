// Pays an invoice in HBAR: signed here by Hedera's own SDK, passed on and followed by paydaemon.
//
//   PAYDAEMON=http://127.0.0.1:8420 PAYDAEMON_KEY=pd_… ACCOUNT=0.0.1002 PRIVATE_KEY=302e… \
//     node relay.mjs INVOICE PAYEE MEMO TINYBARS
//
// PAYDAEMON_KEY can be left out where the daemon has `public = true` under [relay].
import { AccountId, Hbar, PrivateKey, TransactionId, TransferTransaction } from "@hiero-ledger/sdk";

const [invoice, payee, memo, tinybars] = process.argv.slice(2);
const { PAYDAEMON, PAYDAEMON_KEY, ACCOUNT, PRIVATE_KEY } = process.env;

const transaction = new TransferTransaction()
  .setTransactionId(TransactionId.generate(ACCOUNT))
  .setNodeAccountIds([new AccountId(3), new AccountId(4)])
  .setTransactionMemo(memo)
  .addHbarTransfer(ACCOUNT, Hbar.fromTinybars(`-${tinybars}`))
  .addHbarTransfer(payee, Hbar.fromTinybars(tinybars))
  .freeze();
await transaction.sign(PrivateKey.fromStringDer(PRIVATE_KEY));

const body = { transaction: Buffer.from(transaction.toBytes()).toString("base64"), invoice_id: invoice };
const headers = { "Content-Type": "application/json" };
if (PAYDAEMON_KEY) headers.Authorization = `Bearer ${PAYDAEMON_KEY}`;
const url = `${PAYDAEMON}/v1/relay/hedera?wait=consensus`;
const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
const relay = await answer.json();
console.log(answer.ok ? `${relay.status} ${relay.transaction_id}` : `refused: ${relay.error.message}`);
process.exit(answer.ok ? 0 : 1);
