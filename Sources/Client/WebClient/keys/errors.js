// Why keys could not be made, or a message could not be opened, as a closed set of codes.

/**
 * - `malformed`: not of the form that the protocol gives; also keys that cannot be used.
 * - `replayed`: the message was opened before, or is older than the window.
 * - `authenticationFailed`: a tag does not match.
 * - `noKey`: the member may get no keys, or there is none yet.
 * - `rekeyOverdue`: a member left and the new key did not come within the deadline: nothing is sent under the old.
 * - `noSuite`: the policy leaves no key agreement suite to offer.
 * - `closed`: the call was closed and its keys are erased.
 * @typedef {"malformed" | "replayed" | "authenticationFailed" | "noKey" | "rekeyOverdue" | "noSuite"
 *   | "closed"} KeysErrorCode
 */

export class KeysError extends Error {
  /** @param {KeysErrorCode} code */
  constructor(code) {
    super(code);
    this.name = "KeysError";
    /** @readonly */
    this.code = code;
  }
}
