import { equal, toHex, utf8 } from "/client/crypto/bytes.js";
import { MissingKeys } from "/client/media/missing-keys.js";
import { parseHeader } from "/client/sframe/header.js";
import { unpackKID } from "/client/sframe/kid.js";
import { expect, expectEqual, eventually, pattern } from "../harness.js";
import { FakeFrame, FakeMember } from "../fake-call.js";

/** A sender and a receiver that hold epoch 1. */
function call({ source = "microphone", activate = true } = {}) {
  const [alice, bob] = [new FakeMember(), new FakeMember()];
  alice.addEpoch(1, 1);
  bob.addEpoch(1, 2);
  if (activate) alice.tell("activate", { id: "epoch 1" });
  return { alice, bob, out: alice.attach("send", "out", { source }), into: bob.attach("receive", "in") };
}

const texts = (frames) => frames.map((frame) => new TextDecoder().decode(frame.bytes));
const numbered = (count, options) =>
  Array.from({ length: count }, (_, index) => new FakeFrame(utf8(`frame ${index}`), options));
const copies = (frames) => frames.map((frame) => frame.copy());

export const tests = {
  "a hundred frames of very different sizes come through in order": async () => {
    const { alice, bob, out, into } = call();
    const frames = Array.from({ length: 100 }, (_, index) => new FakeFrame(pattern((index * 7919) % 50_000)));
    const plaintexts = frames.map((frame) => frame.bytes.slice());
    await out.feed(...frames);
    expectEqual(out.written.map((frame) => parseHeader(frame.bytes).ctr), plaintexts.map((_, index) => BigInt(index)));
    await into.feed(...copies(out.written));
    expect(into.written.every((frame, index) => equal(frame.bytes, plaintexts[index])), "the same frames in order");
    const bytes = plaintexts.reduce((sum, { length }) => sum + length, 0);
    expectEqual(alice.tally("out"), { name: "out", direction: "send", frames: 100, bytes, drops: {} });
    expectEqual(bob.tally("in"), { name: "in", direction: "receive", frames: 100, bytes, drops: {} });
  },

  "no byte of a frame leaves in the clear, for every codec": async () => {
    for (const mimeType of ["audio/opus", "video/VP8", "video/VP9", "video/AV1"]) {
      const { out } = call({ source: mimeType === "audio/opus" ? "microphone" : "camera" });
      const clear = new FakeFrame(new Uint8Array(4000).fill(0x5a), { mimeType });
      await out.feed(clear);
      expect(!toHex(out.written[0].bytes).includes("5a5a5a5a"), `${mimeType}: clear bytes`);
    }
  },

  "each codec's frames come back as they were": async () => {
    for (const mimeType of ["video/VP8", "video/VP9", "video/AV1"]) {
      const { out, into } = call({ source: "camera" });
      const delimiter = mimeType === "video/AV1" ? [0x12, 0x00] : [];
      await out.feed(new FakeFrame(Uint8Array.of(...delimiter, 1, 2, 3), { mimeType }));
      if (mimeType === "video/AV1") expectEqual(out.written[0].bytes.slice(0, 3), Uint8Array.of(0x12, 0, 0x32));
      await into.feed(out.written[0].copy());
      expectEqual(into.written[0].bytes, Uint8Array.of(1, 2, 3), mimeType);
    }
  },

  "without a key nothing leaves, and the first frame after it asks for a key frame": async () => {
    const { alice, out } = call({ source: "camera", activate: false });
    await out.feed(...numbered(3, { mimeType: "video/VP8" }));
    expectEqual(out.written.length, 0);
    alice.tell("activate", { id: "epoch 1" });
    await out.feed(...numbered(2, { mimeType: "video/VP8" }));
    expectEqual(out.keyFrames, 1);
    alice.tell("block");
    await out.feed(...numbered(2, { mimeType: "video/VP8" }));
    expectEqual(out.written.length, 2, "frames while sending is blocked");
    expectEqual(alice.tally("out").drops, { noKey: 5 });
  },

  "a browser without generateKeyFrame leaves the request to the page": async () => {
    const { alice } = call({ activate: false });
    const out = alice.attach("send", "video", { source: "camera", generateKeyFrame: undefined });
    await out.feed(...numbered(1, { mimeType: "video/VP8" }));
    alice.tell("activate", { id: "epoch 1" });
    await out.feed(...numbered(1, { mimeType: "video/VP8" }));
    expectEqual(alice.posted("keyFrameNeeded"), [{ type: "keyFrameNeeded", name: "video" }]);
  },

  "codecs that cannot be sealed are dropped": async () => {
    const { alice, out } = call({ source: "camera" });
    await out.feed(...numbered(2, { mimeType: "video/H264" }), ...numbered(1, { mimeType: "" }));
    expectEqual(out.written.length, 0);
    expectEqual(alice.tally("out").drops, { unsupportedCodec: 3 });
  },

  "each simulcast encoding has a key identifier of its own": async () => {
    const { out } = call({ source: "camera" });
    for (const ssrc of [70, 50, 60, 70, 50]) await out.feed(...numbered(1, { mimeType: "video/VP8", ssrc }));
    const headers = out.written.map((frame) => parseHeader(frame.bytes));
    expectEqual(headers.map(({ kid }) => unpackKID(kid).stream), [8, 9, 10, 8, 9]);
    expectEqual(headers.map(({ ctr }) => ctr), [0n, 0n, 0n, 1n, 1n]);
  },

  "a second transform of the same source goes on counting": async () => {
    const { alice, out } = call();
    await out.feed(...numbered(3));
    const second = alice.attach("send", "out 2", { source: "microphone" });
    await second.feed(...numbered(2));
    expectEqual(second.written.map((frame) => parseHeader(frame.bytes).ctr), [3n, 4n]);
  },

  "duplicates are dropped quietly": async () => {
    const { bob, out, into } = call();
    await out.feed(...numbered(5));
    await into.feed(...copies(out.written), ...copies(out.written), out.written[0].copy());
    expectEqual(bob.tally("in").drops, { replayed: 6 });
    expectEqual(texts(into.written), [0, 1, 2, 3, 4].map((index) => `frame ${index}`));
    expectEqual(into.keyFrames, 0, "key frames asked for");
  },

  "frames of an epoch to come wait for its key, and those of the present one do not wait": async () => {
    const { alice, bob, out, into } = call();
    await out.feed(...numbered(2));
    alice.addEpoch(2, 1);
    alice.tell("activate", { id: "epoch 2" });
    await out.feed(...numbered(3));
    const [old1, old2, ...next] = copies(out.written);
    await into.push(old1, ...next, old2);
    await eventually(() => into.written.length === 2, () => `${into.written.length} opened`);
    bob.addEpoch(2, 2);
    await eventually(() => into.written.length === 5, () => `${into.written.length} opened`);
    expectEqual(texts(into.written), ["frame 0", "frame 1", "frame 0", "frame 1", "frame 2"]);
    expectEqual(bob.tally("in").drops, {});
  },

  "frames wait for a second and 64 of them, then they are dropped and counted": async () => {
    const { alice, bob, out, into } = call();
    alice.addEpoch(2, 1);
    alice.tell("activate", { id: "epoch 2" });
    await out.feed(...numbered(70));
    const began = performance.now();
    await into.push(...copies(out.written));
    await eventually(() => bob.tally("in")?.drops.unknownKey >= 6, () => JSON.stringify(bob.tally("in")));
    await eventually(() => bob.tally("in").drops.unknownKey === 70, () => JSON.stringify(bob.tally("in")));
    expect(performance.now() - began >= 1000, "they were kept for a second");
    bob.addEpoch(2, 2);
    await out.feed(...numbered(1));
    await into.feed(out.written[70].copy());
    expectEqual(into.keyFrames, 1, "key frames asked for");
  },

  "failures are counted by cause": async () => {
    const { bob, out, into } = call();
    await out.feed(...numbered(1));
    const sealed = out.written[0].bytes;
    const forged = sealed.slice();
    forged[forged.length - 1] ^= 1;
    for (let length = 0; length < 9; length += 1) await into.feed(new FakeFrame(sealed.slice(0, length)));
    await into.feed(new FakeFrame(forged), new FakeFrame(sealed, { mimeType: "video/H264" }), new FakeFrame(sealed));
    bob.tell("depart", { joinIndex: 1 });
    await into.feed(new FakeFrame(forged));
    expectEqual(
      bob.tally("in").drops, { malformed: 9, unsupportedCodec: 1, authenticationFailed: 1, departed: 1 });
  },

  "the page is told of keys that are missing, each once in a while": async () => {
    const { alice, bob, out, into } = call();
    const carol = new FakeMember();
    carol.addEpoch(1, 3, { members: [1, 2, 3] });
    carol.tell("activate", { id: "epoch 1" });
    const stranger = carol.attach("send", "out", { source: "microphone" });
    await stranger.feed(...numbered(20));
    await out.feed(...numbered(2));
    const [genuine, replayed] = copies(out.written);
    const forged = genuine.copy();
    new Uint8Array(forged.data)[forged.data.byteLength - 1] ^= 1;
    await into.feed(replayed.copy(), replayed, forged, new FakeFrame(new Uint8Array(3)), ...copies(stranger.written));
    const wrongKey = { type: "keyMissing", epoch: 1, joinIndex: 1 };
    const noKey = { type: "keyMissing", epoch: 1, joinIndex: 3 };
    const named = bob.posted("keyMissing");
    const times = ({ joinIndex: wanted }) => named.filter(({ joinIndex }) => joinIndex === wanted).length;
    for (const expected of [wrongKey, noKey]) {
      expectEqual(named.find(({ joinIndex }) => joinIndex === expected.joinIndex), expected);
      expect(times(expected) < 20, `${times(expected)} messages for 20 frames`);
    }
    expectEqual(times(wrongKey) + times(noKey), named.length, "and of nothing else");
    // One that waits for its key is named at once.
    alice.addEpoch(2, 1);
    alice.tell("activate", { id: "epoch 2" });
    await out.feed(...numbered(1));
    await into.push(out.written.at(-1).copy());
    await eventually(
      () => bob.posted("keyMissing").some(({ epoch, joinIndex }) => epoch === 2 && joinIndex === 1), "keyMissing");
    expectEqual(bob.tally("in").drops.unknownKey, 20, "it is not dropped yet");
  },

  "forged key identifiers make few messages": () => {
    const named = [];
    const missing = new MissingKeys((identifier) => named.push(identifier));
    for (let joinIndex = 1; joinIndex <= 1000; joinIndex += 1) missing.note({ epoch: 1, joinIndex }, 1000);
    expectEqual(named.length, 16);
    missing.note({ epoch: 1, joinIndex: 1 }, 1249);
    expectEqual(named.length, 16, "in the same interval");
    for (const epoch of [1, 1, 2]) missing.note({ epoch, joinIndex: 1 }, 1250);
    expectEqual(named.slice(16), [{ epoch: 1, joinIndex: 1 }, { epoch: 2, joinIndex: 1 }]);
  },

  "the page is told who is heard, and may refuse others": async () => {
    const { alice, bob, out, into } = call();
    const camera = alice.attach("send", "camera", { source: "camera" });
    await out.feed(...numbered(2));
    await camera.feed(...numbered(1, { mimeType: "video/VP8" }));
    await into.feed(...copies(out.written));
    expectEqual(bob.posted("origin"), [{ type: "origin", name: "in", joinIndex: 1, source: "microphone" }]);
    let refused = 0;
    for (const [expected, holds] of [
      [{ joinIndex: 3 }, false],
      [{ joinIndex: 1, source: "screen" }, false],
      [{ joinIndex: 1, source: "camera" }, true],
    ]) {
      bob.tell("expect", { name: "in", expected });
      const before = into.written.length;
      await camera.feed(...numbered(1, { mimeType: "video/VP8" }));
      await into.feed(camera.written.at(-1).copy());
      refused += holds ? 0 : 1;
      expectEqual(into.written.length - before, holds ? 1 : 0, JSON.stringify(expected));
    }
    expectEqual(bob.tally("in").drops, { unexpectedSender: refused });
  },

  "an ended transform says so, with its last counts": async () => {
    const { alice, out } = call();
    await out.feed(...numbered(2));
    await out.input.close();
    await out.ended;
    expectEqual(alice.posted("ended"), [{ type: "ended", name: "out" }]);
    expectEqual(alice.tally("out").frames, 2);
  },
};
