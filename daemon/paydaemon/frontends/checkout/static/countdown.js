// Counts the time left down, by what the daemon said was left: the payer's own clock may be wrong. At its end nothing is
// left to pay by, whether the daemon can be asked or not; its next answer then says how it really stands.

const TICK_MS = 1_000;

let end_ms = null;
let told = false;

export function countDown() {
  read();
  document.addEventListener("shown", read);
  setInterval(tick, TICK_MS);
}

function shown() {
  return document.querySelector("[data-left-ms]");
}

function read() {
  told = false;
  end_ms = shown() && Date.now() + Number(shown().dataset.leftMs);
}

function tick() {
  if (!shown() || told) return;
  const left_ms = Math.max(0, end_ms - Date.now());
  shown().textContent = clock(Math.floor(left_ms / 1_000));
  if (!left_ms) tellThatItIsOver();
}

// In the page's own words, which it has brought for that; the next page puts everything back, or takes it away.
function tellThatItIsOver() {
  told = true;
  document.querySelector("main").dataset.state = "time_up";
  for (const part of document.querySelectorAll("[data-in-time]")) part.hidden = true;
  for (const part of document.querySelectorAll("[data-over]")) part.textContent = part.dataset.over;
  document.dispatchEvent(new Event("over"));
}

// As checkout/words.py writes it.
function clock(left_s) {
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(left_s / 3_600), Math.floor(left_s / 60) % 60, left_s % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}
