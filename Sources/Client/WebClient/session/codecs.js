// Which codecs are offered and sent. Sound is Opus. Pictures are received in whatever can be sealed, and sent in one
// codec that everybody in the call can show.
import { negotiateDescriptor } from "./descriptor.js";
import { addSimulcastSender } from "./simulcast.js";

/** @typedef {"vp8" | "vp9" | "av1"} VideoCodec */

/** What pictures may be sent in. The first is understood by every client. @type {readonly VideoCodec[]} */
export const VIDEO_CODECS = Object.freeze(["vp8", "vp9", "av1"]);
const USUAL = VIDEO_CODECS[0];
/** Bits per second of what is sent in one size: what a picture of this kind needs to look good, and no more. */
const BITRATE = { camera: 900_000, screen: 1_500_000 };
const FRAME_RATE = { camera: 30, screen: 15 };

/** Whether a codec is one that can be chosen for a call. @param {unknown} name @returns {name is VideoCodec} */
export function isVideoCodec(name) {
  return VIDEO_CODECS.includes(/** @type {VideoCodec} */ (name));
}

/** The codecs whose pictures this browser can show, as members tell each other. @returns {string[]} */
export function receivableCodecs() {
  const all = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const has = (codec) => all.some(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`);
  return VIDEO_CODECS.filter(has).map((codec) => `video/${codec}`);
}

/**
 * The codec to send: the wished one if this browser can send it and everybody else can show it.
 * @param {VideoCodec} wished
 * @param {Iterable<string[] | undefined>} others what each of the others can show; nothing is as good as VP8 alone
 * @returns {VideoCodec}
 */
export function codecFor(wished, others) {
  const own = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [];
  const canSend = own.some(({ mimeType }) => mimeType.toLowerCase() === `video/${wished}`);
  return canSend && [...others].every((codecs) => codecs?.includes(`video/${wished}`)) ? wished : USUAL;
}

/**
 * Offers to receive what can be opened. A browser without the choice offers all it has; the relay takes the same of it.
 * @param {RTCRtpTransceiver} transceiver
 * @param {"audio" | "video"} kind
 */
export function preferForReceiving(transceiver, kind) {
  prefer(transceiver, kind, kind === "audio" ? ["audio/opus"] : VIDEO_CODECS.map((codec) => `video/${codec}`));
}

/**
 * Offers to send one codec.
 * @param {RTCRtpTransceiver} transceiver
 * @param {"audio" | "video"} kind
 * @param {VideoCodec} codec
 */
export function preferForSending(transceiver, kind, codec) {
  prefer(transceiver, kind, kind === "audio" ? ["audio/opus"] : [`video/${codec}`]);
}

function prefer(transceiver, kind, names) {
  if (!transceiver.setCodecPreferences) return;
  const all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const named = (name) => all.filter((codec) => codec.mimeType.toLowerCase() === name && isUsual(codec));
  const chosen = names.flatMap(named);
  if (chosen.length === 0) return;
  const repairs = all.filter(({ mimeType }) => mimeType.toLowerCase() === `${kind}/rtx`);
  try {
    transceiver.setCodecPreferences([...chosen, ...repairs]);
  } catch {
    return;
  }
  if (kind === "video") negotiateDescriptor(transceiver);
}

/** Eight bits for a colour, as cameras have: other profiles of VP9 and AV1 are for other sources. */
function isUsual({ sdpFmtpLine = "" }) {
  return !/(?:^|;)\s*profile(?:-id)?=[1-9]/.test(sdpFmtpLine);
}

/**
 * A sending transceiver whose packets carry the Dependency Descriptor: the relay forwards no video without. Where it
 * cannot be asked for, browsers send it with two encodings, of which the second stays off.
 * @param {RTCPeerConnection} connection
 * @param {"camera" | "screen"} source
 * @param {{simulcast: boolean}} options whether a camera is sent in several sizes
 */
export function addVideoSender(connection, source, { simulcast }) {
  if (simulcast && source === "camera") return addSimulcastSender(connection, FRAME_RATE.camera);
  const encoding = { maxBitrate: BITRATE[source], maxFramerate: FRAME_RATE[source] };
  const canAsk = "setHeaderExtensionsToNegotiate" in RTCRtpTransceiver.prototype;
  const sendEncodings = canAsk ? [encoding] : [{ ...encoding, rid: "f" }, { ...encoding, rid: "x", active: false }];
  return connection.addTransceiver("video", { direction: "sendonly", sendEncodings });
}

/**
 * The encodings to publish, lowest first: all but the one that is there for the descriptor's sake.
 * @param {RTCRtpSender} sender
 * @returns {string[]}
 */
export function sentRids(sender) {
  return sender.getParameters().encodings.map(({ rid }) => rid).filter((rid) => rid && rid !== "x");
}
