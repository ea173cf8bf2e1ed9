// The post-quantum algorithms with their lengths in bytes.

/**
 * @typedef {"ML-KEM-768" | "ML-KEM-1024" | "X-Wing"} KEMName
 * @typedef {"ML-DSA-65"} SignatureName
 */

/**
 * @typedef {object} KEMParameters
 * @property {string} native the name in WebCrypto
 * @property {number} seed the private key, as it is made and kept
 * @property {number} publicKey
 * @property {number} ciphertext
 * @property {number} sharedSecret
 */

/** @type {Readonly<Record<KEMName, KEMParameters>>} */
export const KEM = Object.freeze({
  "ML-KEM-768": { native: "ML-KEM-768", seed: 64, publicKey: 1184, ciphertext: 1088, sharedSecret: 32 },
  "ML-KEM-1024": { native: "ML-KEM-1024", seed: 64, publicKey: 1568, ciphertext: 1568, sharedSecret: 32 },
  // draft-connolly-cfrg-xwing-kem; WebCrypto's name for it says what it is made of.
  "X-Wing": { native: "MLKEM768-X25519", seed: 32, publicKey: 1216, ciphertext: 1120, sharedSecret: 32 },
});

/** ML-DSA-65 (FIPS 204), pure, with a context of at most 255 bytes. */
export const SIGNATURE = Object.freeze({
  "ML-DSA-65": { native: "ML-DSA-65", seed: 32, publicKey: 1952, signature: 3309, context: 255 },
});

/**
 * What one algorithm can be done with. Implementations throw `CryptoError`.
 *
 * @typedef {object} KEMImplementation
 * @property {"native" | "wasm"} backend
 * @property {(seed: Uint8Array) => Promise<{publicKey: Uint8Array, handle: CryptoKey | Uint8Array}>} keysFromSeed
 *   `handle` is a key that cannot be read back, or a copy of the seed
 * @property {(publicKey: Uint8Array) => Promise<{ciphertext: Uint8Array, sharedSecret: Uint8Array}>} encapsulate
 * @property {(handle: CryptoKey | Uint8Array, ciphertext: Uint8Array) => Promise<Uint8Array>} decapsulate
 *
 * @typedef {object} SignatureImplementation
 * @property {"native" | "wasm"} backend
 * @property {(seed: Uint8Array) => Promise<{publicKey: Uint8Array, handle: CryptoKey | Uint8Array}>} keysFromSeed
 * @property {(handle: CryptoKey | Uint8Array, message: Uint8Array, context: Uint8Array) => Promise<Uint8Array>} sign
 * @property {(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array, context: Uint8Array) =>
 *   Promise<boolean>} verify
 */
