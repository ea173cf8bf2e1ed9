// Which codecs are offered, and how a video sender is made to send the Dependency Descriptor.

const DESCRIPTOR =
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
const CODECS = { audio: ["audio/opus"], video: ["video/vp8"] };
/** Bits per second: what a picture of this kind needs to look good, and no more. */
const BITRATE = { camera: 900_000, screen: 1_500_000 };
const FRAME_RATE = { camera: 30, screen: 15 };

/**
 * Offers what can be sealed: Opus, and VP8 with its retransmission. A browser without the choice offers all it has; the
 * relay takes the same two of it.
 * @param {RTCRtpTransceiver} transceiver
 * @param {"audio" | "video"} kind
 */
export function preferCodecs(transceiver, kind) {
  if (!transceiver.setCodecPreferences) return;
  const all = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const chosen = all.filter(({ mimeType }) => CODECS[kind].includes(mimeType.toLowerCase()));
  if (chosen.length === 0) return;
  const repairs = all.filter(({ mimeType }) => mimeType.toLowerCase() === `${kind}/rtx`);
  try {
    transceiver.setCodecPreferences([...chosen, ...repairs]);
  } catch {
    return;
  }
  if (kind === "video") negotiateDescriptor(transceiver);
}

/**
 * A sending transceiver whose packets carry the Dependency Descriptor: the relay forwards no video without. Where it
 * cannot be asked for, browsers send it with two encodings, of which the second stays off.
 * @param {RTCPeerConnection} connection
 * @param {"camera" | "screen"} source
 */
export function offerVideoSender(connection, source) {
  const encoding = { maxBitrate: BITRATE[source], maxFramerate: FRAME_RATE[source] };
  const canAsk = "setHeaderExtensionsToNegotiate" in RTCRtpTransceiver.prototype;
  const sendEncodings = canAsk ? [encoding] : [{ ...encoding, rid: "f" }, { ...encoding, rid: "x", active: false }];
  return connection.addTransceiver("video", { direction: "sendonly", sendEncodings });
}

/** The encodings to publish: those that are sent. @param {RTCRtpSender} sender @returns {string[]} */
export function sentRids(sender) {
  return sender.getParameters().encodings.filter(({ rid, active }) => rid && active !== false).map(({ rid }) => rid);
}

/**
 * The offer with the Dependency Descriptor in the receiving sections too. Firefox reads it where it is negotiated, but
 * offers it for sending only; without it, it takes the type of a frame from sealed bytes, and stands still after loss.
 * @param {string} sdp
 * @returns {string}
 */
export function withDescriptorInSlots(sdp) {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => {
      const receives = /^a=recvonly\r?$/m.test(section);
      return receives ? section.replace(`/sendonly ${DESCRIPTOR}`, ` ${DESCRIPTOR}`) : section;
    })
    .join("");
}

function negotiateDescriptor(transceiver) {
  if (!transceiver.setHeaderExtensionsToNegotiate) return;
  const extensions = transceiver.getHeaderExtensionsToNegotiate();
  for (const extension of extensions) {
    if (extension.uri === DESCRIPTOR) extension.direction = "sendrecv";
  }
  transceiver.setHeaderExtensionsToNegotiate(extensions);
}
