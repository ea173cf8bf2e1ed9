// X25519 (RFC 7748) by WebCrypto, which every supported browser has.
import { concat, randomBytes, wipe } from "./bytes.js";
import { CryptoError } from "./errors.js";

export const KEY_LENGTH = 32;

// What goes before the 32 bytes of a private key in PKCS #8 (RFC 8410 section 7).
const PKCS8_PREFIX = Uint8Array.of(
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20);
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));

/**
 * @typedef {{publicKey: Uint8Array, privateKey: CryptoKey}} X25519Keys `privateKey` cannot be read back.
 */

/**
 * A key pair: a new one, or the one of a private key's 32 bytes, which the caller wipes.
 * @param {Uint8Array} [privateBytes]
 * @returns {Promise<X25519Keys>}
 */
export async function generateKeys(privateBytes) {
  const bytes = privateBytes ?? randomBytes(KEY_LENGTH);
  if (bytes.length !== KEY_LENGTH) throw new CryptoError("malformed", "an X25519 private key has 32 bytes");
  const encoded = concat(PKCS8_PREFIX, bytes);
  try {
    const privateKey = await crypto.subtle.importKey("pkcs8", encoded, "X25519", false, ["deriveBits"]);
    return { publicKey: await agree(privateKey, BASE_POINT), privateKey };
  } finally {
    wipe(encoded);
    if (!privateBytes) wipe(bytes);
  }
}

/**
 * The shared secret, 32 bytes. Throws `malformed` for a public key of low order or of another length.
 * @param {CryptoKey} privateKey
 * @param {Uint8Array} publicKey
 * @returns {Promise<Uint8Array>}
 */
export async function agree(privateKey, publicKey) {
  if (publicKey.length !== KEY_LENGTH) throw new CryptoError("malformed", "an X25519 public key has 32 bytes");
  let secret;
  try {
    const imported = await crypto.subtle.importKey("raw", publicKey, "X25519", true, []);
    secret = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: imported }, privateKey, 256));
  } catch {
    throw new CryptoError("malformed", "an X25519 public key that cannot be used");
  }
  // Browsers refuse points of low order themselves; a secret of zeros must not depend on that (RFC 7748 section 6.1).
  if (secret.reduce((bits, byte) => bits | byte, 0) === 0) {
    throw new CryptoError("malformed", "an X25519 public key of low order");
  }
  return secret;
}
