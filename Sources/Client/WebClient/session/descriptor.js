// The Dependency Descriptor, a header extension: what the relay forwards pictures by, since it cannot read them.

export const DESCRIPTOR =
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/** Asks for the descriptor where the browser leaves the choice. @param {RTCRtpTransceiver} transceiver */
export function negotiateDescriptor(transceiver) {
  if (!transceiver.setHeaderExtensionsToNegotiate) return;
  const extensions = transceiver.getHeaderExtensionsToNegotiate();
  for (const extension of extensions) {
    if (extension.uri === DESCRIPTOR) extension.direction = "sendrecv";
  }
  transceiver.setHeaderExtensionsToNegotiate(extensions);
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
