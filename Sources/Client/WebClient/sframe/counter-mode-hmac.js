// AES-CTR with HMAC-SHA256 as one AEAD (RFC 9605 section 4.5.1), for suites 1 to 3.
import { concat, equal, u64, wipe } from "../crypto/bytes.js";
import { SFrameError } from "./errors.js";

const CIPHER_KEY_LENGTH = 16;
const COUNTER_ZERO = new Uint8Array(4);

export class CounterModeHMAC {
  #cipherKey;
  #authenticationKey;
  #tagLength;

  constructor(cipherKey, authenticationKey, tagLength) {
    this.#cipherKey = cipherKey;
    this.#authenticationKey = authenticationKey;
    this.#tagLength = tagLength;
  }

  /**
   * From the 16-byte cipher key and then the 32-byte authentication key, which are wiped.
   * @param {Uint8Array} key
   * @param {number} tagLength bytes
   * @returns {Promise<CounterModeHMAC>}
   */
  static async make(key, tagLength) {
    const { subtle } = crypto;
    const hmac = { name: "HMAC", hash: "SHA-256" };
    try {
      return new CounterModeHMAC(
        await subtle.importKey("raw", key.subarray(0, CIPHER_KEY_LENGTH), "AES-CTR", false, ["encrypt", "decrypt"]),
        await subtle.importKey("raw", key.subarray(CIPHER_KEY_LENGTH), hmac, false, ["sign"]), tagLength);
    } finally {
      wipe(key);
    }
  }

  /**
   * Ciphertext and tag.
   * @param {Uint8Array} plaintext
   * @param {Uint8Array} nonce 12 bytes
   * @param {Uint8Array} aad
   * @returns {Promise<Uint8Array>}
   */
  async seal(plaintext, nonce, aad) {
    const ciphertext = await this.#transform(plaintext, nonce);
    return concat(ciphertext, await this.#tag(nonce, aad, ciphertext));
  }

  /**
   * The plaintext, once the tag has been checked in constant time. Throws `authenticationFailed`.
   * @param {Uint8Array} sealed ciphertext and tag
   * @param {Uint8Array} nonce
   * @param {Uint8Array} aad
   * @returns {Promise<Uint8Array>}
   */
  async open(sealed, nonce, aad) {
    const end = sealed.length - this.#tagLength;
    const ciphertext = sealed.subarray(0, end);
    if (!equal(sealed.subarray(end), await this.#tag(nonce, aad, ciphertext))) {
      throw new SFrameError("authenticationFailed");
    }
    return this.#transform(ciphertext, nonce);
  }

  /** Encrypts and decrypts: the initial counter block is the nonce and four zero bytes. */
  async #transform(bytes, nonce) {
    const parameters = { name: "AES-CTR", counter: concat(nonce, COUNTER_ZERO), length: 32 };
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#cipherKey, bytes));
  }

  async #tag(nonce, aad, ciphertext) {
    const lengths = [u64(aad.length), u64(ciphertext.length), u64(this.#tagLength)];
    const input = concat(...lengths, nonce, aad, ciphertext);
    const code = await crypto.subtle.sign("HMAC", this.#authenticationKey, input);
    return new Uint8Array(code, 0, this.#tagLength);
  }
}
