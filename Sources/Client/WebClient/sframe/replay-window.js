// Which counters of one key have been accepted (RFC 9605 section 9.3): the newest 1024.
//
// A video frame is one counter, so 1024 counters are half a minute of video and 20 seconds of audio: more than any
// retransmission arrives late. A smaller window would drop real frames, a larger one costs memory per sender.

const SIZE = 1024;
const SIZE_WIDE = BigInt(SIZE);
const MASK = SIZE_WIDE - 1n;

export class ReplayWindow {
  static size = SIZE;

  #words = new Uint32Array(SIZE / 32);
  /** @type {bigint | null} */
  #newest = null;

  /**
   * Whether a counter is neither in the window already nor older than it. Changes nothing: a counter counts as seen
   * only once its frame is authentic.
   * @param {bigint} ctr
   * @returns {boolean}
   */
  isFresh(ctr) {
    if (this.#newest === null || ctr > this.#newest) return true;
    if (this.#newest - ctr >= SIZE_WIDE) return false;
    const position = Number(ctr & MASK);
    return (this.#words[position >>> 5] & (1 << (position & 31))) === 0;
  }

  /**
   * Records the counter of an authentic frame; false for one that is not fresh, which changes nothing. Frames are
   * opened several at a time, so a duplicate may have been fresh when its opening began.
   * @param {bigint} ctr
   * @returns {boolean}
   */
  record(ctr) {
    if (!this.isFresh(ctr)) return false;
    if (this.#newest === null) {
      this.#newest = ctr;
    } else if (ctr > this.#newest) {
      this.#clear(this.#newest, ctr);
      this.#newest = ctr;
    }
    const position = Number(ctr & MASK);
    this.#words[position >>> 5] |= 1 << (position & 31);
    return true;
  }

  /** Forgets the positions that the window moves onto. */
  #clear(from, through) {
    if (through - from >= SIZE_WIDE) {
      this.#words.fill(0);
      return;
    }
    const count = Number(through - from);
    let position = Number(from & MASK);
    for (let step = 0; step < count; step += 1) {
      position = (position + 1) % SIZE;
      this.#words[position >>> 5] &= ~(1 << (position & 31));
    }
  }
}
