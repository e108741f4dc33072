// A wallet of the Hedera sandbox at @URL@: it asks before it signs, and there is no network where its keys are worth
// anything. paydaemon demo writes this file; see docs/wallets.md for wallets that are.

const LEDGER = "hedera:devnet:";
const DECLINED = 4001;

paydaemon.wallets.register({
  name: "Sandbox wallet",
  accounts: async () => ["@ACCOUNT@"],
  request: async ({ method, params }) => {
    if (method !== "hedera_signTransaction") throw failure(4200, `${method} is not known`);
    if (!params.signerAccountId.startsWith(LEDGER)) throw failure(4901, "this is no sandbox");
    if (!confirm(`Sandbox wallet: sign this payment by ${params.signerAccountId}?`)) throw failure(DECLINED, "declined");
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("@URL@/sandbox/wallet", { method: "POST", headers, body: JSON.stringify({ method, ...params }) });
    const said = await answer.json();
    if (!answer.ok) throw failure(9000, said.error);
    return said;
  },
});

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}
