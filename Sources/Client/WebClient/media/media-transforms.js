// The page's side of the transform worker.

/** @typedef {import("./transform-session.js").WorkerMessage} WorkerMessage */

export class MediaTransforms {
  #worker;

  /** Whether this browser has what sealed media needs. */
  static get isSupported() {
    return typeof RTCRtpScriptTransform === "function" && typeof Worker === "function";
  }

  /** @param {(message: WorkerMessage) => void} onMessage */
  constructor(onMessage) {
    this.#worker = new Worker(new URL("./transform-worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => onMessage(data);
  }

  /**
   * Hands an epoch's keys to the worker. The base keys' memory goes with them: each array must be the only view of its
   * buffer, and is empty afterwards. An epoch with an `id` that the worker has held before changes nothing.
   * @param {object} keys
   * @param {string} keys.id names the key, so that rivals for one epoch can be told apart
   * @param {number} keys.epoch
   * @param {number} keys.self the own join index
   * @param {import("./epoch.js").EpochSender[]} keys.senders all who hold the key, the own member included
   */
  addEpoch({ id, epoch, self, senders }) {
    const buffers = senders.map(({ baseKey }) => baseKey.buffer);
    this.#worker.postMessage({ type: "addEpoch", id, epoch, self, senders }, buffers);
  }

  /**
   * Sends under an epoch that was added.
   * @param {string} id
   */
  activate(id) {
    this.#worker.postMessage({ type: "activate", id });
  }

  /** Sends nothing until an epoch is activated: for a rekey that is overdue. */
  block() {
    this.#worker.postMessage({ type: "block" });
  }

  /**
   * Erases an epoch's keys.
   * @param {string} id
   * @param {number} [afterMilliseconds]
   */
  retire(id, afterMilliseconds = 0) {
    this.#worker.postMessage({ type: "retire", id, afterMilliseconds });
  }

  /**
   * Opens no frame of a member that left.
   * @param {number} joinIndex
   */
  depart(joinIndex) {
    this.#worker.postMessage({ type: "depart", joinIndex });
  }

  /**
   * Says whose frames a receiver may play; null for everybody's.
   * @param {string} name the receiver's
   * @param {{joinIndex: number, source?: import("../sframe/kid.js").TrackSource} | null} expected
   */
  expect(name, expected) {
    this.#worker.postMessage({ type: "expect", name, expected });
  }

  /**
   * Seals what a sender sends, from its first frame: call it before the offer.
   * @param {RTCRtpSender} sender
   * @param {string} name
   * @param {import("../sframe/kid.js").TrackSource} source
   */
  seal(sender, name, source) {
    sender.transform = new RTCRtpScriptTransform(this.#worker, { name, direction: "send", source });
  }

  /**
   * Opens what a receiver receives. Call it right after `addTransceiver`: set as late as in `ontrack`, the transform of
   * an offerer gets nothing in Chromium.
   * @param {RTCRtpReceiver} receiver
   * @param {string} name
   */
  open(receiver, name) {
    receiver.transform = new RTCRtpScriptTransform(this.#worker, { name, direction: "receive" });
  }

  /** Erases all keys and ends the worker. */
  close() {
    this.#worker.postMessage({ type: "close" });
    this.#worker.terminate();
    this.#worker.onmessage = null;
  }
}
