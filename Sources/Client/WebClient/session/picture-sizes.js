// How large each picture is shown, as the relay was told, so that it is told of changes only.

/** The relay makes no picture smaller than this. */
const LEAST_LINES = 90;

export class PictureSizes {
  #send;
  /** @type {Map<string, number>} by member and track */
  #told = new Map();

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {import("./slots.js").Publication} publication
   * @param {number} lines of the screen; 0 for not at all
   */
  show({ member, track }, lines) {
    const key = `${member} ${track}`;
    if (this.#told.get(key) === lines) return;
    this.#told.set(key, lines);
    const wish = lines > 0 ? { maxHeight: Math.max(LEAST_LINES, Math.round(lines)), paused: false } : { paused: true };
    this.#send({ type: "constraints", member, track, ...wish });
  }

  /** A track that comes back is another one to the relay: what was said of it holds no more. @param {any} tracks */
  ended(tracks) {
    if (!Array.isArray(tracks)) return;
    for (const { member, track } of tracks) this.#told.delete(`${member} ${track}`);
  }
}
