// One epoch's key and all that follows from it (PROTOCOL.md section 8).
import { concat, equal, fromBase64URL, toHex, u32, wipe } from "../crypto/bytes.js";
import { derive } from "../crypto/kdf.js";
import { EPOCH_ID_LENGTH } from "./sealed-message.js";

/** Names the key without giving it away. @param {Uint8Array} key @param {number} epoch */
export function epochID(key, epoch) {
  return derive(key, "epoch id", u32(epoch), EPOCH_ID_LENGTH);
}

/**
 * Shows that everybody was given the same key.
 * @param {Uint8Array} key
 * @param {number} epoch
 * @param {Uint8Array} headHash
 * @param {Uint8Array} keyRosterHash
 */
export function confirmation(key, epoch, headHash, keyRosterHash) {
  return derive(key, "confirm", concat(u32(epoch), headHash, keyRosterHash));
}

/** The next key when members only joined: old keys do not follow from new ones. */
export function ratchet(key, keyRosterHash) {
  return derive(key, "ratchet", keyRosterHash);
}

/** A sender's SFrame base key. @param {Uint8Array} key @param {string} member @param {number} epoch */
export function baseKey(key, member, epoch) {
  return derive(key, "sframe", concat(fromBase64URL(member), u32(epoch)));
}

/** @typedef {{id: string, suite: number}} Sender a holder of the key and the SFrame suite of its frames */

export class EpochKeys {
  /** When this member began to send under it. @type {number | null} */
  activatedAt = null;
  /** When the key is erased; never, until a better epoch is active. */
  retireAt = Infinity;

  /**
   * @param {object} fields
   * @param {import("./commit.js").CommitHeader} fields.header for a catch-up the same facts as in the commit it repeats
   * @param {Uint8Array} fields.headerBytes
   * @param {Uint8Array} fields.key
   * @param {Uint8Array} fields.id
   * @param {Map<number, Sender>} fields.senders who holds the key, by join index
   * @param {boolean} fields.isOwn
   * @param {number} fields.begunAt when this member heard that the epoch is being prepared
   * @param {number} fields.acceptedAt
   * @param {number} fields.activateBy when this member switches even if the relay does not say so
   */
  constructor({ header, headerBytes, key, id, senders, isOwn, begunAt, acceptedAt, activateBy }) {
    this.header = header;
    this.headerBytes = headerBytes;
    this.key = key;
    this.id = id;
    this.senders = senders;
    this.isOwn = isOwn;
    this.begunAt = begunAt;
    this.acceptedAt = acceptedAt;
    /** When the last fresh key that this one follows from was accepted: ratchets make no key younger. */
    this.renewedAt = acceptedAt;
    this.activateBy = activateBy;
  }

  get epoch() {
    return this.header.epoch;
  }

  /** The name of the key for the media worker. */
  get mediaID() {
    return `${this.epoch} ${toHex(this.id)}`;
  }

  /** Whether it is the epoch that others name so. @param {number} epoch @param {Uint8Array} id */
  is(epoch, id) {
    return this.epoch === epoch && equal(this.id, id);
  }

  /**
   * The order of epochs, the same on all members: the later epoch, then the later log position, then the committer of
   * lower rank.
   * @param {EpochKeys} other
   */
  isBetterThan(other) {
    if (this.epoch !== other.epoch) return this.epoch > other.epoch;
    if (this.header.headN !== other.header.headN) return this.header.headN > other.header.headN;
    return this.header.origin < other.header.origin;
  }

  /** @param {import("./member.js").Member} member */
  holds(member) {
    return this.senders.get(member.joinIndex)?.id === member.id;
  }

  /** Whether all who hold this key are among others. @param {import("./member.js").Member[]} holders */
  isContainedIn(holders) {
    const indexes = new Set(holders.map(({ joinIndex }) => joinIndex));
    return [...this.senders.keys()].every((joinIndex) => indexes.has(joinIndex));
  }

  /** The base keys of all senders, for the media worker, which takes them over. */
  async mediaSenders() {
    const senders = [];
    for (const [joinIndex, { id, suite }] of this.senders) {
      senders.push({ joinIndex, suite, baseKey: await baseKey(this.key, id, this.epoch) });
    }
    return senders;
  }

  /** Overwrites the key. */
  erase() {
    wipe(this.key);
  }
}
