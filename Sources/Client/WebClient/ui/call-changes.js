// Who came, who left and whose identity is another one, as news.
import { isolated } from "./dom.js";

/** A newcomer's name comes a moment after it. */
const NAME_TIME = 800;

export class CallChanges {
  #tell;
  /** @type {Map<string, import("../session/state.js").PersonView>} */
  #known = new Map();
  #timers = new Set();

  /** @param {(text: string) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** @param {import("../session/state.js").CallState} state */
  render({ people, phase }) {
    if (phase !== "in") return;
    const isFirst = this.#known.size === 0;
    const now = new Map(people.map((person) => [person.member, person]));
    for (const [member, { isSelf, isAuthentic }] of now) {
      if (!this.#known.has(member) && !isSelf && !isFirst && isAuthentic) this.#came(member);
    }
    for (const [member, { name, isSelf }] of this.#known) {
      if (!now.has(member) && !isSelf) this.#tell(`${isolated(name)} left.`);
    }
    this.#known = now;
  }

  #came(member) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const person = this.#known.get(member);
      if (person) this.#tell(`${isolated(person.name)} joined.`);
    }, NAME_TIME);
    this.#timers.add(timer);
  }
}
