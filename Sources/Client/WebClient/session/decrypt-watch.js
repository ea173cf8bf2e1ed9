// Whether the frames that arrive in each slot are opened, and if not, why.

/** Frames that cannot be opened for so long are told to people; less is a change of keys. */
const PATIENCE = 2500;
/** Causes in the order of things: duplicates, what was sent before this member came, and after another left. */
const EXPECTED = new Set(["replayed", "beforeJoin", "departed", "noKey"]);

/** @typedef {import("../media/tally.js").Tally["snapshot"]} Snapshot */

export class DecryptWatch {
  #onChange;
  /** @type {Map<string, Snapshot>} */
  #last = new Map();
  /** @type {Map<string, {cause: string, since: number}>} */
  #failing = new Map();

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** The counts of all transforms so far. @returns {Snapshot[]} */
  get totals() {
    return [...this.#last.values()];
  }

  /**
   * Takes new counts in.
   * @param {Snapshot[]} snapshots
   */
  take(snapshots) {
    const now = performance.now();
    for (const snapshot of snapshots) {
      const before = this.#last.get(snapshot.name);
      this.#last.set(snapshot.name, snapshot);
      if (snapshot.direction !== "receive") continue;
      const cause = newestCause(snapshot, before);
      if (snapshot.frames > (before?.frames ?? 0)) this.#failing.delete(snapshot.name);
      else if (cause) this.#failing.set(snapshot.name, { cause, since: this.#since(snapshot.name) ?? now });
    }
    this.#onChange();
  }

  /** Why nothing from a slot can be opened; null while it works. @param {string} name @returns {string | null} */
  reason(name) {
    const failing = this.#failing.get(name);
    return failing && performance.now() > failing.since + PATIENCE ? failing.cause : null;
  }

  #since(name) {
    return this.#failing.get(name)?.since;
  }

  /** Another publication is in the slot now. @param {string} name */
  forget(name) {
    this.#failing.delete(name);
  }
}

function newestCause(snapshot, before) {
  const grown = Object.entries(snapshot.drops).filter(
    ([cause, count]) => !EXPECTED.has(cause) && count > (before?.drops[cause] ?? 0));
  return grown.at(-1)?.[0] ?? null;
}
