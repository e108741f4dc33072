// What a plan asks for, done by Hedera's SDK for JavaScript: see plans.py beside this.
//
//     node javascript.mjs bytes|read|execute < plan.json > answers.json

import { readFileSync } from "node:fs";
import {
  AccountId, Client, ContractExecuteTransaction, FileContentsQuery, Hbar, PrivateKey, Timestamp, TokenId, Transaction,
  TransactionId, TransactionReceiptQuery, TransactionRecordQuery, TransferTransaction,
} from "@hiero-ledger/sdk";

const plan = JSON.parse(readFileSync(0, "utf8"));
const work = { bytes: toBytes, read, execute }[process.argv[2]];
const answers = {};
for (const one of plan.cases) {
  answers[one.name] = await work(one);
}
process.stdout.write(JSON.stringify(answers));

function build(one) {
  const payer = AccountId.fromString(one.payer);
  const id = one.valid_start ? TransactionId.withValidStart(payer, instant(one.valid_start)) : TransactionId.generate(payer);
  const transaction = one.call ? call(one) : transfer(one);
  return transaction
    .setTransactionId(id)
    .setTransactionMemo(one.memo)
    .setTransactionValidDuration(one.valid_duration_s)
    .setMaxTransactionFee(Hbar.fromTinybars(one.max_fee_tinybars))
    .setNodeAccountIds(one.nodes.map((node) => AccountId.fromString(node)));
}

function call({ call: { contract, gas, tinybars } }) {
  return new ContractExecuteTransaction()
    .setContractId(contract)
    .setGas(gas)
    .setPayableAmount(Hbar.fromTinybars(tinybars))
    .setFunctionParameters(Buffer.from("deposit()"));
}

function transfer(one) {
  const transaction = new TransferTransaction();
  for (const [account, amount] of Object.entries(one.hbar)) {
    transaction.addHbarTransfer(account, Hbar.fromTinybars(amount));
  }
  for (const [token, { decimals, amounts }] of Object.entries(one.tokens)) {
    for (const [account, amount] of Object.entries(amounts)) {
      transaction.addTokenTransferWithDecimals(TokenId.fromString(token), account, amount, decimals);
    }
  }
  return transaction;
}

async function signed(one) {
  const transaction = build(one).freeze();
  for (const key of one.signers) {
    await transaction.sign(PrivateKey.fromStringDer(key));
  }
  return transaction;
}

async function toBytes(one) {
  return Buffer.from((await signed(one)).toBytes()).toString("base64");
}

async function read(one) {
  const transaction = Transaction.fromBytes(Buffer.from(one.transaction, "base64"));
  for (const key of one.signers) {
    await transaction.sign(PrivateKey.fromStringDer(key));
  }
  return {
    bytes: Buffer.from(transaction.toBytes()).toString("base64"),
    transaction_id: transaction.transactionId.toString(),
    nodes: transaction.nodeAccountIds.map(String),
    memo: transaction.transactionMemo,
    hbar: Object.fromEntries([...transaction.hbarTransfers].map(([account, amount]) => [String(account), Number(amount.toTinybars())])),
    tokens: Object.fromEntries([...transaction.tokenTransfers].map(([token, amounts]) => [
      String(token), Object.fromEntries([...amounts].map(([account, amount]) => [String(account), Number(amount)])),
    ])),
  };
}

async function execute(one) {
  const network = Object.fromEntries(Object.entries(plan.nodes).map(([at, id]) => [at, AccountId.fromString(id)]));
  const client = Client.forNetwork(network).setMinBackoff(20).setMaxBackoff(200).setRequestTimeout(20_000);
  if (plan.operator) {
    client.setOperator(plan.operator.account, PrivateKey.fromStringDer(plan.operator.private_key));
  }
  try {
    const told = await outcome(await signed(one), client);
    return { ...told, file: one.file ? hex(await new FileContentsQuery().setFileId(one.file).execute(client)) : null };
  } catch (error) {
    return { error: error.status?.toString() ?? String(error), transaction_id: error.transactionId?.toString() ?? null };
  } finally {
    client.close();
  }
}

async function outcome(transaction, client) {
  const response = await transaction.execute(client);
  const about = { transaction_id: response.transactionId.toString(), hash: hex(response.transactionHash) };
  const query = new TransactionReceiptQuery().setTransactionId(response.transactionId).setValidateStatus(false);
  const receipt = await query.execute(client);
  const result = { receipt: receipt.status.toString(), contract: receipt.contractId?.toString() ?? null };
  return { ...about, ...result, record: plan.operator ? await record(response, client) : null };
}

async function record(response, client) {
  const query = new TransactionRecordQuery().setTransactionId(response.transactionId).setValidateReceiptStatus(false);
  const found = await query.execute(client);
  return {
    hash: hex(found.transactionHash),
    consensus: found.consensusTimestamp.toString(),
    fee_tinybars: found.transactionFee.toTinybars().toString(),
    memo: found.transactionMemo,
    hbar: Object.fromEntries(found.transfers.map((one) => [one.accountId.toString(), one.amount.toTinybars().toString()])),
    tokens: [...found.tokenTransfers].map(([token, amounts]) => [
      token.toString(), Object.fromEntries([...amounts].map(([account, amount]) => [account.toString(), amount.toString()])),
    ]),
  };
}

function hex(bytes) {
  return Buffer.from(bytes).toString("hex");
}

function instant(text) {
  const [seconds, nanos] = text.split(".");
  return new Timestamp(Number(seconds), Number(nanos));
}
