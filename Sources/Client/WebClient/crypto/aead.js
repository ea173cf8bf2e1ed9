// AES-256-GCM by WebCrypto.
import { CryptoError } from "./errors.js";

const NOTHING = new Uint8Array(0);

export const KEY_LENGTH = 32;
export const NONCE_LENGTH = 12;
export const TAG_LENGTH = 16;

/**
 * A key that cannot be read back. Throws `malformed` unless it has 32 bytes.
 * @param {Uint8Array} key
 * @returns {Promise<CryptoKey>}
 */
export async function importKey(key) {
  if (key.length !== KEY_LENGTH) throw new CryptoError("malformed", "an AES-256 key has 32 bytes");
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

/**
 * Ciphertext and tag. The caller sees to it that no nonce is used twice with a key.
 * @param {CryptoKey} key from `importKey`
 * @param {Uint8Array} nonce 12 bytes
 * @param {Uint8Array} plaintext
 * @param {Uint8Array} [additionalData] authenticated, not sent
 * @returns {Promise<Uint8Array>}
 */
export async function seal(key, nonce, plaintext, additionalData = NOTHING) {
  const parameters = { name: "AES-GCM", iv: nonce, additionalData, tagLength: 8 * TAG_LENGTH };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, key, plaintext));
}

/**
 * The plaintext of what `seal` made. Throws `malformed` for less than a tag, `authenticationFailed`.
 * @param {CryptoKey} key from `importKey`
 * @param {Uint8Array} nonce 12 bytes
 * @param {Uint8Array} sealed ciphertext and tag
 * @param {Uint8Array} [additionalData]
 * @returns {Promise<Uint8Array>}
 */
export async function open(key, nonce, sealed, additionalData = NOTHING) {
  if (sealed.length < TAG_LENGTH) throw new CryptoError("malformed", "less than a tag");
  const parameters = { name: "AES-GCM", iv: nonce, additionalData, tagLength: 8 * TAG_LENGTH };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, sealed));
  } catch {
    throw new CryptoError("authenticationFailed", "the tag does not match");
  }
}
