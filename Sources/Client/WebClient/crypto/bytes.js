// Bytes: the vocabulary of everything above.

const encoder = new TextEncoder();

/**
 * The UTF-8 bytes of a text.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function utf8(text) {
  return encoder.encode(text);
}

/**
 * One array of all parts in order.
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * A 16-bit number, most significant byte first.
 * @param {number} value
 * @returns {Uint8Array}
 */
export function u16(value) {
  return Uint8Array.of(value >>> 8, value);
}

/**
 * A 32-bit number, most significant byte first.
 * @param {number} value
 * @returns {Uint8Array}
 */
export function u32(value) {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/**
 * A 64-bit number, most significant byte first.
 * @param {bigint | number} value
 * @returns {Uint8Array}
 */
export function u64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/**
 * Overwrites with zeros: as much as JavaScript allows to erase a secret. Copies that the engine made are out of reach.
 * @param {...Uint8Array} secrets
 */
export function wipe(...secrets) {
  for (const secret of secrets) secret.fill(0);
}

/**
 * Whether two arrays hold the same bytes, in a time that does not depend on where they differ.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 * @returns {boolean}
 */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a[index] ^ b[index];
  return difference === 0;
}

/**
 * Fresh random bytes.
 * @param {number} count at most 65,536
 * @returns {Uint8Array}
 */
export function randomBytes(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

/**
 * Lower-case hexadecimal digits.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The bytes of hexadecimal digits; null for anything else.
 * @param {string} text
 * @returns {Uint8Array | null}
 */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16));
}

/**
 * Base64url without padding (RFC 4648 section 5).
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64URL(bytes) {
  let binary = "";
  // In portions: an argument list has a limit.
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The bytes of base64url without padding; null for anything else, left-over bits that are not zero included.
 * @param {string} text
 * @returns {Uint8Array | null}
 */
export function fromBase64URL(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return toBase64URL(bytes) === text ? bytes : null;
}
