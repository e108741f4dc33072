// Looks every so often whether a page is still what the daemon would show. A page that says so is brought up
// to date; one of a session that is over is left at once; and where nobody answers, the page says so. Nothing
// needs it.
"use strict";

const EVERY_S = 15;
const PATIENCE_MS = 10_000;
const OVER = [401, 403, 404];

const watched = document.querySelector("[data-still]");
const live = document.querySelector("[data-live]");
const away = document.getElementById("away");
const every_ms = 1_000 * Number(live?.dataset.live || EVERY_S);
let answered = new Date();

const isBusy = () =>
  !live || document.hidden || live.contains(document.activeElement) || live.querySelector("details[open]");

// Without the header, a page that is only left open would keep somebody logged in.
const ask = (url) =>
  fetch(url, { headers: { "X-Desk-Live": "1" }, redirect: "manual", signal: AbortSignal.timeout?.(PATIENCE_MS) });

function leave() {
  document.body.replaceChildren();
  location.replace(location.pathname + location.search);
}

function say(text) {
  if (away.textContent !== text) away.textContent = text;
}

function show(html) {
  const now = new DOMParser().parseFromString(html, "text/html").querySelector("[data-live]");
  if (now && now.innerHTML !== live.innerHTML) live.replaceChildren(...now.childNodes);
}

async function look() {
  const busy = isBusy();
  const answer = await ask(busy ? watched.dataset.still : location.href);
  if (answer.type === "opaqueredirect" || OVER.includes(answer.status)) return leave();
  if (!answer.ok) throw new Error(answer.statusText);
  const html = await answer.text();
  if (!busy && !isBusy()) show(html);
  answered = new Date();
  say("");
}

const complain = () =>
  say(`No answer since ${answered.toISOString().slice(11, 19)} UTC; what is shown may be out of date.`);

const lookNow = () => look().catch(complain);

function lookAgain() {
  setTimeout(() => lookNow().finally(lookAgain), every_ms);
}

if (watched) {
  lookAgain();
  addEventListener("pageshow", (event) => event.persisted && lookNow());
  document.addEventListener("visibilitychange", () => document.hidden || lookNow());
}
