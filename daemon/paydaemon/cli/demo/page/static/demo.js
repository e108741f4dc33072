// Shows how everything stands without being loaded again. The page is whole without it.
import { copyOnClick } from "./copy.js";
import { morph } from "./morph.js";

const EVERY_MS = 1_500;
const PATIENCE_MS = 10_000;

let looking = false;

copyOnClick();
setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);

async function look() {
  if (document.hidden || looking) return;
  looking = true;
  try {
    await take(await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }));
    tell("");
  } catch {
    tell("The demo has ended. Start it again by: make demo");
  } finally {
    looking = false;
  }
}

async function take(answer) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(document.querySelector("main"), fresh.querySelector("main"));
}

function tell(text) {
  const gone = document.getElementById("gone");
  if (gone.textContent !== text) gone.textContent = text;
}
