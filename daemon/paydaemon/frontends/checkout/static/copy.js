// Copies what stands beside a button. Where the browser does not let a page do so, it is selected instead, and said how
// to go on.

const SHOWN_MS = 2_000;
const READ_MS = 6_000;

export function copyOnClick() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      tell(button, button.dataset.done, SHOWN_MS);
    } catch {
      getSelection().selectAllChildren(source);
      tell(button, button.dataset.selected, READ_MS);
    }
  });
}

function tell(button, text, shown_ms) {
  const said = document.getElementById("said");
  const { textContent: before, dataset } = button;
  if ([dataset.done, dataset.selected].includes(before)) return;
  button.textContent = said.textContent = text;
  setTimeout(() => {
    said.textContent = "";
    if (button.textContent === text) button.textContent = before;
  }, shown_ms);
}
