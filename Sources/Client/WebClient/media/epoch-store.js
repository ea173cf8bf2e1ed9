// The epochs whose keys the worker holds, and the one it sends under.
import { SFrameError } from "../sframe/errors.js";
import { sourceOf, unpackKID } from "../sframe/kid.js";
import { Epoch } from "./epoch.js";

/**
 * Why a frame was not opened.
 * - `replayed`: opened before; duplicates happen and are dropped quietly.
 * - `unknownKey`: its epoch or sender has no key here: no longer, or never.
 * - `beforeJoin`: of an epoch from before the own member's first.
 * - `departed`: from a member that has left.
 * - `authenticationFailed`: the tag does not match.
 * - `malformed`: not a frame of this protocol.
 * @typedef {"replayed" | "unknownKey" | "beforeJoin" | "departed" | "authenticationFailed" | "malformed"} OpenFailure
 */

export class EpochStore {
  /** @type {Epoch[]} */
  #epochs = [];
  #everHeld = new Set();
  #departed = new Set();
  /** @type {Epoch | null} */
  #sending = null;
  /** @type {number | null} */
  #first = null;
  /** @type {number | null} */
  #newest = null;

  /**
   * Takes an epoch's keys over. One that was held before is not taken again: its counters would start anew, and a
   * counter used twice gives the plaintext away.
   * @param {ConstructorParameters<typeof Epoch>[0]} keys
   * @returns {boolean} whether the epoch is new
   */
  add(keys) {
    if (this.#everHeld.has(keys.id)) {
      for (const { baseKey } of keys.senders) baseKey.fill(0);
      return false;
    }
    this.#everHeld.add(keys.id);
    this.#epochs.push(new Epoch(keys));
    this.#first = Math.min(this.#first ?? keys.epoch, keys.epoch);
    this.#newest = Math.max(this.#newest ?? keys.epoch, keys.epoch);
    return true;
  }

  /**
   * Sends under an epoch from now on.
   * @param {string} id
   * @returns {boolean} false if it is not held
   */
  activate(id) {
    const epoch = this.#epochs.find((held) => held.id === id);
    if (!epoch?.canSeal) return false;
    this.#sending = epoch;
    return true;
  }

  /** Sends nothing until an epoch is activated. */
  block() {
    this.#sending = null;
  }

  /**
   * Erases an epoch's keys.
   * @param {string} id
   */
  retire(id) {
    this.#epochs = this.#epochs.filter((epoch) => epoch.id !== id);
    if (this.#sending?.id === id) this.#sending = null;
  }

  /**
   * Opens no frame of a member any more.
   * @param {number} joinIndex never given to another member of the call
   */
  depart(joinIndex) {
    this.#departed.add(joinIndex);
  }

  /** Erases everything. What was held stays refused. */
  clear() {
    this.#epochs = [];
    this.#sending = null;
  }

  /** The epoch to seal under; null while nothing may be sent. */
  get sending() {
    return this.#sending;
  }

  /**
   * Whether an epoch's key may still come.
   * @param {number} epoch
   * @returns {boolean}
   */
  isAhead(epoch) {
    return this.#newest === null || epoch > this.#newest;
  }

  /**
   * Opens a frame of another member.
   * @param {Uint8Array} sealed
   * @param {import("../sframe/header.js").SFrameHeader} header
   * @returns {Promise<{plaintext: Uint8Array} | {failure: OpenFailure}>}
   */
  async open(sealed, header) {
    const { epoch: number, joinIndex, stream } = unpackKID(header.kid);
    if (sourceOf(stream) === null) return { failure: "malformed" };
    /** @type {OpenFailure} */
    let failure = this.#first !== null && number < this.#first ? "beforeJoin" : "unknownKey";
    // Several keys for one epoch are rivals of a race: rare and few, so each is tried.
    for (const epoch of this.#epochs.filter((held) => held.number === number)) {
      const opener = epoch.opener(header.kid);
      if (!opener) continue;
      if (this.#departed.has(joinIndex)) return { failure: "departed" };
      if (!opener.window.isFresh(header.ctr)) return { failure: "replayed" };
      let plaintext;
      try {
        plaintext = await (await opener.key).open(sealed, undefined, header);
      } catch (error) {
        failure = error instanceof SFrameError && error.code === "truncated" ? "malformed" : "authenticationFailed";
        continue;
      }
      return opener.window.record(header.ctr) ? { plaintext } : { failure: "replayed" };
    }
    return { failure };
  }
}
