// Seals the frames of one RTP sender. Without a key frames are dropped: nothing ever leaves in the clear.
import { streamOf } from "../sframe/kid.js";
import { OrderedPipeline } from "./ordered-pipeline.js";
import { payloadFormat } from "./payload-format.js";

/**
 * The part of RTCEncodedVideoFrame and RTCEncodedAudioFrame that is used.
 * @typedef {{data: ArrayBuffer, getMetadata: () => {mimeType?: string, synchronizationSource?: number}}} EncodedFrame
 */

export class FrameSealer {
  #store;
  #tally;
  #source;
  #onKeyFrameNeeded;
  /** SSRCs in order of appearance: simulcast encodings are told apart by nothing else. */
  #encodings = new Map();
  #hasDropped = false;

  /**
   * @param {object} context
   * @param {import("./epoch-store.js").EpochStore} context.store
   * @param {import("./tally.js").Tally} context.tally
   * @param {import("../sframe/kid.js").TrackSource} context.source
   * @param {() => void} context.onKeyFrameNeeded called before the first frame is sealed after some were dropped:
   *   those that follow refer to them
   */
  constructor({ store, tally, source, onKeyFrameNeeded }) {
    this.#store = store;
    this.#tally = tally;
    this.#source = source;
    this.#onKeyFrameNeeded = onKeyFrameNeeded;
  }

  /**
   * Seals everything that comes until the stream ends.
   * @param {ReadableStream<EncodedFrame>} readable
   * @param {WritableStream<EncodedFrame>} writable
   */
  async run(readable, writable) {
    const pipeline = new OrderedPipeline(writable.getWriter(), () => this.#drop("internalFailure"));
    const reader = readable.getReader();
    for (;;) {
      await pipeline.ready();
      const { done, value: frame } = await reader.read();
      if (done) return pipeline.drained();
      this.#take(frame, pipeline);
    }
  }

  #take(frame, pipeline) {
    const { mimeType, synchronizationSource } = frame.getMetadata();
    const format = payloadFormat(mimeType);
    if (!format) return this.#drop("unsupportedCodec");
    const epoch = this.#store.sending;
    if (!epoch) return this.#drop("noKey");
    if (this.#hasDropped) {
      this.#hasDropped = false;
      this.#onKeyFrameNeeded();
    }
    const plaintext = format.plaintext(new Uint8Array(frame.data));
    const stream = streamOf(this.#source, this.#encoding(synchronizationSource));
    pipeline.push(async () => {
      const sealed = format.dress(await epoch.seal(plaintext, stream));
      frame.data = sealed.buffer;
      this.#tally.passed(plaintext.length);
      return frame;
    });
  }

  #encoding(ssrc) {
    if (!this.#encodings.has(ssrc)) this.#encodings.set(ssrc, this.#encodings.size);
    return this.#encodings.get(ssrc);
  }

  #drop(cause) {
    this.#hasDropped = true;
    this.#tally.dropped(cause);
  }
}
