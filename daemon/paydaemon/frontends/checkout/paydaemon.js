// For sellers' own pages: a click on <button data-paydaemon-invoice="inv_…"> opens the checkout page in a dialog.
//
// The button, and so every element around it, is told: "paydaemon:paid" once the invoice is paid, "paydaemon:closed"
// once the dialog is closed, "paydaemon:failed" where the checkout page does not show there; `event.detail.invoice` is
// the invoice's id. It is for what the page shows: whether goods are handed out is decided by what the daemon says to
// the seller's server.
"use strict";

(() => {
  if (window.paydaemonEmbeds) return; // loaded twice, it would open everything twice
  window.paydaemonEmbeds = true;

  const PATIENCE_MS = 8_000;
  const base = new URL(".", document.currentScript.src);
  const CLOSE = { de: "Schließen", en: "Close", es: "Cerrar", fr: "Fermer" };
  const FAILED = {
    de: ["Die Seite zum Bezahlen lässt sich hier nicht anzeigen.", "In einem neuen Tab öffnen"],
    en: ["The payment page cannot be shown here.", "Open it in a new tab"],
    es: ["La página de pago no se puede mostrar aquí.", "Abrirla en una pestaña nueva"],
    fr: ["La page de paiement ne peut pas s’afficher ici.", "L’ouvrir dans un nouvel onglet"],
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-paydaemon-invoice]");
    if (!button) return;
    event.preventDefault();
    open(button);
  });

  function open(button) {
    const invoice = button.dataset.paydaemonInvoice;
    const title = button.textContent.trim();
    const frame = make("iframe", { title, allow: "clipboard-write", src: addressOf(invoice) });
    const close = make("button", { type: "button", textContent: "\u00d7", ariaLabel: inTheLanguageOfThePage(CLOSE) });
    const dialog = make("dialog", { ariaLabel: title });
    const notice = make("p", { role: "alert" });
    style(dialog, close, frame, notice);

    const listen = ({ source, origin, data }) => {
      if (source !== frame.contentWindow || origin !== base.origin || data?.invoice !== invoice) return;
      clearTimeout(patience);
      notice.remove();
      if (data.paydaemon === "paid") tell(button, "paydaemon:paid", invoice);
      if (data.paydaemon === "close") dialog.close();
    };
    // A browser does not tell whether a frame shows what it should: the checkout page says so itself.
    const patience = setTimeout(() => {
      dialog.insertBefore(notice, frame);
      notice.append(...noticeOf(frame.src));
      tell(button, "paydaemon:failed", invoice);
    }, PATIENCE_MS);
    window.addEventListener("message", listen);
    frame.addEventListener("load", () => frame.contentWindow.postMessage({ paydaemon: "hello" }, base.origin));
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      clearTimeout(patience);
      window.removeEventListener("message", listen);
      dialog.remove();
      tell(button, "paydaemon:closed", invoice);
    });

    dialog.append(close, frame);
    document.body.append(dialog);
    dialog.showModal();
  }

  function addressOf(invoice) {
    return new URL(`i/${encodeURIComponent(invoice)}`, base).href;
  }

  function noticeOf(href) {
    const [text, link] = inTheLanguageOfThePage(FAILED);
    return [`${text} `, make("a", { href, target: "_blank", rel: "noopener", textContent: link })];
  }

  function inTheLanguageOfThePage(words) {
    return words[document.documentElement.lang.slice(0, 2).toLowerCase()] ?? words.en;
  }

  function tell(button, type, invoice) {
    button.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: { invoice } }));
  }

  function make(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  // By properties and not by a style sheet: the page's own policy then has nothing against it.
  function style(dialog, close, frame, notice) {
    Object.assign(dialog.style, {
      width: "min(46rem, 100vw)", height: "min(52rem, 100dvh)", maxWidth: "none", maxHeight: "none",
      padding: "0", border: "0", borderRadius: "1rem", overflow: "hidden",
    });
    Object.assign(frame.style, { display: "block", width: "100%", height: "100%", border: "0" });
    Object.assign(notice.style, {
      margin: "0", padding: "1rem 4rem 1rem 1rem", font: "1rem/1.5 sans-serif", color: "#1d2430", background: "#ffffff",
    });
    Object.assign(close.style, {
      position: "absolute", top: ".5rem", right: ".5rem", width: "2.75rem", height: "2.75rem", zIndex: "1",
      border: "0", borderRadius: "50%", font: "1.5rem/1 sans-serif", color: "#1d2430", background: "#ffffff",
      boxShadow: "0 0 0 1px #c9d0db", cursor: "pointer",
    });
  }
})();
