// Puts the two parts of a commit together: the announcement that goes to all, and the wrapped key for this member.
//
// They come in either order, and one of them may never come: few are kept, the oldest goes first.
import { concat, toHex } from "../crypto/bytes.js";

const LIMIT = 16;

export class CommitInbox {
  /** @type {Map<string, Uint8Array>} */
  #announcements = new Map();
  /** @type {Map<string, Uint8Array>} */
  #wrappedKeys = new Map();

  /**
   * The whole commit if its key has come before; else it waits, and this is null.
   * @param {Uint8Array} bytes
   * @param {Uint8Array} commitHash
   * @param {string} sender
   */
  announcement(bytes, commitHash, sender) {
    const wrapped = take(this.#wrappedKeys, this.#announcements, `${sender} ${toHex(commitHash)}`, bytes);
    return wrapped && concat(bytes, wrapped);
  }

  /**
   * The whole commit if its announcement has come before; else it waits, and this is null.
   * @param {{commitHash: Uint8Array, wrapped: Uint8Array}} delivery
   * @param {string} sender
   */
  wrappedKey({ commitHash, wrapped }, sender) {
    const announcement = take(this.#announcements, this.#wrappedKeys, `${sender} ${toHex(commitHash)}`, wrapped);
    return announcement && concat(announcement, wrapped);
  }
}

/** The other part, or null; then this part is kept. */
function take(others, own, key, part) {
  const other = others.get(key);
  if (other) {
    others.delete(key);
    return other;
  }
  if (!own.has(key)) own.set(key, part);
  // A map lists its keys in the order in which they came.
  if (own.size > LIMIT) own.delete(own.keys().next().value);
  return null;
}
