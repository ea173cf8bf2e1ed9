// The SFrame key identifier: `epoch (32 bits) | sender's join index (24 bits) | stream (8 bits)`.
//
// Unique per sender, epoch and stream, so that each has a key and a counter space of its own. 64 bits do not fit in a
// number, so identifiers are BigInts; their parts are numbers.

export const MAXIMUM_JOIN_INDEX = 0xff_ffff;

/** One counter space of a sender: the low 8 bits of its key identifiers. Each encoding has its own. */
export const Stream = Object.freeze({
  microphone: 0,
  screenAudio: 1,
  camera0: 8,
  camera1: 9,
  camera2: 10,
  screen0: 16,
  screen1: 17,
  screen2: 18,
});

/** @typedef {"microphone" | "screenAudio" | "camera" | "screen"} TrackSource */

/** @type {Set<number>} */
const KNOWN = new Set(Object.values(Stream));
const FIRST = { microphone: Stream.microphone, screenAudio: Stream.screenAudio, camera: 8, screen: 16 };

/**
 * The stream of a source's encoding.
 * @param {TrackSource} source
 * @param {number} [encoding] 0...2, as the sender counts them; audio has one
 * @returns {number}
 */
export function streamOf(source, encoding = 0) {
  const isVideo = source === "camera" || source === "screen";
  return FIRST[source] + (isVideo ? Math.min(Math.max(encoding, 0), 2) : 0);
}

/**
 * The source of a stream; null for a number that is no stream.
 * @param {number} stream
 * @returns {TrackSource | null}
 */
export function sourceOf(stream) {
  if (!KNOWN.has(stream)) return null;
  if (stream === Stream.microphone) return "microphone";
  if (stream === Stream.screenAudio) return "screenAudio";
  return stream < Stream.screen0 ? "camera" : "screen";
}

/**
 * @typedef {object} KeyIdentifier
 * @property {number} epoch 32 bits
 * @property {number} joinIndex 24 bits
 * @property {number} stream 8 bits
 */

/**
 * @param {KeyIdentifier} identifier
 * @returns {bigint}
 */
export function packKID({ epoch, joinIndex, stream }) {
  return (
    (BigInt(epoch >>> 0) << 32n) | (BigInt(joinIndex & MAXIMUM_JOIN_INDEX) << 8n) | BigInt(stream & 0xff)
  );
}

/**
 * @param {bigint} kid
 * @returns {KeyIdentifier}
 */
export function unpackKID(kid) {
  return {
    epoch: Number((kid >> 32n) & 0xffff_ffffn),
    joinIndex: Number((kid >> 8n) & 0xff_ffffn),
    stream: Number(kid & 0xffn),
  };
}
