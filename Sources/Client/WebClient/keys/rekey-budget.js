// How many epochs a member makes on advice: whoever sends a thousand preparations a second gets a few keys.
//
// A bucket of sixteen changes that fills by ten a second. More would let the relay drive members to work without end;
// fewer would hold up real joins and leaves, which come in waves.

const INTERVAL = 100;
const BURST = 16;
// Nobody came or went: that is due every ten minutes, so it costs more.
const RENEWAL_COST = 10;

export class RekeyBudget {
  /** When the bucket will be full again. */
  #fullAt = -Infinity;

  /** From when on an epoch may be made. */
  get nextAt() {
    return this.#fullAt - INTERVAL * BURST;
  }

  /**
   * A debt ends after a second: others' epochs count as well, and many may come at once after an outage.
   * @param {boolean} isChange whether the log has grown since the epoch before
   * @param {number} now
   */
  spend(isChange, now) {
    const limit = now + INTERVAL * (BURST + RENEWAL_COST);
    this.#fullAt = Math.min(Math.max(this.#fullAt, now) + INTERVAL * (isChange ? 1 : RENEWAL_COST), limit);
  }
}
