// Short news that go away by themselves.
import { closeButton, h } from "./dom.js";

const LIFETIME = 6000;
const LIMIT = 3;

export class Toasts {
  element = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  #timers = new Set();

  /** @param {string} text @param {string} [advice] */
  show(text, advice = "") {
    const toast = h("div", { class: "toast" }, h("p", {}, h("strong", {}, text), advice ? ` ${advice}` : ""),
      closeButton("Dismiss", () => toast.remove()));
    this.element.append(toast);
    while (this.element.childElementCount > LIMIT) this.element.firstElementChild.remove();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      toast.remove();
    }, LIFETIME + 40 * advice.length);
    this.#timers.add(timer);
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
