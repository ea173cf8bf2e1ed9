// The secret in a call link's fragment, and what follows from it (PROTOCOL.md section 2).
import { fromBase64URL, randomBytes, toBase64URL, wipe } from "../crypto/bytes.js";
import { derive } from "../crypto/kdf.js";

const BYTE_COUNT = 32;

/**
 * What a call needs of its invite; `room` and `roomBytes` are no secrets.
 * @typedef {{room: string, roomBytes: Uint8Array, admissionKey: Uint8Array, pairwiseSecret: Uint8Array}} InviteKeys
 */

/** The text of a new invite. It is the secret itself. @returns {string} */
export function newInvite() {
  const secret = randomBytes(BYTE_COUNT);
  const text = toBase64URL(secret);
  wipe(secret);
  return text;
}

/**
 * The keys of an invite's text; null unless it is 32 bytes in base64url.
 * @param {string} text
 * @returns {Promise<InviteKeys | null>}
 */
export async function openInvite(text) {
  const secret = fromBase64URL(text);
  if (secret?.length !== BYTE_COUNT) return null;
  try {
    const nothing = new Uint8Array(0);
    const roomBytes = await derive(secret, "room", nothing, 16);
    return {
      room: toBase64URL(roomBytes),
      roomBytes,
      admissionKey: await derive(secret, "admission"),
      pairwiseSecret: await derive(secret, "pairwise"),
    };
  } finally {
    wipe(secret);
  }
}
