// What became of the frames of one transform.

export class Tally {
  /**
   * @param {string} name the page's name of the transform
   * @param {"send" | "receive"} direction
   */
  constructor(name, direction) {
    this.name = name;
    this.direction = direction;
    /** Frames sealed or opened, and the bytes of their plaintexts. */
    this.frames = 0;
    this.bytes = 0;
    /** @type {Record<string, number>} frames dropped, by cause */
    this.drops = {};
    this.changed = false;
  }

  /** @param {number} bytes */
  passed(bytes) {
    this.frames += 1;
    this.bytes += bytes;
    this.changed = true;
  }

  /** @param {string} cause */
  dropped(cause) {
    this.drops[cause] = (this.drops[cause] ?? 0) + 1;
    this.changed = true;
  }

  /** A copy to be posted. */
  get snapshot() {
    const { name, direction, frames, bytes, drops } = this;
    return { name, direction, frames, bytes, drops: { ...drops } };
  }
}
