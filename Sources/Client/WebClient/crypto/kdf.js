// Key derivation and MACs, by WebCrypto: HKDF (RFC 5869) and HMAC-SHA256.
import { concat, equal, utf8 } from "./bytes.js";

const NOTHING = new Uint8Array(0);

/**
 * Makes a secret the input of HKDF. The key cannot be read back; the caller wipes its bytes if nobody else needs them.
 * @param {Uint8Array} secret
 * @returns {Promise<CryptoKey>}
 */
export function importSecret(secret) {
  return crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits", "deriveKey"]);
}

/**
 * HKDF: extract and expand.
 * @param {"SHA-256" | "SHA-512"} hash
 * @param {CryptoKey | Uint8Array} secret from `importSecret`, or its bytes
 * @param {Uint8Array} salt
 * @param {Uint8Array} info
 * @param {number} length bytes
 * @returns {Promise<Uint8Array>}
 */
export async function hkdf(hash, secret, salt, info, length) {
  const key = secret instanceof Uint8Array ? await importSecret(secret) : secret;
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF", hash, salt, info }, key, 8 * length));
}

/**
 * HKDF-SHA512 with an empty salt and `label | context` as info: the house's one derivation besides the combiner.
 * @param {CryptoKey | Uint8Array} secret
 * @param {string} label
 * @param {Uint8Array} [context]
 * @param {number} [length] bytes
 * @returns {Promise<Uint8Array>}
 */
export function derive(secret, label, context = NOTHING, length = 32) {
  return hkdf("SHA-512", secret, NOTHING, concat(utf8(label), context), length);
}

/**
 * HMAC-SHA256 over the parts in order.
 * @param {Uint8Array} key
 * @param {...Uint8Array} parts
 * @returns {Promise<Uint8Array>} 32 bytes
 */
export async function hmacSHA256(key, ...parts) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, concat(...parts)));
}

/**
 * Whether a code is the HMAC-SHA256 of the parts; false for one of another length.
 * @param {Uint8Array} code
 * @param {Uint8Array} key
 * @param {...Uint8Array} parts
 * @returns {Promise<boolean>}
 */
export async function isValidHMACSHA256(code, key, ...parts) {
  return equal(code, await hmacSHA256(key, ...parts));
}

/**
 * @param {Uint8Array} bytes
 * @returns {Promise<Uint8Array>} 64 bytes
 */
export async function sha512(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));
}
