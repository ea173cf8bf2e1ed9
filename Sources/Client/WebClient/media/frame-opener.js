// Opens the frames that one RTP receiver hands over. What the relay says a receiver carries is a claim; the key
// identifier of each authentic frame tells who sent it.
import { parseHeader } from "../sframe/header.js";
import { sourceOf, unpackKID } from "../sframe/kid.js";
import { OrderedPipeline } from "./ordered-pipeline.js";
import { payloadFormat } from "./payload-format.js";

// How long, and how many, frames of an epoch that is not known here yet are kept for its key.
const PARKING_MILLISECONDS = 1000;
const PARKING_CAPACITY = 64;
// Between requests for a key frame: a publisher needs a moment to make one, and it may be large.
const KEY_FRAME_INTERVAL_MILLISECONDS = 500;
// Why a frame was not opened although its key may be had.
const MISSING = new Set(["unknownKey", "authenticationFailed"]);

/** @typedef {import("./frame-sealer.js").EncodedFrame} EncodedFrame */
/** @typedef {{joinIndex: number, source: import("../sframe/kid.js").TrackSource}} FrameOrigin */
/**
 * @typedef {{frame: EncodedFrame, sealed: Uint8Array, header: import("../sframe/header.js").SFrameHeader}} SealedFrame
 */

export class FrameOpener {
  #store;
  #tally;
  #onOrigin;
  #onKeyFrameNeeded;
  #onKeyMissing;
  /** @type {OrderedPipeline<EncodedFrame> | null} */
  #pipeline = null;
  /** @type {(SealedFrame & {until: number})[]} */
  #parked = [];
  #timer = null;
  /** @type {FrameOrigin | null} */
  #origin = null;
  #hasGap = false;
  #nextKeyFrameRequest = 0;

  /**
   * Who may be heard here: frames of all others are dropped. Null allows every member.
   * @type {{joinIndex: number, source?: import("../sframe/kid.js").TrackSource} | null}
   */
  expected = null;

  /**
   * @param {object} context
   * @param {import("./epoch-store.js").EpochStore} context.store
   * @param {import("./tally.js").Tally} context.tally
   * @param {(origin: FrameOrigin) => void} context.onOrigin called when frames of another member or source begin
   * @param {() => void} context.onKeyFrameNeeded called when frames can be opened again after some could not
   * @param {(identifier: {epoch: number, joinIndex: number}) => void} context.onKeyMissing called for each frame whose
   *   key is not here, or is another one
   */
  constructor({ store, tally, onOrigin, onKeyFrameNeeded, onKeyMissing }) {
    this.#store = store;
    this.#tally = tally;
    this.#onOrigin = onOrigin;
    this.#onKeyFrameNeeded = onKeyFrameNeeded;
    this.#onKeyMissing = onKeyMissing;
  }

  /**
   * Opens everything that comes until the stream ends.
   * @param {ReadableStream<EncodedFrame>} readable
   * @param {WritableStream<EncodedFrame>} writable
   */
  async run(readable, writable) {
    const pipeline = new OrderedPipeline(writable.getWriter(), () => this.#drop("internalFailure"));
    this.#pipeline = pipeline;
    const reader = readable.getReader();
    for (;;) {
      await pipeline.ready();
      const { done, value: frame } = await reader.read();
      if (done) break;
      this.#take(frame);
    }
    clearTimeout(this.#timer);
    this.#parked = [];
    return pipeline.drained();
  }

  /** Keys came: what waited for them is opened now, in order. What has waited too long is dropped. */
  openParked() {
    const parked = this.#parked;
    this.#parked = [];
    const now = performance.now();
    for (const waiting of parked) {
      if (!this.#store.isAhead(unpackKID(waiting.header.kid).epoch)) {
        this.#pipeline?.push(() => this.#open(waiting));
      } else if (now >= waiting.until) {
        this.#drop("unknownKey");
      } else {
        this.#parked.push(waiting);
      }
    }
    this.#schedule(now);
  }

  #take(frame) {
    const format = payloadFormat(frame.getMetadata().mimeType);
    if (!format) return this.#drop("unsupportedCodec");
    const sealed = format.undress(new Uint8Array(frame.data));
    if (!sealed) return this.#drop("malformed");
    let header;
    try {
      header = parseHeader(sealed);
    } catch {
      return this.#drop("malformed");
    }
    const arrived = { frame, sealed, header };
    if (this.#store.isAhead(unpackKID(header.kid).epoch)) return this.#park(arrived);
    // Frames with known keys do not wait for those without: one forged identifier would hold up all.
    this.#pipeline.push(() => this.#open(arrived));
  }

  #park(arrived) {
    const now = performance.now();
    this.#onKeyMissing(unpackKID(arrived.header.kid));
    this.#parked.push({ ...arrived, until: now + PARKING_MILLISECONDS });
    if (this.#parked.length > PARKING_CAPACITY) {
      this.#parked.shift();
      this.#drop("unknownKey");
    }
    this.#schedule(now);
  }

  /** Wakes when the oldest parked frame has waited too long. */
  #schedule(now) {
    clearTimeout(this.#timer);
    const [oldest] = this.#parked;
    if (oldest) this.#timer = setTimeout(() => this.openParked(), Math.max(0, oldest.until - now) + 1);
  }

  /** @param {SealedFrame} arrived */
  async #open({ frame, sealed, header }) {
    const identifier = unpackKID(header.kid);
    const origin = { joinIndex: identifier.joinIndex, source: sourceOf(identifier.stream) };
    const result = await this.#store.open(sealed, header);
    if ("failure" in result) {
      if (MISSING.has(result.failure)) this.#onKeyMissing(identifier);
      return this.#drop(result.failure);
    }
    if (!this.#isExpected(origin)) return this.#drop("unexpectedSender");
    this.#noteOrigin(origin);
    this.#requestKeyFrameAfterGap();
    this.#tally.passed(result.plaintext.length);
    frame.data = result.plaintext.buffer;
    return frame;
  }

  #isExpected({ joinIndex, source }) {
    if (!this.expected) return true;
    return this.expected.joinIndex === joinIndex && (this.expected.source ?? source) === source;
  }

  #noteOrigin(origin) {
    const { joinIndex, source } = this.#origin ?? {};
    if (joinIndex === origin.joinIndex && source === origin.source) return;
    this.#origin = origin;
    this.#onOrigin(origin);
  }

  #requestKeyFrameAfterGap() {
    const now = performance.now();
    if (!this.#hasGap || now < this.#nextKeyFrameRequest) return;
    this.#hasGap = false;
    this.#nextKeyFrameRequest = now + KEY_FRAME_INTERVAL_MILLISECONDS;
    this.#onKeyFrameNeeded();
  }

  /** Returns null, for a frame that is not written. */
  #drop(cause) {
    if (cause !== "replayed") this.#hasGap = true;
    this.#tally.dropped(cause);
    return null;
  }
}
