// All of a call's transforms in one worker, with the keys that they share.
//
// Base keys come in with `addEpoch` and never leave again. All transforms of a call must be in one session: counters
// are kept here, and two sessions with the same keys would use the same ones.
import { EpochStore } from "./epoch-store.js";
import { FrameOpener } from "./frame-opener.js";
import { FrameSealer } from "./frame-sealer.js";
import { MissingKeys } from "./missing-keys.js";
import { Tally } from "./tally.js";

const STATISTICS_MILLISECONDS = 500;

/**
 * What the page tells the worker.
 * @typedef {{type: "addEpoch", id: string, epoch: number, self: number,
 *     senders: import("./epoch.js").EpochSender[]}
 *   | {type: "activate", id: string} | {type: "block"} | {type: "retire", id: string, afterMilliseconds?: number}
 *   | {type: "depart", joinIndex: number} | {type: "close"}
 *   | {type: "expect", name: string, expected: FrameOpener["expected"]}} PageMessage
 *
 * What the worker tells the page. `keyMissing` names the key of a frame that was not opened for want of it, or for its
 * tag, or that waits for it: to be asked for with `CallKeys.requestKey`.
 * @typedef {{type: "statistics", transforms: Tally["snapshot"][]}
 *   | {type: "origin", name: string, joinIndex: number, source: string}
 *   | {type: "keyFrameNeeded", name: string}
 *   | {type: "keyMissing", epoch: number, joinIndex: number}
 *   | {type: "ended", name: string}} WorkerMessage
 *
 * What a transform is for. `source` is a sender's.
 * @typedef {{name: string, direction: "send" | "receive", source?: import("../sframe/kid.js").TrackSource}} Purpose
 */

export class TransformSession {
  #post;
  #store = new EpochStore();
  /** @type {Map<string, {tally: Tally, opener: FrameOpener | null}>} */
  #transforms = new Map();
  /** What the page expects of receivers whose transform is not here yet. */
  #expected = new Map();
  #missing = new MissingKeys((missing) => this.#post({ type: "keyMissing", ...missing }));

  /** @param {(message: WorkerMessage) => void} post */
  constructor(post) {
    this.#post = post;
    setInterval(() => this.postStatistics(), STATISTICS_MILLISECONDS);
  }

  /** @param {PageMessage} message */
  handle(message) {
    switch (message.type) {
      case "addEpoch":
        if (this.#store.add(message)) this.#openParked();
        break;
      case "activate":
        this.#store.activate(message.id);
        break;
      case "block":
        this.#store.block();
        break;
      case "retire":
        // Here, not in the page: a page in the background is not woken in time.
        if (message.afterMilliseconds) setTimeout(() => this.#store.retire(message.id), message.afterMilliseconds);
        else this.#store.retire(message.id);
        break;
      case "depart":
        this.#store.depart(message.joinIndex);
        break;
      case "expect":
        this.#expect(message.name, message.expected);
        break;
      case "close":
        this.#store.clear();
        break;
    }
  }

  /**
   * Runs a transform until its streams end.
   * @param {object} transformer as RTCRtpScriptTransformer
   * @param {ReadableStream} transformer.readable
   * @param {WritableStream} transformer.writable
   * @param {Purpose} transformer.options
   * @param {() => Promise<unknown>} [transformer.generateKeyFrame] a sender's; not in every browser
   * @param {() => Promise<unknown>} [transformer.sendKeyFrameRequest] a receiver's
   */
  async attach(transformer) {
    const { readable, writable, options } = transformer;
    const { name, direction } = options;
    const tally = new Tally(name, direction);
    const isSender = direction === "send";
    const { worker, opener } = isSender ? this.#sealer(transformer, tally) : this.#opener(transformer, tally);
    const entry = { tally, opener };
    this.#transforms.set(name, entry);
    // A stream that breaks ends its transform and nothing else.
    await worker.run(readable, writable).catch(() => {});
    if (this.#transforms.get(name) === entry) this.#transforms.delete(name);
    this.#post({ type: "statistics", transforms: [tally.snapshot] });
    this.#post({ type: "ended", name });
  }

  /** Posts what has changed since the last time. */
  postStatistics() {
    const changed = [...this.#transforms.values()].map(({ tally }) => tally).filter((tally) => tally.changed);
    if (changed.length === 0) return;
    for (const tally of changed) tally.changed = false;
    this.#post({ type: "statistics", transforms: changed.map((tally) => tally.snapshot) });
  }

  #sealer(transformer, tally) {
    const { name, source } = transformer.options;
    const onKeyFrameNeeded = () => {
      if (source !== "camera" && source !== "screen") return;
      // The page asks the encoder where the transformer cannot.
      if (transformer.generateKeyFrame) transformer.generateKeyFrame().catch(() => {});
      else this.#post({ type: "keyFrameNeeded", name });
    };
    return { worker: new FrameSealer({ store: this.#store, tally, source, onKeyFrameNeeded }), opener: null };
  }

  #opener(transformer, tally) {
    const { name } = transformer.options;
    const opener = new FrameOpener({
      store: this.#store,
      tally,
      onOrigin: (origin) => this.#post({ type: "origin", name, ...origin }),
      // Refused for audio, which needs none.
      onKeyFrameNeeded: () => transformer.sendKeyFrameRequest?.().catch(() => {}),
      onKeyMissing: (identifier) => this.#missing.note(identifier),
    });
    opener.expected = this.#expected.get(name) ?? null;
    return { worker: opener, opener };
  }

  #expect(name, expected) {
    this.#expected.set(name, expected);
    const opener = this.#transforms.get(name)?.opener;
    if (opener) opener.expected = expected;
  }

  #openParked() {
    for (const { opener } of this.#transforms.values()) opener?.openParked();
  }
}
