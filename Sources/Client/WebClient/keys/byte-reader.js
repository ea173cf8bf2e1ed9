// Reads numbers and bytes one after another. What is not there throws `malformed`.
import { KeysError } from "./errors.js";

export class ByteReader {
  #bytes;
  position = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  get isAtEnd() {
    return this.position === this.#bytes.length;
  }

  u8() {
    return this.#skip(1)[0];
  }

  u16() {
    const [a, b] = this.#skip(2);
    return (a << 8) | b;
  }

  u32() {
    const [a, b, c, d] = this.#skip(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }

  /**
   * A copy of the next bytes.
   * @param {number} count
   * @returns {Uint8Array}
   */
  take(count) {
    return this.#skip(count).slice();
  }

  #skip(count) {
    const end = this.position + count;
    if (end > this.#bytes.length) throw new KeysError("malformed");
    const bytes = this.#bytes.subarray(this.position, end);
    this.position = end;
    return bytes;
  }
}
