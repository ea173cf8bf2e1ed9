// Why a cryptographic operation failed, as a closed set of codes.

/**
 * - `malformed`: not of the expected form or length; also a public key that cannot be used.
 * - `authenticationFailed`: a tag does not match.
 * - `wrongKey`: a private key of another algorithm, or one that was destroyed.
 * - `unavailable`: this browser lacks something that cannot be replaced.
 * - `internalFailure`: the browser refused its parameters; not reachable from network input.
 * @typedef {"malformed" | "authenticationFailed" | "wrongKey" | "unavailable" | "internalFailure"} CryptoErrorCode
 */

/** A failed cryptographic operation. */
export class CryptoError extends Error {
  /**
   * @param {CryptoErrorCode} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.name = "CryptoError";
    /** @readonly */
    this.code = code;
  }
}
