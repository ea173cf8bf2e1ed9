// The camera's encodings: several sizes at once, so that each of the others gets the one that it shows.
import { DESCRIPTOR } from "./descriptor.js";

/** Lowest first. `share`: of the camera's width and height. Bits per second: what a picture of this size needs. */
const ENCODINGS = Object.freeze([
  { rid: "q", share: 4, maxBitrate: 150_000 },
  { rid: "h", share: 2, maxBitrate: 400_000 },
  { rid: "f", share: 1, maxBitrate: 1_200_000 },
]);
/** Lines of the smallest encoding that is worth its bits: below it nobody shows a picture. */
const LEAST_LINES = 120;

/** @type {Promise<boolean> | null} */
let answer = null;

/**
 * Whether this browser can send several encodings of a camera, with the Dependency Descriptor in their packets. Found
 * out by what it offers; asked once.
 * @returns {Promise<boolean>}
 */
export function canSimulcast() {
  answer ??= probe().catch(() => false);
  return answer;
}

async function probe() {
  const connection = new RTCPeerConnection();
  try {
    const { sender } = addSimulcastSender(connection, 30);
    const rids = ENCODINGS.map(({ rid }) => rid);
    if (sender.getParameters().encodings.map(({ rid }) => rid).join() !== rids.join()) return false;
    const { sdp } = await connection.createOffer();
    return offersSimulcast(sdp, rids);
  } finally {
    connection.close();
  }
}

/** Whether an offer of one sending m-line has these encodings and the descriptor. @param {string} sdp */
export function offersSimulcast(sdp, rids) {
  const line = /^a=simulcast:(.*)$/m.exec(sdp)?.[1] ?? "";
  const sent = /\bsend ([^ \r]+)/.exec(line)?.[1] ?? "";
  return sent.split(";").join() === rids.join() && sdp.includes(DESCRIPTOR);
}

/** @param {RTCPeerConnection} connection @param {number} frameRate */
export function addSimulcastSender(connection, frameRate) {
  const sendEncodings = ENCODINGS.map(({ rid, share, maxBitrate }) => ({
    rid, maxBitrate, maxFramerate: frameRate, scaleResolutionDownBy: share,
    // Without it Chromium sends VP9 and AV1 in one size only.
    scalabilityMode: "L1T1",
  }));
  return connection.addTransceiver("video", { direction: "sendonly", sendEncodings });
}

/**
 * Which encodings of a camera of so many lines are worth sending; the full one always is.
 * @param {{width?: number, height?: number}} settings of the track
 * @returns {Record<string, boolean>} by rid
 */
export function usefulEncodings({ width, height }) {
  // Of a picture that stands upright the width counts.
  const lines = Math.min(width ?? Infinity, height ?? Infinity);
  return Object.fromEntries(ENCODINGS.map(({ rid, share }) => [rid, share === 1 || lines / share >= LEAST_LINES]));
}

/**
 * Sends those encodings of a camera that are worth it.
 * @param {RTCRtpSender} sender
 * @param {MediaStreamTrack} track
 */
export async function fitEncodings(sender, track) {
  const useful = usefulEncodings(track.getSettings());
  const parameters = sender.getParameters();
  let isChanged = false;
  for (const encoding of parameters.encodings) {
    const active = useful[encoding.rid] ?? encoding.active;
    isChanged ||= active !== encoding.active;
    encoding.active = active;
  }
  if (isChanged) await sender.setParameters(parameters).catch(() => {});
}
