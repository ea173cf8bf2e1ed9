// Tells the page of frames whose key is missing, so that it can ask for it.
//
// Frames are the relay's to forge: each sender and epoch is named once in a while, and few of them.

const INTERVAL_MILLISECONDS = 250;
const LIMIT = 16;

export class MissingKeys {
  #report;
  /** What was named in the present interval. */
  #named = new Set();
  #until = -Infinity;

  /** @param {(missing: {epoch: number, joinIndex: number}) => void} report */
  constructor(report) {
    this.#report = report;
  }

  /**
   * A frame could not be opened for want of its key, or waits for it.
   * @param {{epoch: number, joinIndex: number}} identifier
   * @param {number} [now] in milliseconds
   */
  note({ epoch, joinIndex }, now = performance.now()) {
    if (now >= this.#until) {
      this.#named.clear();
      this.#until = now + INTERVAL_MILLISECONDS;
    }
    const name = `${epoch} ${joinIndex}`;
    if (this.#named.has(name) || this.#named.size >= LIMIT) return;
    this.#named.add(name);
    this.#report({ epoch, joinIndex });
  }
}
