// What of an encoded frame is sealed and how the result is dressed, by codec. Nothing stays clear.
import { stripTemporalDelimiter, unwrapAV1, wrapAV1 } from "./av1-envelope.js";

/**
 * @typedef {object} PayloadFormat
 * @property {(frame: Uint8Array) => Uint8Array} plaintext what of the encoder's frame is sealed
 * @property {(sealed: Uint8Array) => Uint8Array} dress
 * @property {(payload: Uint8Array) => Uint8Array | null} undress null when the payload was not made by `dress`
 */

const same = (bytes) => bytes;

/** @type {PayloadFormat} */
const WHOLE = Object.freeze({ plaintext: same, dress: same, undress: same });

/** @type {PayloadFormat} */
const AV1 = Object.freeze({ plaintext: stripTemporalDelimiter, dress: wrapAV1, undress: unwrapAV1 });

/**
 * The format of a codec; null for one whose packets could not carry sealed frames, as H.264's.
 * @param {string | undefined} mimeType as in the frame's metadata
 * @returns {PayloadFormat | null}
 */
export function payloadFormat(mimeType) {
  switch (mimeType?.toLowerCase()) {
    case "audio/opus":
    case "video/vp8":
    case "video/vp9":
      return WHOLE;
    case "video/av1":
      return AV1;
    default:
      return null;
  }
}
