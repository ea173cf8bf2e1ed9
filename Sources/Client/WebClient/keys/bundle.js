// A member's key bundle, fresh for each call (PROTOCOL.md section 5).
import { SIGNATURE } from "../crypto/algorithms.js";
import { concat, equal, u16 } from "../crypto/bytes.js";
import { hmacSHA256, isValidHMACSHA256 } from "../crypto/kdf.js";
import { cipherSuite } from "../sframe/cipher-suite.js";
import { AgreementPublicKeys, suiteList } from "./agreement.js";
import { ByteReader } from "./byte-reader.js";
import { suiteByID } from "./suites.js";

export const BUNDLE_CONTEXT = "SEALEDSFU-BUNDLE-V1";
export const IDENTITY_LENGTH = SIGNATURE["ML-DSA-65"].publicKey;
export const SIGNATURE_LENGTH = SIGNATURE["ML-DSA-65"].signature;
export const NONCE_LENGTH = 32;
const VERSION = 1;
const ROOM_LENGTH = 16;
const MAC_LENGTH = 32;
const KEY_LENGTH = 32;
const MAXIMUM_SUITES = 8;

/**
 * Why a member gets no keys.
 * @typedef {"malformed" | "wrongRoom" | "badMAC" | "badSignature" | "noCommonSuite" | "frameSuite"} MemberRejection
 */

/** A refused member. */
export class BundleRejected extends Error {
  /** @param {MemberRejection} reason */
  constructor(reason) {
    super(reason);
    this.name = "BundleRejected";
    /** @readonly */
    this.code = reason;
  }
}

/**
 * @typedef {object} KeyBundle
 * @property {Uint8Array} offeredBytes all suites as offered
 * @property {import("./suites.js").Suite[]} suites those known here
 * @property {number} sframeSuite
 * @property {Uint8Array} channelKey
 * @property {AgreementPublicKeys} agreement
 * @property {Uint8Array} identity
 */

/**
 * The part of a bundle that is signed.
 * @param {object} fields
 * @param {Uint8Array} fields.room
 * @param {Uint8Array} fields.nonce
 * @param {Uint8Array} fields.offered
 * @param {number} fields.sframeSuite
 * @param {Uint8Array} fields.channelKey
 * @param {AgreementPublicKeys} fields.agreement
 * @param {Uint8Array} identity the public key
 */
export function bundleContents({ room, nonce, offered, sframeSuite, channelKey, agreement }, identity) {
  return concat(
    Uint8Array.of(VERSION), room, nonce, suiteList(offered), u16(sframeSuite), channelKey, agreement.bytes, identity);
}

/**
 * A bundle, signed and MACed.
 * @param {Parameters<typeof bundleContents>[0]} fields
 * @param {{publicKey: Uint8Array, privateKey: import("../crypto/pq.js").PrivateKey}} identity
 * @param {Uint8Array} admissionKey
 * @param {import("../crypto/pq.js").PostQuantum} pq
 */
export async function makeBundle(fields, identity, admissionKey, pq) {
  const contents = bundleContents(fields, identity.publicKey);
  const signed = concat(contents, await pq.sign(identity.privateKey, contents, BUNDLE_CONTEXT));
  return concat(signed, await hmacSHA256(admissionKey, signed));
}

/**
 * Reads and verifies a bundle. The MAC is checked first: it is cheap, and without the invite nothing else matters.
 * Throws `BundleRejected`.
 * @param {Uint8Array} bytes
 * @param {Uint8Array} room
 * @param {Uint8Array} admissionKey
 * @param {import("../crypto/pq.js").PostQuantum} pq
 * @returns {Promise<KeyBundle>}
 */
export async function verifyBundle(bytes, room, admissionKey, pq) {
  const signedLength = bytes.length - MAC_LENGTH - SIGNATURE_LENGTH;
  if (signedLength <= 0 || bytes[0] !== VERSION) throw new BundleRejected("malformed");
  const maced = bytes.subarray(0, bytes.length - MAC_LENGTH);
  if (!(await isValidHMACSHA256(bytes.subarray(bytes.length - MAC_LENGTH), admissionKey, maced))) {
    throw new BundleRejected("badMAC");
  }
  const signed = bytes.slice(0, signedLength);
  const { room: named, ...bundle } = readFields(signed);
  if (!equal(named, room)) throw new BundleRejected("wrongRoom");
  if (!cipherSuite(bundle.sframeSuite)) throw new BundleRejected("frameSuite");
  const signature = maced.slice(signedLength);
  if (!(await pq.verify(bundle.identity, signature, signed, BUNDLE_CONTEXT))) throw new BundleRejected("badSignature");
  return bundle;
}

function readFields(signed) {
  try {
    const reader = new ByteReader(signed);
    reader.take(1);
    const room = reader.take(ROOM_LENGTH);
    reader.take(NONCE_LENGTH);
    const count = reader.u8();
    if (count < 1 || count > MAXIMUM_SUITES) throw new BundleRejected("malformed");
    const offeredBytes = reader.take(count);
    // Suites of later versions are skipped; the list as a whole is bound into every key made for the member.
    const suites = [...offeredBytes].map(suiteByID).filter((suite) => suite !== null);
    const sframeSuite = reader.u16();
    const channelKey = reader.take(KEY_LENGTH);
    const agreement = AgreementPublicKeys.read(reader, 0);
    const identity = reader.take(IDENTITY_LENGTH);
    // A suite that is offered without its key could not be used.
    const isWhole = suites.every(({ kem }) => agreement.kems.has(kem)) && new Set(offeredBytes).size === count;
    if (!isWhole || !reader.isAtEnd) throw new BundleRejected("malformed");
    return { room, offeredBytes, suites, sframeSuite, channelKey, agreement, identity };
  } catch {
    throw new BundleRejected("malformed");
  }
}
