// The identities that this device has met, by the name that each goes by (PROTOCOL.md section 14).
import { equal, fromBase64URL, toBase64URL, utf8 } from "../crypto/bytes.js";
import { MAXIMUM_NAME, skeleton } from "./texts.js";

export const MAXIMUM_PINS = 10_000;
const FINGERPRINT_LENGTH = 32;
// Small letters can take more bytes than the capitals of a name.
const MAXIMUM_SKELETON = MAXIMUM_NAME * 3;

/**
 * Why a file of pins was refused.
 * @typedef {"notPins" | "unknownVersion" | "tooMany" | "badName" | "badFingerprint"} IdentityPinsErrorCode
 */
export class IdentityPinsError extends Error {
  /** @param {IdentityPinsErrorCode} code */
  constructor(code) {
    super(code);
    this.name = "IdentityPinsError";
    /** @readonly */
    this.code = code;
  }
}

/** @typedef {{verdict: "firstSeen"} | {verdict: "same"} | {verdict: "changed", previous: Uint8Array}} PinVerdict */

export class IdentityPins {
  /** By the names' skeletons. @type {Map<string, Uint8Array>} */
  #fingerprints = new Map();

  /** @returns {[string, Uint8Array][]} */
  get entries() {
    return [...this.#fingerprints];
  }

  /**
   * Compares an identity with the pin of its name. Changes nothing.
   * @param {string} contact
   * @param {Uint8Array} fingerprint
   * @returns {PinVerdict}
   */
  check(contact, fingerprint) {
    const known = this.#fingerprints.get(skeleton(contact));
    if (!known) return { verdict: "firstSeen" };
    return equal(known, fingerprint) ? { verdict: "same" } : { verdict: "changed", previous: known };
  }

  /**
   * Pins the name to the identity, in place of any other. False if there is no room left.
   * @param {string} contact
   * @param {Uint8Array} fingerprint
   */
  trust(contact, fingerprint) {
    const name = skeleton(contact);
    if (!this.#fingerprints.has(name) && this.#fingerprints.size >= MAXIMUM_PINS) return false;
    this.#fingerprints.set(name, fingerprint);
    return true;
  }

  /** @param {string} contact */
  forget(contact) {
    this.#fingerprints.delete(skeleton(contact));
  }

  /** The text to be kept. It holds names, so it belongs where the device keeps its keys. @returns {string} */
  get json() {
    const names = [...this.#fingerprints.keys()].sort();
    const pins = Object.fromEntries(names.map((name) => [name, toBase64URL(this.#fingerprints.get(name))]));
    return `${JSON.stringify({ pins, version: 1 }, null, 2)}\n`;
  }

  /**
   * Throws `IdentityPinsError` for anything but what `json` makes.
   * @param {string} text
   */
  static fromJSON(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      throw new IdentityPinsError("notPins");
    }
    const isFile = isDictionary(file) && Number.isInteger(file.version) && isDictionary(file.pins);
    if (!isFile || Object.values(file.pins).some((value) => typeof value !== "string")) {
      throw new IdentityPinsError("notPins");
    }
    if (file.version !== 1) throw new IdentityPinsError("unknownVersion");
    const entries = Object.entries(file.pins);
    if (entries.length > MAXIMUM_PINS) throw new IdentityPinsError("tooMany");
    const pins = new IdentityPins();
    for (const [contact, value] of entries) {
      const isSkeleton = contact !== "" && contact.normalize("NFC") === skeleton(contact);
      if (!isSkeleton || utf8(contact).length > MAXIMUM_SKELETON) throw new IdentityPinsError("badName");
      const fingerprint = fromBase64URL(value);
      if (fingerprint?.length !== FINGERPRINT_LENGTH) throw new IdentityPinsError("badFingerprint");
      pins.trust(contact, fingerprint);
    }
    return pins;
  }
}

function isDictionary(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
