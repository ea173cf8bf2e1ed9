// The key of one sender under one key identifier: seals and opens frames (RFC 9605 section 4.4).
//
// A sealed frame is `header | ciphertext | tag`. The additional data is the header followed by the metadata. The key
// holds no counter: whoever seals must never use a counter twice with the same key.
import { concat, u16, u64, utf8 } from "../crypto/bytes.js";
import { hkdf } from "../crypto/kdf.js";
import { NONCE_LENGTH } from "./cipher-suite.js";
import { CounterModeHMAC } from "./counter-mode-hmac.js";
import { SFrameError } from "./errors.js";
import { GaloisCounterMode } from "./galois-counter-mode.js";
import { encodeHeader, parseHeader } from "./header.js";

const NOTHING = new Uint8Array(0);
const COUNTER_LIMIT = 1n << 64n;

export class SFrameKey {
  #cipher;
  #salt;

  /**
   * @param {import("./cipher-suite.js").CipherSuite} suite
   * @param {bigint} kid
   * @param {GaloisCounterMode | CounterModeHMAC} cipher
   * @param {Uint8Array} salt 12 bytes
   */
  constructor(suite, kid, cipher, salt) {
    /** @readonly */
    this.suite = suite;
    /** @readonly */
    this.kid = kid;
    this.#cipher = cipher;
    this.#salt = salt;
  }

  /**
   * Derives key and salt from the base key (RFC 9605 section 4.4.2).
   * @param {import("./cipher-suite.js").CipherSuite} suite
   * @param {bigint} kid
   * @param {CryptoKey} baseKey from `importSecret`
   * @returns {Promise<SFrameKey>}
   */
  static async derive(suite, kid, baseKey) {
    const keyLabel = SFrameKey.label("key", suite, kid);
    const saltLabel = SFrameKey.label("salt", suite, kid);
    const salt = await hkdf(suite.hash, baseKey, NOTHING, saltLabel, NONCE_LENGTH);
    if (suite.usesCounterMode) {
      const material = await hkdf(suite.hash, baseKey, NOTHING, keyLabel, suite.keyLength);
      return new SFrameKey(suite, kid, await CounterModeHMAC.make(material, suite.tagLength), salt);
    }
    // Straight from one key into the other: its bytes never come into JavaScript.
    const key = await crypto.subtle.deriveKey(
      { name: "HKDF", hash: suite.hash, salt: NOTHING, info: keyLabel }, baseKey,
      { name: "AES-GCM", length: 8 * suite.keyLength }, false, ["encrypt", "decrypt"]);
    return new SFrameKey(suite, kid, new GaloisCounterMode(key, suite.tagLength), salt);
  }

  /**
   * @param {"key" | "salt"} purpose
   * @param {import("./cipher-suite.js").CipherSuite} suite
   * @param {bigint} kid
   * @returns {Uint8Array}
   */
  static label(purpose, suite, kid) {
    return concat(utf8(`SFrame 1.0 Secret ${purpose} `), u64(kid), u16(suite.id));
  }

  /**
   * The sealed frame. Throws `counterExhausted` for a counter of more than 64 bits.
   * @param {Uint8Array} plaintext
   * @param {bigint} ctr
   * @param {Uint8Array} [metadata] authenticated and not sent: the receiver must know it
   * @returns {Promise<Uint8Array>}
   */
  async seal(plaintext, ctr, metadata = NOTHING) {
    if (ctr >= COUNTER_LIMIT) throw new SFrameError("counterExhausted");
    const header = encodeHeader(this.kid, ctr);
    const aad = metadata.length === 0 ? header : concat(header, metadata);
    return concat(header, await this.#cipher.seal(plaintext, this.#nonce(ctr), aad));
  }

  /**
   * The plaintext of a sealed frame of this key. Does not look at the replay window. Throws `truncated`,
   * `authenticationFailed`.
   * @param {Uint8Array} sealed
   * @param {Uint8Array} [metadata]
   * @param {import("./header.js").SFrameHeader} [header] for a caller that has parsed it to find this key
   * @returns {Promise<Uint8Array>}
   */
  async open(sealed, metadata = NOTHING, header = parseHeader(sealed)) {
    if (sealed.length < header.length + this.suite.tagLength) throw new SFrameError("truncated");
    if (header.kid !== this.kid) throw new SFrameError("authenticationFailed");
    const ciphertext = sealed.subarray(header.length);
    const headerBytes = sealed.subarray(0, header.length);
    const aad = metadata.length === 0 ? headerBytes : concat(headerBytes, metadata);
    return this.#cipher.open(ciphertext, this.#nonce(header.ctr), aad);
  }

  /** The salt with the counter XORed into its end (RFC 9605 section 4.4.3). */
  #nonce(ctr) {
    const nonce = this.#salt.slice();
    const counter = u64(ctr);
    for (let index = 0; index < 8; index += 1) nonce[NONCE_LENGTH - 8 + index] ^= counter[index];
    return nonce;
  }
}
