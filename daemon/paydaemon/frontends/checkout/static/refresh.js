// Asks for the page again and takes over what differs. Every word, amount and QR code is the daemon's: nothing is made
// up here. Whoever has to know listens for "shown" at the document, or for "unseen": that the page could not be got.
import { morph } from "./morph.js";

const PATIENCE_MS = 15_000;

let running = false;
let again = false;

// Resolves to whether it worked. Whatever is asked meanwhile is asked once more at the end, and not several times.
export async function refresh() {
  again = true;
  if (running) return true;
  running = true;
  try {
    while (again) {
      again = false;
      await take(await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }));
    }
    return true;
  } catch {
    document.dispatchEvent(new Event("unseen"));
    return false;
  } finally {
    running = false;
  }
}

async function take(answer) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!fresh.querySelector("main[data-stand]")) throw new Error("this is not the page");
  if (!document.querySelector("main[data-stand]")) return location.reload();
  document.title = fresh.title;
  document.documentElement.lang = fresh.documentElement.lang;
  for (const part of ["main", "footer"]) morph(document.querySelector(part), fresh.querySelector(part));
  for (const script of fresh.head.querySelectorAll("script[src]")) bring(script.getAttribute("src"));
  document.dispatchEvent(new Event("shown"));
}

// What another way to pay needs, such as wallets; what is there already is not loaded twice.
function bring(src) {
  if ([...document.scripts].some((one) => one.getAttribute("src") === src)) return;
  document.head.append(Object.assign(document.createElement("script"), { type: "module", src }));
}

// Another way to pay, or another language, without leaving the page; a new tab is still a new tab.
export function swapOnClick() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    refresh();
  });
}
