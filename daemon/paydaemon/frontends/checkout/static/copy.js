// Copies what stands beside a button. Where the browser does not let a page do so, it is selected instead.

const SHOWN_MS = 2_000;

export function copyOnClick() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
      confirm(button);
    } catch {
      getSelection().selectAllChildren(source);
    }
  });
}

function confirm(button) {
  const said = document.getElementById("said");
  const { textContent: before, dataset } = button;
  if (before === dataset.done) return;
  button.textContent = said.textContent = dataset.done;
  setTimeout(() => {
    said.textContent = "";
    if (button.textContent === dataset.done) button.textContent = before;
  }, SHOWN_MS);
}
