// How a sealed frame travels as AV1: `temporal delimiter (12 00) | OBU header (32) | leb128(length) | sealed`.
//
// The browser's packetiser parses what it sends as a list of OBUs, so ciphertext must look like one: a frame OBU with a
// size. The sender's frame begins with a temporal delimiter, which does not travel and which receivers do not see, so
// it is no part of what is sealed.

const TEMPORAL_DELIMITER = Uint8Array.of(0x12, 0x00);
// OBU_FRAME with a size field (AV1 specification, section 5.3.2).
const FRAME_OBU = 0x32;
// A frame of 2^28 bytes is beyond anything sent; more bytes of length would be an attempt to confuse.
const MAXIMUM_LENGTH_BYTES = 4;

function startsWithDelimiter(frame) {
  return frame.length >= 2 && frame[0] === TEMPORAL_DELIMITER[0] && frame[1] === TEMPORAL_DELIMITER[1];
}

/**
 * The encoder's frame without its temporal delimiter.
 * @param {Uint8Array} frame
 * @returns {Uint8Array} a view
 */
export function stripTemporalDelimiter(frame) {
  return startsWithDelimiter(frame) ? frame.subarray(2) : frame;
}

/**
 * @param {Uint8Array} sealed
 * @returns {Uint8Array}
 */
export function wrapAV1(sealed) {
  const length = leb128(sealed.length);
  const envelope = new Uint8Array(3 + length.length + sealed.length);
  envelope.set(TEMPORAL_DELIMITER);
  envelope[2] = FRAME_OBU;
  envelope.set(length, 3);
  envelope.set(sealed, 3 + length.length);
  return envelope;
}

/**
 * The sealed frame in an envelope, with or without the temporal delimiter; null for anything else.
 * @param {Uint8Array} envelope
 * @returns {Uint8Array | null} a view
 */
export function unwrapAV1(envelope) {
  const obu = stripTemporalDelimiter(envelope);
  if (obu.length < 2 || obu[0] !== FRAME_OBU) return null;
  let length = 0;
  for (let index = 0; index < MAXIMUM_LENGTH_BYTES && 1 + index < obu.length; index += 1) {
    const byte = obu[1 + index];
    length |= (byte & 0x7f) << (7 * index);
    if ((byte & 0x80) !== 0) continue;
    const start = 2 + index;
    return obu.length === start + length ? obu.subarray(start) : null;
  }
  return null;
}

/** The shortest encoding of a number (AV1 specification, section 4.10.5). */
function leb128(value) {
  const bytes = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}
