// The chat: sealed texts, to everybody who is here.
import { asProblem } from "../session/problems.js";
import { announce, h, icon, isolated, newID, write } from "./dom.js";

export class Chat {
  element;
  unread = 0;
  #say;
  #list = h("ol", { class: "messages", "aria-live": "polite", "aria-label": "Messages", tabIndex: 0 });
  #empty = h("p", { class: "fine chat-empty" },
    "Messages are sealed like the call. Who joins later does not see them.");
  #input;
  #trouble = h("p", { class: "trouble", role: "alert" });
  #shown = 0;
  #last = null;
  #isOpen = false;

  /** @param {(text: string) => Promise<void>} say */
  constructor(say) {
    this.#say = say;
    const id = newID("chat");
    this.#input = h("textarea", {
      id, rows: 1, dir: "auto", placeholder: "Message", maxLength: 4000, onkeydown: (event) => this.#key(event),
    });
    this.element = h("div", { class: "chat" }, this.#list, this.#empty,
      h("form", { class: "row", onsubmit: (event) => (event.preventDefault(), this.#send()) },
        h("label", { for: id, class: "hidden-text" }, "Message to everybody"), this.#input,
        h("button", { type: "submit", class: "primary", "aria-label": "Send" }, icon("send"))),
      this.#trouble);
  }

  set isOpen(isOpen) {
    this.#isOpen = isOpen;
    if (isOpen) this.unread = 0;
  }

  focus() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#input.focus();
  }

  /** @param {import("../session/state.js").CallState["chat"]} messages */
  render(messages) {
    const last = messages.at(-1) ?? null;
    if (last === this.#last) return;
    const start = this.#last ? messages.indexOf(this.#last) + 1 : 0;
    for (const message of messages.slice(start)) {
      this.#list.append(this.#entry(message));
      if (message.isOwn || this.#isOpen) continue;
      this.unread += 1;
      announce(`${isolated(message.name ?? "Guest")} writes: ${message.text}`);
    }
    this.#last = last;
    this.#shown = messages.length;
    while (this.#list.childElementCount > this.#shown) this.#list.firstElementChild.remove();
    this.#empty.hidden = this.#shown > 0;
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  #entry({ name, text, isOwn, at }) {
    const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    return h("li", { class: isOwn ? "message message-own" : "message" },
      h("p", { class: "message-by fine" }, h("bdi", {}, isOwn ? "You" : (name ?? "Guest")), h("time", {}, time)),
      h("p", { class: "message-text", dir: "auto" }, text));
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  async #send() {
    const text = this.#input.value.trim();
    if (!text) return;
    try {
      await this.#say(text);
      this.#input.value = "";
      write(this.#trouble, "");
    } catch (error) {
      const problem = asProblem(error);
      write(this.#trouble, `${problem.text} ${problem.advice}`);
    }
  }
}
