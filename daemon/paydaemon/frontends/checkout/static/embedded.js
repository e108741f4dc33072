// Inside a seller's page: tells it that it is there, when the invoice is paid, and when Escape is pressed. Only a page that the daemon's
// configuration names is spoken to, and only after it has spoken first. See paydaemon.js, which is its counterpart.

let embedder = null;
let told = false;

export function tellEmbedder() {
  if (window.parent === window) return;
  window.addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || !isAllowed(origin) || data?.paydaemon !== "hello") return;
    embedder = origin;
    say("here");
    tell();
  });
  document.addEventListener("shown", tell);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && say("close"));
}

function isAllowed(origin) {
  const allowed = document.querySelector("main").dataset.embedders?.split(" ") ?? [];
  return allowed.includes("*") || allowed.includes(origin);
}

function tell() {
  const { state } = document.querySelector("main").dataset;
  if (!embedder || told || !["settled", "marked"].includes(state)) return;
  told = true;
  say("paid");
}

function say(what) {
  const { invoice } = document.querySelector("main").dataset;
  if (embedder) window.parent.postMessage({ paydaemon: what, invoice }, embedder);
}
