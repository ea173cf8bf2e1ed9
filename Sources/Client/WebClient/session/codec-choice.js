// The codec in which pictures are sent: the one wished for the call, for as long as everybody in it can show that.
import { codecFor } from "./codecs.js";

/** @typedef {import("./codecs.js").VideoCodec} VideoCodec */

export class CodecChoice {
  /** @type {VideoCodec} */
  #wished;
  /**
   * What the others can show, by member; undefined for one who did not say.
   * @type {Map<string, string[] | undefined>}
   */
  #others = new Map();
  /** Somebody here could not show it: it is given up for good, since each change costs everybody a key frame. */
  #isGivenUp = false;

  /** @param {VideoCodec} wished */
  constructor(wished) {
    this.#wished = wished;
  }

  /** Takes the roster of the relay's `joined`. @param {any} roster @param {string} self the own member */
  reset(roster, self) {
    this.#others.clear();
    if (!Array.isArray(roster)) return;
    for (const { member, capabilities } of roster) if (member !== self) this.joined(member, capabilities);
  }

  /** @param {string} member @param {unknown} capabilities of a `membership` message */
  joined(member, capabilities) {
    this.#others.set(member, Array.isArray(capabilities) ? capabilities.map(String) : undefined);
  }

  /** @param {string} member */
  left(member) {
    this.#others.delete(member);
  }

  /** What to send in now. @returns {VideoCodec} */
  get codec() {
    const codec = this.#isGivenUp ? codecFor("vp8", []) : codecFor(this.#wished, this.#others.values());
    this.#isGivenUp ||= codec !== this.#wished;
    return codec;
  }
}
