// The cipher suites of RFC 9605 section 4.5, with their parameters from table 2.

/**
 * @typedef {object} CipherSuite
 * @property {number} id in the IANA registry
 * @property {string} name in the IANA registry
 * @property {"SHA-256" | "SHA-512"} hash
 * @property {number} keyLength Nk: bytes of key material; for suites 1 to 3 cipher key and authentication key together
 * @property {number} tagLength Nt: bytes of authentication tag at the end of a sealed frame
 * @property {boolean} usesCounterMode
 */

/** Nn: bytes of nonce, the same for all suites. */
export const NONCE_LENGTH = 12;

/** By number. */
export const CipherSuites = Object.freeze(
  Object.fromEntries(
    [
      { id: 1, name: "AES_128_CTR_HMAC_SHA256_80", hash: "SHA-256", keyLength: 48, tagLength: 10 },
      { id: 2, name: "AES_128_CTR_HMAC_SHA256_64", hash: "SHA-256", keyLength: 48, tagLength: 8 },
      { id: 3, name: "AES_128_CTR_HMAC_SHA256_32", hash: "SHA-256", keyLength: 48, tagLength: 4 },
      { id: 4, name: "AES_128_GCM_SHA256_128", hash: "SHA-256", keyLength: 16, tagLength: 16 },
      { id: 5, name: "AES_256_GCM_SHA512_128", hash: "SHA-512", keyLength: 32, tagLength: 16 },
    ].map((suite) => [suite.id, Object.freeze({ ...suite, usesCounterMode: suite.id <= 3 })])));

/**
 * The suite of a number; null if there is none.
 * @param {number} id
 * @returns {CipherSuite | null}
 */
export function cipherSuite(id) {
  return CipherSuites[id] ?? null;
}
