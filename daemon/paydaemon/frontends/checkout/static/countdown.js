// Counts the time left down, by what the daemon said was left: the payer's own clock may be wrong.
import { refresh } from "./refresh.js";

const TICK_MS = 1_000;

let end_ms = null;

export function countDown() {
  read();
  document.addEventListener("shown", read);
  setInterval(tick, TICK_MS);
}

function shown() {
  return document.querySelector("[data-left-ms]");
}

function read() {
  end_ms = shown() && Date.now() + Number(shown().dataset.leftMs);
}

function tick() {
  if (!shown()) return;
  const left_ms = Math.max(0, end_ms - Date.now());
  shown().textContent = clock(Math.floor(left_ms / 1_000));
  if (!left_ms) refresh();
}

// As checkout/words.py writes it.
function clock(left_s) {
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left_s / 3_600), Math.floor(left_s / 60) % 60, left_s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
