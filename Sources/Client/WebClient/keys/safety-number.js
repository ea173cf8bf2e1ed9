// The digits that two people compare to know that nobody stands between them (PROTOCOL.md section 14).
import { concat, utf8 } from "../crypto/bytes.js";
import { sha512 } from "../crypto/kdf.js";

const LABEL = utf8("SEALEDSFU-SAFETY-V1");
const GROUPS = 12;
const GROUP_BYTES = 5;

/**
 * Sixty digits in groups of five: the same on both sides, other digits for every call and every pair.
 * @param {Uint8Array} a identity key
 * @param {Uint8Array} b identity key
 * @param {Uint8Array} room
 * @returns {Promise<string>}
 */
export async function safetyNumber(a, b, room) {
  const [first, second] = precedes(a, b) ? [a, b] : [b, a];
  const digest = await sha512(concat(LABEL, room, first, second));
  return Array.from({ length: GROUPS }, (_, group) => {
    const bytes = digest.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES);
    // 40 bits fit in a number.
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, "0");
  }).join(" ");
}

function precedes(a, b) {
  const index = a.findIndex((byte, place) => byte !== b[place]);
  return index >= 0 && a[index] < b[index];
}
