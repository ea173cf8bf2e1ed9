// Names and chat texts (PROTOCOL.md section 7). Texts of others are shown to people: nothing in them may move the
// cursor or turn the writing direction around.
import { utf8 } from "../crypto/bytes.js";

export const MAXIMUM_NAME = 128;
export const MAXIMUM_TEXT = 4096;

const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;
const UNPRINTABLE_IN_TEXT = /[^\P{Cc}\n\t]|[\p{Cs}\p{Cn}\u202A-\u202E\u2066-\u2069]/u;

/** Whether a member may be called so: one line that somebody can see, 1 to 128 bytes. @param {string} name */
export function isName(name) {
  return !UNPRINTABLE.test(name) && utf8(name).length <= MAXIMUM_NAME && skeleton(name) !== "";
}

/**
 * What makes two names the same for a reader: without characters that nobody sees, runs of spaces and capitals.
 * @param {string} name
 * @returns {string}
 */
export function skeleton(name) {
  const visible = name.replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  const spaced = visible.replace(/\p{White_Space}+/gu, " ").replace(/^ | $/g, "");
  // Each letter by itself: what a small letter is must not depend on its neighbours.
  return Array.from(spaced, (letter) => letter.toLowerCase()).join("").normalize("NFC");
}

/** Whether it may be said to all: 1 to 4096 bytes. @param {string} text */
export function isText(text) {
  return text !== "" && !UNPRINTABLE_IN_TEXT.test(text) && utf8(text).length <= MAXIMUM_TEXT;
}

/** The text of UTF-8; null for anything else. @param {Uint8Array} bytes @returns {string | null} */
export function fromUTF8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
