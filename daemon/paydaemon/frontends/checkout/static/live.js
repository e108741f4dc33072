// Hears of what happens by the invoice's public websocket, and then shows the page as it is now. Where there can be no
// websocket, each attempt to connect again looks at the page as well. Whoever's look it was that failed, the next one is
// made here, after a pause, and the payer is told meanwhile.
import { refresh } from "./refresh.js";

const LEAST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

let socket = null;
let waiting = 0;
let pause_ms = LEAST_PAUSE_MS;

export function follow() {
  connect();
  document.addEventListener("shown", () => shown() || disconnect());
  document.addEventListener("unseen", lost);
  document.addEventListener("over", start);
  // A phone stops what is not seen, such as this page while the wallet is, and may not tell that the socket is gone.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && start());
}

function shown() {
  return document.querySelector("main[data-goes-on]");
}

async function start() {
  disconnect();
  if (await refresh()) connect();
}

function connect() {
  disconnect();
  if (!shown()) return;
  const url = new URL(`../v1/public/invoices/${shown().dataset.invoice}/events`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  socket = new WebSocket(url);
  socket.addEventListener("open", () => (pause_ms = LEAST_PAUSE_MS));
  socket.addEventListener("message", ({ data }) => isNews(JSON.parse(data)) && refresh());
  socket.addEventListener("close", startLater);
}

function disconnect() {
  clearTimeout(waiting);
  socket?.removeEventListener("close", startLater);
  socket?.close();
}

function startLater() {
  clearTimeout(waiting);
  waiting = setTimeout(start, pause_ms * (0.5 + Math.random()));
  pause_ms = Math.min(2 * pause_ms, LONGEST_PAUSE_MS);
}

// The next look that works takes the words away again: they are not in the page that it gets.
function lost() {
  const told = document.getElementById("lost");
  if (told && told.textContent !== told.dataset.text) told.textContent = told.dataset.text;
  disconnect();
  startLater();
}

// The first message says how the invoice stands, which the page mostly shows already.
function isNews({ invoice }) {
  return !invoice || stand(invoice) !== shown()?.dataset.stand;
}

// As checkout/shown.py makes it.
function stand({ status, flags, options }) {
  const payments = options.flatMap((option) => option.payments);
  return [status, ...flags, ...payments.map((one) => `${one.id}:${one.state}:${one.confirmations}`)].join(" ");
}
