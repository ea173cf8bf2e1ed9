// AES-GCM as an SFrame AEAD (RFC 9605 section 4.5), for suites 4 and 5.
import { SFrameError } from "./errors.js";

export class GaloisCounterMode {
  #key;
  #tagLength;

  /**
   * @param {CryptoKey} key
   * @param {number} tagLength bytes
   */
  constructor(key, tagLength) {
    this.#key = key;
    this.#tagLength = tagLength;
  }

  /**
   * Ciphertext and tag.
   * @param {Uint8Array} plaintext
   * @param {Uint8Array} nonce 12 bytes
   * @param {Uint8Array} aad
   * @returns {Promise<Uint8Array>}
   */
  async seal(plaintext, nonce, aad) {
    return new Uint8Array(await crypto.subtle.encrypt(this.#parameters(nonce, aad), this.#key, plaintext));
  }

  /**
   * The plaintext. Throws `authenticationFailed`.
   * @param {Uint8Array} sealed ciphertext and tag
   * @param {Uint8Array} nonce
   * @param {Uint8Array} aad
   * @returns {Promise<Uint8Array>}
   */
  async open(sealed, nonce, aad) {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(this.#parameters(nonce, aad), this.#key, sealed));
    } catch {
      throw new SFrameError("authenticationFailed");
    }
  }

  #parameters(nonce, aad) {
    return { name: "AES-GCM", iv: nonce, additionalData: aad, tagLength: 8 * this.#tagLength };
  }
}
