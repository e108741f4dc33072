// Wallets in this browser: an adapter announces each by paydaemon.wallets.register, as docs/wallets.md says. The daemon
// draws a payment up, the wallet signs it under HIP-820's names, and the daemon passes it on. No key comes by here.
import { handOver } from "./handover.js";

const NODES_MS = 5_000;
const ACCOUNTS_MS = 60_000;
const DECLINED = [4001, 5000, 5001, 5002, 5003];

// What the payer is told of the daemon's codes, some of them with what they are about; of any other: "not_now".
const WORDS = {
  not_an_id: "wrong_account",
  wrong_payer: "wrong_account",
  "invalid_transaction transfers": "wrong_account",
  invalid_transaction: "wallet_failed",
  invalid_signature: "wrong_signature",
  nothing_asked: "nothing_asked",
  payment_under_way: "payment_under_way",
  transaction_expired: "too_late",
  wrong_amount: "changed",
};
const STATES = { received: "under_way", accepted: "under_way" };

const wallets = new Map();
let word = null;
let attempt = null;

class Ended extends Error {
  constructor(word) {
    super(word);
    this.word = word;
  }
}

export function offerWallets() {
  window.paydaemon = Object.freeze({ wallets: Object.freeze({ register }) });
  document.addEventListener("shown", () => part("wallet")?.hidden && draw());
  document.addEventListener("click", ({ target }) => target.id === "wallet-stop" && attempt?.abort());
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "wallet-form") return;
    event.preventDefault();
    pay(wallets.get(event.submitter?.dataset.wallet) ?? wallets.values().next().value);
  });
}

function register(wallet) {
  if (typeof wallet?.name !== "string" || !wallet.name || typeof wallet.request !== "function") {
    throw new TypeError("a wallet has a name and a function request");
  }
  wallets.set(wallet.name, wallet);
  draw();
}

// --- What is shown

function part(id) {
  return document.getElementById(id);
}

function wording(name) {
  return part("wallet-words").querySelector(`[data-word="${name}"]`).textContent;
}

function draw() {
  if (!part("wallet") || !wallets.size) return;
  part("wallet").hidden = false;
  part("wallet-buttons").replaceChildren(...[...wallets.keys()].map(button));
  show();
}

function button(name) {
  const made = document.createElement("button");
  made.className = "button";
  made.dataset.wallet = name;
  made.textContent = wording("offer").replace("{wallet}", () => name);
  return made;
}

function say(name) {
  word = name;
  show();
}

function show() {
  if (!part("wallet") || part("wallet").hidden) return;
  const text = word ? wording(word) : "";
  if (part("wallet-said").textContent !== text) part("wallet-said").textContent = text;
  part("wallet-stop").hidden = word !== "signing";
  for (const one of part("wallet-buttons").children) one.setAttribute("aria-disabled", Boolean(attempt) || word === "succeeded");
}

// --- One payment

async function pay(wallet) {
  if (attempt || word === "succeeded") return;
  attempt = new AbortController();
  say("preparing");
  const end = await paid(wallet, part("wallet").dataset, attempt.signal).catch(({ word }) => word ?? "not_now");
  attempt = null;
  say(end);
}

async function paid(wallet, { chain, asset }, signal) {
  const invoice = `../v1/public/invoices/${document.querySelector("main").dataset.invoice}`;
  const payer = part("payer").value.trim() || (await accountOf(wallet, signal));
  const prepared = await prepare(`${invoice}/prepare/${chain}`, { payer, asset, nodes: await nodesOf(wallet, signal) });
  say("signing");
  const params = { signerAccountId: prepared.signer, transactionBody: prepared.unsigned };
  const ask = () => wallet.request({ method: "hedera_signTransaction", params });
  const signed = await answer(ask, 1_000 * prepared.sign_within_s, signal);
  if (typeof signed?.signatureMap !== "string") throw new Ended("wallet_failed");
  say("sending");
  const url = new URL(`${invoice}/relay/${chain}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const transaction = `${prepared.unsigned}.${signed.signatureMap}`;
  const end = await handOver({ url, transaction, transaction_id: prepared.transaction_id }, (state) => say(STATES[state] ?? state));
  return end.status ?? wordOf(end);
}

async function prepare(url, wish) {
  const headers = { "Content-Type": "application/json" };
  const asked = await fetch(url, { method: "POST", headers, body: JSON.stringify(wish) });
  const made = await asked.json();
  if (!asked.ok) throw new Ended(wordOf(made.error));
  return made;
}

function wordOf({ code, param }) {
  return WORDS[`${code} ${param}`] ?? WORDS[code] ?? "not_now";
}

// HIP-30 writes an account as hedera:testnet:0.0.1002-abcde; the daemon is told the number.
async function accountOf(wallet, signal) {
  const accounts = wallet.accounts ? await answer(() => wallet.accounts(), ACCOUNTS_MS, signal) : [];
  if (typeof accounts?.[0] !== "string") throw new Ended("no_account");
  part("payer").value = accounts[0].split(":").at(-1).split("-")[0];
  return part("payer").value;
}

async function nodesOf(wallet, signal) {
  try {
    const told = await answer(() => wallet.request({ method: "hedera_getNodeAddresses" }), NODES_MS, signal);
    return (told?.nodes ?? []).filter((node) => typeof node === "string").slice(0, 100).map((node) => node.split("-")[0]);
  } catch {
    return [];
  }
}

// What a wallet answers, unless it takes too long or the payer no longer wants to wait. What it says later is not heard.
function answer(ask, patience_ms, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Ended("silent")), patience_ms);
    signal.addEventListener("abort", () => reject(new Ended("stopped")));
    Promise.resolve().then(ask).then(resolve, (error) => reject(new Ended(DECLINED.includes(error?.code) ? "rejected" : "wallet_failed")));
  });
}
