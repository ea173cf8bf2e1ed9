// Fake encoded frames, and transform sessions that are fed with them as a browser would.
import { TransformSession } from "/client/media/transform-session.js";
import { eventually } from "./harness.js";

export class FakeFrame {
  constructor(bytes, { mimeType = "audio/opus", ssrc = 1 } = {}) {
    this.data = bytes.slice().buffer;
    this.metadata = { mimeType, synchronizationSource: ssrc };
  }

  get bytes() {
    return new Uint8Array(this.data);
  }

  getMetadata() {
    return this.metadata;
  }

  /** As the frame arrives elsewhere. */
  copy() {
    return new FakeFrame(this.bytes, { mimeType: this.metadata.mimeType, ssrc: this.metadata.synchronizationSource });
  }
}

/** A base key that each member's session gets as a copy of its own: what one is given, it wipes. */
export function baseKey(fill) {
  return new Uint8Array(32).fill(fill);
}

/** The keys of an epoch with two senders, of join index 1 and 2. */
export function epochKeys(epoch, self, { id = `epoch ${epoch}`, fill = epoch, suite = 5, members = [1, 2] } = {}) {
  const senders = members.map((joinIndex) => ({ joinIndex, suite, baseKey: baseKey(fill * 16 + joinIndex) }));
  return { id, epoch, self, senders };
}

/** One member's transforms. */
export class FakeMember {
  constructor() {
    this.messages = [];
    this.session = new TransformSession((message) => this.messages.push(message));
  }

  addEpoch(epoch, self, options) {
    const keys = epochKeys(epoch, self, options);
    this.session.handle({ type: "addEpoch", ...keys });
    return keys;
  }

  tell(type, fields = {}) {
    this.session.handle({ type, ...fields });
  }

  /** Starts a transform. `keyFrames` counts the requests it makes. */
  attach(direction, name, { source, ...transformer } = {}) {
    const input = new TransformStream();
    const transform = { written: [], keyFrames: 0, input: input.writable.getWriter() };
    const request = async () => {
      transform.keyFrames += 1;
    };
    const writable = new WritableStream({ write: (frame) => void transform.written.push(frame) });
    const options = { name, direction, source };
    const requests = direction === "send" ? { generateKeyFrame: request } : { sendKeyFrameRequest: request };
    transform.ended = this.session.attach({
      readable: input.readable, writable, options, ...requests, ...transformer,
    });
    let fed = 0;
    transform.push = async (...frames) => {
      fed += frames.length;
      for (const frame of frames) await transform.input.write(frame);
    };
    // Like `push`, and waits until each frame has come out or has been dropped.
    transform.feed = async (...frames) => {
      await transform.push(...frames);
      await eventually(() => {
        const { frames: passed, drops } = this.tally(name) ?? { frames: 0, drops: {} };
        const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
        return passed + dropped === fed && transform.written.length === passed;
      }, () => `all ${fed} frames: ${JSON.stringify(this.tally(name))}, ${transform.written.length} written`);
    };
    return transform;
  }

  /** The latest counts of a transform. */
  tally(name) {
    this.session.postStatistics();
    const all = this.messages.filter(({ type }) => type === "statistics").flatMap(({ transforms }) => transforms);
    return all.findLast((transform) => transform.name === name);
  }

  /** What was posted of one type. */
  posted(type) {
    return this.messages.filter((message) => message.type === type);
  }
}
