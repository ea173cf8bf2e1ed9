// One epoch's keys in the worker: the base key of each sender, and what RFC 9605 derives from it.
import { wipe } from "../crypto/bytes.js";
import { importSecret } from "../crypto/kdf.js";
import { cipherSuite } from "../sframe/cipher-suite.js";
import { SFrameError } from "../sframe/errors.js";
import { SFrameKey } from "../sframe/frame-key.js";
import { packKID, sourceOf, unpackKID } from "../sframe/kid.js";
import { ReplayWindow } from "../sframe/replay-window.js";

const COUNTER_LIMIT = 1n << 64n;

/**
 * @typedef {object} EpochSender
 * @property {number} joinIndex
 * @property {number} suite the number of the SFrame suite that the sender uses
 * @property {Uint8Array} baseKey 32 bytes; wiped once it is imported
 */

export class Epoch {
  #self;
  /** @type {Map<number, {suite: import("../sframe/cipher-suite.js").CipherSuite, baseKey: Promise<CryptoKey>}>} */
  #senders = new Map();
  /** @type {Map<number, {key: Promise<SFrameKey>, next: bigint}>} */
  #sealers = new Map();
  /** @type {Map<bigint, {key: Promise<SFrameKey>, window: ReplayWindow}>} */
  #openers = new Map();

  /**
   * Takes the base keys over.
   * @param {{id: string, epoch: number, self: number, senders: EpochSender[]}} keys `self` is the own join index
   */
  constructor({ id, epoch, self, senders }) {
    /** @readonly */
    this.id = id;
    /** @readonly */
    this.number = epoch;
    this.#self = self;
    for (const { joinIndex, suite: number, baseKey } of senders) {
      const suite = cipherSuite(number);
      // Members offer suites of later versions too; such a sender just cannot be understood.
      if (suite) this.#senders.set(joinIndex, { suite, baseKey: importSecret(baseKey) });
      wipe(baseKey);
    }
  }

  /**
   * Seals a frame of the own member. Counters are taken in the order of the calls.
   * @param {Uint8Array} plaintext
   * @param {number} stream
   * @returns {Promise<Uint8Array>}
   */
  async seal(plaintext, stream) {
    let sealer = this.#sealers.get(stream);
    if (!sealer) {
      sealer = { key: this.#derive(packKID({ epoch: this.number, joinIndex: this.#self, stream })), next: 0n };
      this.#sealers.set(stream, sealer);
    }
    const counter = sealer.next;
    if (counter >= COUNTER_LIMIT) throw new SFrameError("counterExhausted");
    sealer.next += 1n;
    return (await sealer.key).seal(plaintext, counter);
  }

  /** Whether the own member can seal under this epoch. */
  get canSeal() {
    return this.#senders.has(this.#self);
  }

  /**
   * Key and replay window of a sender's stream; null if the epoch has no such sender.
   * @param {bigint} kid
   * @returns {{key: Promise<SFrameKey>, window: ReplayWindow} | null}
   */
  opener(kid) {
    const known = this.#openers.get(kid);
    if (known) return known;
    const { joinIndex, stream } = unpackKID(kid);
    // An own frame that comes back is the relay's doing.
    if (joinIndex === this.#self || sourceOf(stream) === null || !this.#senders.has(joinIndex)) return null;
    const opener = { key: this.#derive(kid), window: new ReplayWindow() };
    this.#openers.set(kid, opener);
    return opener;
  }

  async #derive(kid) {
    const { suite, baseKey } = this.#senders.get(unpackKID(kid).joinIndex);
    return SFrameKey.derive(suite, kid, await baseKey);
  }
}
