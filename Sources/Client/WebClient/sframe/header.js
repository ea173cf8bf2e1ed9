// The SFrame header (RFC 9605 section 4.3): one byte, then the key identifier and the counter where they do not fit in
// that byte.
//
//  0 1 2 3 4 5 6 7
// +-+-+-+-+-+-+-+-+---------------------------+---------------------------+
// |X|  K  |Y|  C  |   KID (0 to 8 bytes)      |  CTR (0 to 8 bytes)       |
// +-+-+-+-+-+-+-+-+---------------------------+---------------------------+
//
// With X clear, K is the key identifier itself (0...7); with X set, the key identifier has K + 1 bytes. Y and C say the
// same of the counter. A parsed header may be longer than it needs to be: the bytes as received are authenticated.
import { SFrameError } from "./errors.js";

export const MAXIMUM_HEADER_LENGTH = 17;

/**
 * @typedef {object} SFrameHeader
 * @property {bigint} kid 64 bits
 * @property {bigint} ctr 64 bits
 * @property {number} length bytes of the header as parsed
 */

/**
 * Reads the header at the start of a sealed frame. Throws `truncated`; every complete header is valid.
 * @param {Uint8Array} sealed
 * @returns {SFrameHeader}
 */
export function parseHeader(sealed) {
  if (sealed.length < 1) throw new SFrameError("truncated");
  const config = sealed[0];
  const kidBytes = config & 0x80 ? ((config >> 4) & 7) + 1 : 0;
  const ctrBytes = config & 0x08 ? (config & 7) + 1 : 0;
  const length = 1 + kidBytes + ctrBytes;
  if (sealed.length < length) throw new SFrameError("truncated");
  return {
    kid: kidBytes === 0 ? BigInt((config >> 4) & 7) : readNumber(sealed, 1, kidBytes),
    ctr: ctrBytes === 0 ? BigInt(config & 7) : readNumber(sealed, 1 + kidBytes, ctrBytes),
    length,
  };
}

/**
 * The shortest encoding.
 * @param {bigint} kid
 * @param {bigint} ctr
 * @returns {Uint8Array}
 */
export function encodeHeader(kid, ctr) {
  const kidBytes = extraBytes(kid);
  const ctrBytes = extraBytes(ctr);
  const header = new Uint8Array(1 + kidBytes + ctrBytes);
  header[0] =
    (kidBytes === 0 ? Number(kid) << 4 : 0x80 | ((kidBytes - 1) << 4)) |
    (ctrBytes === 0 ? Number(ctr) : 0x08 | (ctrBytes - 1));
  writeNumber(header, kid, 1, kidBytes);
  writeNumber(header, ctr, 1 + kidBytes, ctrBytes);
  return header;
}

function extraBytes(value) {
  if (value < 8n) return 0;
  let count = 0;
  for (let rest = value; rest > 0n; rest >>= 8n) count += 1;
  return count;
}

function readNumber(bytes, start, count) {
  let value = 0n;
  for (let index = start; index < start + count; index += 1) value = (value << 8n) | BigInt(bytes[index]);
  return value;
}

function writeNumber(bytes, value, start, count) {
  let rest = value;
  for (let index = start + count - 1; index >= start; index -= 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}
