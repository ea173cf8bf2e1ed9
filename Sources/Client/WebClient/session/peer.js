// The media connection to the relay: what this member sends, and the slots in which it receives the others.
//
// The client always offers. Every sender and every receiver gets its transform before the offer that creates it, so
// that no frame leaves or arrives around it.
import { addVideoSender, preferForReceiving, preferForSending } from "./codecs.js";
import { withDescriptorInSlots } from "./descriptor.js";
import { carries } from "./path-check.js";
import { Problem } from "./problems.js";
import { fitEncodings } from "./simulcast.js";

/** Slots of the first offer, and how many there may be; more are offered when the call needs them. */
const FIRST_SLOTS = { audio: 8, video: 8 };
const MAXIMUM_SLOTS = { audio: 16, video: 16 };
const ANSWER_TIMEOUT = 15_000;
/** A path that is out for so long is searched anew; a shorter gap mends itself. */
const DISCONNECTED_PATIENCE = 3000;
const RESTART_INTERVAL = 5000;

/** @typedef {import("../sframe/kid.js").TrackSource} TrackSource */
/**
 * One receiving m-line. `mid` is null until it was offered.
 * @typedef {{name: string, kind: "audio" | "video", transceiver: RTCRtpTransceiver, mid: string | null,
 *   track: MediaStreamTrack}} Slot
 */

const KIND = { microphone: "audio", screenAudio: "audio", camera: "video", screen: "video" };

export class Peer {
  /** @readonly @type {RTCPeerConnection} */
  connection;
  /** @type {Slot[]} */
  slots = [];
  #transforms;
  #handlers;
  /** @type {Map<TrackSource, RTCRtpTransceiver>} */
  #senders = new Map();
  #isNegotiating = false;
  #isWanted = false;
  #wantsRestart = false;
  #offered = 0;
  #timers = { answer: 0, disconnected: 0 };
  #lastRestart = -Infinity;
  #hasConnected = false;
  /** The path has failed, and the one found after it has not shown yet that it carries anything. */
  #isUnproven = false;
  #simulcast;
  /** @type {import("./codecs.js").VideoCodec} */
  #codec;
  #isClosed = false;

  /**
   * @param {import("../media/media-transforms.js").MediaTransforms} transforms
   * @param {object} handlers
   * @param {(sdp: string) => void} handlers.offer
   * @param {() => void} handlers.negotiated an answer was taken: the m-lines have their mids
   * @param {(state: "connecting" | "connected" | "interrupted") => void} handlers.state
   * @param {(problem: Problem) => void} handlers.failed
   * @param {() => void} handlers.dead nothing that is sent leaves this connection any more
   * @param {object} options
   * @param {boolean} options.simulcast whether the camera is sent in several sizes
   * @param {import("./codecs.js").VideoCodec} options.codec what pictures are sent in, until `sendIn`
   */
  constructor(transforms, handlers, { simulcast, codec }) {
    this.#simulcast = simulcast;
    this.#codec = codec;
    this.#transforms = transforms;
    this.#handlers = handlers;
    this.connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.connection.onconnectionstatechange = () => this.#stateChanged();
    this.connection.oniceconnectionstatechange = () => this.#stateChanged();
    this.#addSender("microphone");
    this.#addSender("camera");
    this.#addSlots(FIRST_SLOTS);
  }

  /** Sends a track, or none. A source that was never sent costs an offer. @param {TrackSource} source */
  async send(source, track) {
    if (this.#isClosed) return;
    if (!this.#senders.has(source)) {
      if (!track) return;
      this.#addSender(source);
      this.negotiate();
    }
    const { sender } = this.#senders.get(source);
    if (sender.track === track) return;
    if (track && source === "camera" && this.#simulcast) await fitEncodings(sender, track);
    await sender.replaceTrack(track);
  }

  /** Sends pictures in another codec from now on. @param {import("./codecs.js").VideoCodec} codec */
  sendIn(codec) {
    if (codec === this.#codec || this.#isClosed) return;
    this.#codec = codec;
    for (const [source, transceiver] of this.#senders) {
      if (KIND[source] === "video") preferForSending(transceiver, "video", codec);
    }
    if (this.#offered > 0) this.negotiate();
  }

  /** The m-line of a source; null before it was negotiated. @param {TrackSource} source */
  mid(source) {
    return this.#senders.get(source)?.mid ?? null;
  }

  /** @param {TrackSource} source @returns {RTCRtpSender | null} */
  sender(source) {
    return this.#senders.get(source)?.sender ?? null;
  }

  /** Makes room for so many publications, within bounds. @param {{audio: number, video: number}} wanted */
  makeRoom(wanted) {
    const missing = { audio: 0, video: 0 };
    for (const kind of ["audio", "video"]) {
      const present = this.slots.filter((slot) => slot.kind === kind).length;
      // Doubled at least, so that a call that fills up costs few offers.
      const target = wanted[kind] > present ? Math.max(wanted[kind], 2 * present) : present;
      missing[kind] = Math.max(0, Math.min(target, MAXIMUM_SLOTS[kind]) - present);
    }
    if (missing.audio + missing.video === 0) return;
    this.#addSlots(missing);
    this.negotiate();
  }

  /**
   * Offers, as soon as the answer to the offer before is there.
   * @param {{restart?: boolean, again?: boolean}} [options] `restart` searches a new path; `again` if the answer to the
   *   last offer will not come any more
   */
  negotiate({ restart = false, again = false } = {}) {
    if (this.#isClosed) return;
    this.#isWanted = true;
    this.#wantsRestart ||= restart;
    if (again) this.#isNegotiating = false;
    if (!this.#isNegotiating) this.#offer();
  }

  /** The relay's answer. @param {string} sdp */
  async answered(sdp) {
    if (!this.#isNegotiating || this.connection.signalingState !== "have-local-offer") return;
    clearTimeout(this.#timers.answer);
    try {
      await this.connection.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      return this.#handlers.failed(new Problem("negotiation", error));
    }
    this.#isNegotiating = false;
    this.#handlers.negotiated();
    if (this.#isWanted) this.#offer();
  }

  /** Makes the encoder begin anew: what was dropped before cannot be decoded without. @param {TrackSource} source */
  async requestKeyFrame(source) {
    const sender = this.sender(source);
    if (!sender?.track) return;
    const parameters = sender.getParameters();
    const options = { encodingOptions: parameters.encodings.map(() => ({ keyFrame: true })) };
    await sender.setParameters(parameters, options).catch(() => {});
  }

  /** The network has changed. */
  restart() {
    const now = performance.now();
    if (now < this.#lastRestart + RESTART_INTERVAL) return;
    this.#lastRestart = now;
    this.negotiate({ restart: true });
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timers.answer);
    clearTimeout(this.#timers.disconnected);
    this.connection.onconnectionstatechange = this.connection.oniceconnectionstatechange = null;
    this.connection.close();
  }

  #addSender(source) {
    const kind = KIND[source];
    const transceiver =
      kind === "video"
        ? addVideoSender(this.connection, source, { simulcast: this.#simulcast })
        : this.connection.addTransceiver("audio", { direction: "sendonly" });
    preferForSending(transceiver, kind, this.#codec);
    this.#transforms.seal(transceiver.sender, source, source);
    this.#senders.set(source, transceiver);
  }

  #addSlots(counts) {
    for (const kind of /** @type {const} */ (["audio", "video"])) {
      for (let index = 0; index < counts[kind]; index += 1) {
        const transceiver = this.connection.addTransceiver(kind, { direction: "recvonly" });
        const name = `slot ${this.slots.length}`;
        this.#transforms.open(transceiver.receiver, name);
        preferForReceiving(transceiver, kind);
        this.slots.push({ name, kind, transceiver, mid: null, track: transceiver.receiver.track });
      }
    }
  }

  async #offer() {
    this.#isNegotiating = true;
    this.#isWanted = false;
    const iceRestart = this.#wantsRestart;
    this.#wantsRestart = false;
    this.#offered += 1;
    const number = this.#offered;
    try {
      await this.connection.setLocalDescription(await this.connection.createOffer({ iceRestart }));
    } catch (error) {
      if (!this.#isClosed) this.#handlers.failed(new Problem("negotiation", error));
      return;
    }
    if (this.#isClosed || number !== this.#offered) return;
    for (const slot of this.slots) slot.mid = slot.transceiver.mid;
    clearTimeout(this.#timers.answer);
    this.#timers.answer = setTimeout(() => this.negotiate({ restart: iceRestart, again: true }), ANSWER_TIMEOUT);
    this.#handlers.offer(withDescriptorInSlots(this.connection.localDescription.sdp));
  }

  #stateChanged() {
    const { connectionState, iceConnectionState } = this.connection;
    clearTimeout(this.#timers.disconnected);
    if (connectionState === "connected") {
      this.#hasConnected = true;
      return this.#isUnproven ? this.#prove() : this.#handlers.state("connected");
    }
    if (connectionState === "failed" || iceConnectionState === "failed") {
      this.#isUnproven = this.#hasConnected;
      this.#handlers.state("interrupted");
      if (!this.#hasConnected) this.#handlers.failed(new Problem("noMediaPath"));
      return this.#retry();
    }
    if (iceConnectionState === "disconnected") {
      this.#handlers.state("interrupted");
      this.#timers.disconnected = setTimeout(() => this.#retry(), DISCONNECTED_PATIENCE);
    }
  }

  async #prove() {
    const isAlive = await carries(this.connection);
    if (this.#isClosed) return;
    if (!isAlive) return this.#handlers.dead();
    if (this.connection.connectionState !== "connected") return;
    this.#isUnproven = false;
    this.#handlers.state("connected");
  }

  /** Searches a path until there is one. */
  #retry() {
    if (this.#isClosed) return;
    this.restart();
    this.#timers.disconnected = setTimeout(() => this.#retry(), RESTART_INTERVAL + 500);
  }
}
