// What can go wrong, each as one sentence and what to do about it.

/** @typedef {{text: string, advice: string}} Explanation */

/** @type {Readonly<Record<string, Explanation>>} */
const EXPLANATIONS = Object.freeze({
  oldBrowser: {
    text: "This browser cannot seal calls end to end.",
    advice: "Open the link in a current Chromium, Chrome, Edge or Firefox.",
  },
  notSecure: {
    text: "This page was not opened over HTTPS, so the browser gives it no cryptography.",
    advice: "Open it by its https:// address, or on localhost.",
  },
  badInvite: {
    text: "This invite link is not complete.",
    advice: "Ask for the link again and copy all of it, up to its last character.",
  },
  badRelay: {
    text: "The relay's address in this link is not one.",
    advice: "Ask for the link again, or enter an address such as wss://relay.example:7443.",
  },
  plainRelay: {
    text: "The relay must be reached over an encrypted connection.",
    advice: "Use an address that begins with wss://; ws:// works for a relay on this computer only.",
  },
  unreachable: {
    text: "The relay does not answer.",
    advice: "Check your connection and the relay's address, then try again.",
  },
  lost: {
    text: "The connection to the relay is gone.",
    advice: "The page keeps trying; check your connection.",
  },
  unauthorized: {
    text: "The relay asks for a join token and did not accept yours.",
    advice: "Ask the person who runs the relay for a token, and enter it before joining.",
  },
  room_full: {
    text: "The relay has no room left for this call.",
    advice: "Try again when somebody has left, or use another relay.",
  },
  shutting_down: {
    text: "The relay is shutting down.",
    advice: "Wait a minute and try again.",
  },
  rate_limited: {
    text: "The relay refused this connection because too much was sent.",
    advice: "Wait a minute and join again.",
  },
  replaced: {
    text: "This call was taken over by another connection of this page.",
    advice: "Close the other tab and join again.",
  },
  refused: {
    text: "The relay refused to let you in.",
    advice: "Try again; if it stays so, ask the person who runs the relay.",
  },
  badRoster: {
    text: "The relay's account of this call contradicts itself, so nothing is sent.",
    advice: "Leave, and use another relay if it happens again.",
  },
  noMediaPath: {
    text: "Sound and pictures cannot reach the relay from this network.",
    advice: "Allow UDP to the relay, or try another network.",
  },
  negotiation: {
    text: "The browser and the relay found no common way to send sound and pictures.",
    advice: "Update the browser, or try another one.",
  },
  cameraDenied: {
    text: "The browser may not use your camera.",
    advice: "Allow it in the address bar's site settings, then turn the camera on again; or join without it.",
  },
  microphoneDenied: {
    text: "The browser may not use your microphone.",
    advice: "Allow it in the address bar's site settings, then turn the microphone on again; or join and listen.",
  },
  bothDenied: {
    text: "The browser may not use your camera and microphone.",
    advice: "Allow them in the address bar's site settings, then turn them on again; or join and listen.",
  },
  noCamera: {
    text: "No camera was found.",
    advice: "You can join without one; connect a camera and turn it on at any time.",
  },
  noMicrophone: {
    text: "No microphone was found.",
    advice: "You can join and listen; connect a microphone and turn it on at any time.",
  },
  cameraLost: {
    text: "The camera was disconnected.",
    advice: "Connect it again or choose another one under Devices, then turn the camera on.",
  },
  microphoneReplaced: {
    text: "The microphone was disconnected.",
    advice: "Another one is used now; you can choose it under Devices.",
  },
  cameraBusy: {
    text: "The camera cannot be opened.",
    advice: "Close other programs that use it, then turn it on again.",
  },
  microphoneBusy: {
    text: "The microphone cannot be opened.",
    advice: "Close other programs that use it, then turn it on again.",
  },
  screenDenied: {
    text: "The screen was not shared.",
    advice: "Choose a window or a screen when the browser asks.",
  },
  noScreen: {
    text: "This browser cannot share the screen.",
    advice: "Share from a computer.",
  },
  badName: {
    text: "This name cannot be shown to others.",
    advice: "Use 1 to 40 plain characters.",
  },
  badText: {
    text: "This message cannot be sent.",
    advice: "Messages may have up to 4,000 characters, without control characters.",
  },
  internal: {
    text: "Something went wrong in this page.",
    advice: "Reload it and join again.",
  },
});

/** Something that is told to people. */
export class Problem extends Error {
  /** @param {string} code a key of the table above; others are `internal` @param {unknown} [cause] */
  constructor(code, cause) {
    const { text, advice } = EXPLANATIONS[code] ?? EXPLANATIONS.internal;
    super(text, { cause });
    this.name = "Problem";
    /** @readonly */
    this.code = code;
    /** @readonly */
    this.text = text;
    /** @readonly */
    this.advice = advice;
  }
}

/** Any error as a problem. @param {unknown} error @returns {Problem} */
export function asProblem(error) {
  return error instanceof Problem ? error : new Problem("internal", error);
}

/** Why the join was refused, from the relay's code. @param {string} code */
export function refusal(code) {
  return new Problem(code in EXPLANATIONS ? code : "refused");
}

/**
 * Why somebody's frames cannot be opened, from the worker's causes. In place of what to do: it mends itself or
 * cannot be mended.
 * @type {Readonly<Record<string, string>>}
 */
export const DECRYPT_REASONS = Object.freeze({
  unknownKey: "the key has not arrived",
  authenticationFailed: "the frames do not fit the key",
  malformed: "the frames are not sealed as this call requires",
  unsupportedCodec: "the frames are in a format that cannot be sealed",
  unexpectedSender: "the relay delivers somebody else's frames here",
  internalFailure: "this page failed to open them",
});

/** Why a member gets no keys. @type {Readonly<Record<string, string>>} */
export const REJECTIONS = Object.freeze({
  malformed: "its keys are not of this version",
  wrongRoom: "its keys are for another call",
  badMAC: "it does not have the invite",
  badSignature: "its keys are not signed properly",
  noCommonSuite: "it has no key exchange as strong as this call demands",
  frameSuite: "it seals frames in a way that this call does not accept",
});

/** What this browser lacks; null when it has all. @returns {Problem | null} */
export function lackOfBrowser() {
  if (globalThis.isSecureContext === false) return new Problem("notSecure");
  const hasAll =
    globalThis.crypto?.subtle && typeof RTCPeerConnection === "function" && typeof WebSocket === "function" &&
    typeof RTCRtpScriptTransform === "function" && typeof Worker === "function" &&
    typeof WebAssembly === "object" && "addTransceiver" in RTCPeerConnection.prototype &&
    typeof indexedDB === "object" && "findLast" in Array.prototype;
  return hasAll ? null : new Problem("oldBrowser");
}
