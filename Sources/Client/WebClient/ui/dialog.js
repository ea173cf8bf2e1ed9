// Dialogs: the browser's own, which keeps the focus inside and closes on Escape.
import { closeButton, h, newID } from "./dom.js";

/**
 * @param {string} title
 * @param {(Node | string | null)[]} children
 * @param {{isWide?: boolean, onclose?: () => void}} [options]
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, children, { isWide = false, onclose } = {}) {
  const heading = newID("dialog");
  const name = isWide ? "dialog dialog-wide" : "dialog";
  const dialog = h("dialog", { class: name, "aria-labelledby": heading },
    h("header", {}, h("h2", { id: heading }, title),
      closeButton("Close", () => dialog.close())),
    h("div", { class: "dialog-body" }, ...children));
  dialog.addEventListener("close", () => {
    dialog.remove();
    onclose?.();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
