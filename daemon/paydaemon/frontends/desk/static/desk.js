// Looks every so often whether a page that says so has changed, and shows what has. Nothing needs it.
"use strict";

const main = document.querySelector("main[data-live]");

async function look() {
  if (document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]")) return;
  const answer = await fetch(location.href, { headers: { "X-Desk-Live": "1" }, redirect: "error" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.querySelector("main[data-live]");
  if (now && now.innerHTML !== main.innerHTML) main.replaceChildren(...now.childNodes);
}

if (main) setInterval(() => look().catch(() => {}), 1000 * Number(main.dataset.live));
