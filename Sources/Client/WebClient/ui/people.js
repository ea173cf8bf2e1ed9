// Who is in the call, under which keys, and the way to verify them.
import { bars, h, icon, isolated, place, write } from "./dom.js";
import { suiteName } from "./suite-names.js";
import { openVerify } from "./verify.js";
import { noteOf, titleOf } from "./tile.js";

const IDENTITY = {
  new: "New to this device",
  confirmed: "Same identity as before",
  changed: "Another identity than before",
};

export class PeopleList {
  element = h("ul", { class: "people", "aria-label": "People in the call" });
  #call;
  /** @type {Map<string, ReturnType<typeof row>>} */
  #rows = new Map();

  /** @param {import("../session/call.js").Call} call */
  constructor(call) {
    this.#call = call;
  }

  /** @param {import("../session/state.js").CallState} state */
  render({ people }) {
    const next = new Map();
    for (const person of people) {
      const existing = this.#rows.get(person.member) ?? row(() => openVerify(this.#call, person.member));
      update(existing, person);
      next.set(person.member, existing);
    }
    this.#rows = next;
    place(this.element, [...next.values()].map(({ element }) => element));
  }
}

function row(verify) {
  const parts = {
    name: h("span", { class: "person-name", dir: "auto" }), facts: h("span", { class: "person-facts fine" }),
    muted: icon("microphoneOff"), bars: bars(),
    button: h("button", { type: "button", class: "small", onclick: verify }, "Verify"),
  };
  const text = h("div", { class: "person-text" }, parts.name, parts.facts);
  return { ...parts, element: h("li", { class: "person" }, text, parts.muted, parts.bars, parts.button) };
}

function update({ element, name, facts, muted, bars: quality, button }, person) {
  write(name, titleOf(person));
  name.title = person.name;
  const identity = person.isSelf ? "This device" : IDENTITY[person.identity];
  write(facts, [noteOf(person, "camera"), identity, suiteName(person.suite)].filter(Boolean).join("\n"));
  element.classList.toggle("person-bad", person.identity === "changed" || !person.isAuthentic);
  muted.style.display = !person.media.microphone || person.media.microphone.isMuted ? "" : "none";
  quality.className = `bars bars-${person.quality ?? "unknown"}`;
  button.hidden = person.isSelf || !person.isAuthentic;
  button.setAttribute("aria-label", `Verify ${isolated(person.name)}`);
}
