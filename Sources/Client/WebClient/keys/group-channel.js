// Seals what goes to all members at once: the signed part of a commit (PROTOCOL.md section 7).
//
// Every holder of the invite can read and could write it. So it only hides the commit from the relay; what makes a
// commit authentic is its signature.
import * as aead from "../crypto/aead.js";
import { wipe } from "../crypto/bytes.js";
import { derive } from "../crypto/kdf.js";
import { openNumbered, sealNumbered, sequenceOf } from "./pairwise-channel.js";

export const GROUP_VERSION = 2;

/**
 * The key of what one member sends.
 * @param {Uint8Array} bundleHash
 * @param {Uint8Array} pairwiseSecret the invite's
 * @returns {Promise<CryptoKey>}
 */
export async function groupKey(bundleHash, pairwiseSecret) {
  const bytes = await derive(pairwiseSecret, "group", bundleHash);
  const key = await aead.importKey(bytes);
  wipe(bytes);
  return key;
}

/** @param {Uint8Array} message @param {bigint} sequence never used twice @param {CryptoKey} key */
export function sealForGroup(message, sequence, key) {
  return sealNumbered(GROUP_VERSION, sequence, key, message);
}

/** Throws `malformed` or `authenticationFailed`. @param {Uint8Array} sealed @param {CryptoKey} key */
export async function openFromGroup(sealed, key) {
  return openNumbered(sequenceOf(GROUP_VERSION, sealed), key, sealed);
}
