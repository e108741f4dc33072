// Hands a signed payment in by the invoice's own websocket, and follows it to its outcome. Where the connection is lost,
// the payment is asked for again, and handed in again only if the daemon does not know it: the same one is paid once.

const LEAST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

// Resolves to the last state of the relay, or to what was said against it: { status } or { code }. Tells "lost", too.
export async function handOver(payment, tell) {
  for (let pause_ms = LEAST_PAUSE_MS, method = "submit"; ; pause_ms = Math.min(2 * pause_ms, LONGEST_PAUSE_MS)) {
    const end = await conversation(payment, method, tell);
    if (end) return end;
    method = "follow";
    tell("lost");
    await new Promise((resolve) => setTimeout(resolve, pause_ms));
  }
}

// Resolves to null where the connection ends before the payment does.
function conversation(payment, method, tell) {
  const socket = new WebSocket(payment.url);
  const messages = {
    submit: { method: "submit", params: { transaction: payment.transaction } },
    follow: { method: "follow", params: { transaction_id: payment.transaction_id } },
  };
  const send = (name) => socket.send(JSON.stringify(messages[name]));
  return new Promise((resolve) => {
    socket.addEventListener("open", () => send(method));
    socket.addEventListener("close", () => resolve(null));
    socket.addEventListener("message", ({ data }) => {
      const { error, result, params } = JSON.parse(data);
      if (error?.code === "relay_not_found") return send("submit");
      if (!error) tell((result ?? params).status);
      if (error || ["succeeded", "failed"].includes((result ?? params).status)) resolve(error ?? result ?? params);
    });
  }).finally(() => socket.close());
}
