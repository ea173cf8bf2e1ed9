// Short news that go away by themselves.
import { announce, closeButton, h } from "./dom.js";

const LIFETIME = 6000;
const LIMIT = 3;

export class Toasts {
  element = h("div", { class: "toasts" });
  #timers = new Set();

  /** @param {string} text @param {string} [advice] @param {{isBad?: boolean}} [options] */
  show(text, advice = "", { isBad = false } = {}) {
    const toast = h("div", { class: isBad ? "toast toast-bad" : "toast", role: isBad ? "alert" : null },
      h("p", {}, h("strong", {}, text), advice ? ` ${advice}` : ""),
      closeButton("Dismiss", () => toast.remove()));
    if (!isBad) announce(`${text} ${advice}`);
    this.element.append(toast);
    while (this.element.childElementCount > LIMIT) this.element.firstElementChild.remove();
    this.#removeAfter(toast, (isBad ? 2 : 1) * LIFETIME + 40 * advice.length);
  }

  #removeAfter(toast, time) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Not from under somebody's eyes or fingers.
      if (toast.matches(":hover, :focus-within")) this.#removeAfter(toast, LIFETIME / 2);
      else toast.remove();
    }, time);
    this.#timers.add(timer);
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
