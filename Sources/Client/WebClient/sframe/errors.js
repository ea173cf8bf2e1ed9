// Why an SFrame operation failed.

/**
 * - `truncated`: the header is incomplete, or less than a tag follows it.
 * - `authenticationFailed`: the tag does not match: a wrong key, or changed bytes.
 * - `counterExhausted`: the counter space of the key is used up (RFC 9605 section 9.1).
 * @typedef {"truncated" | "authenticationFailed" | "counterExhausted"} SFrameErrorCode
 */

/** A failed SFrame operation. */
export class SFrameError extends Error {
  /** @param {SFrameErrorCode} code */
  constructor(code) {
    super(code);
    this.name = "SFrameError";
    /** @readonly */
    this.code = code;
  }
}
