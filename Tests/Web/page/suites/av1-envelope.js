import { stripTemporalDelimiter, unwrapAV1, wrapAV1 } from "/client/media/av1-envelope.js";
import { payloadFormat } from "/client/media/payload-format.js";
import { expectEqual, pattern } from "../harness.js";

export const tests = {
  "the envelope is a temporal delimiter and one frame OBU": () => {
    const envelope = wrapAV1(pattern(300));
    expectEqual(envelope.slice(0, 5), Uint8Array.of(0x12, 0x00, 0x32, 0xac, 0x02));
    expectEqual(envelope.slice(5), pattern(300));
  },

  "frames of every size come back, with and without the temporal delimiter": () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 2_097_152]) {
      const envelope = wrapAV1(pattern(size));
      expectEqual(unwrapAV1(envelope).length, size, `${size} bytes`);
      expectEqual(unwrapAV1(envelope.subarray(2)).length, size, `${size} bytes`);
    }
    expectEqual(unwrapAV1(wrapAV1(pattern(500))), pattern(500));
  },

  "every truncation and anything behind the frame is refused": () => {
    const envelope = wrapAV1(pattern(200));
    for (let length = 0; length < envelope.length; length += 1) {
      expectEqual(unwrapAV1(envelope.subarray(0, length)), null, `${length} bytes`);
    }
    expectEqual(unwrapAV1(Uint8Array.of(...envelope, 0)), null, "one byte more");
    expectEqual(unwrapAV1(Uint8Array.of(0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00)), null, "an endless length");
    expectEqual(unwrapAV1(Uint8Array.of(0x30, 0x00)), null, "another OBU");
  },

  "the temporal delimiter is not sealed": () => {
    expectEqual(stripTemporalDelimiter(Uint8Array.of(0x12, 0, 0x0a, 1)), Uint8Array.of(0x0a, 1));
    expectEqual(stripTemporalDelimiter(Uint8Array.of(0x0a, 1)), Uint8Array.of(0x0a, 1));
    expectEqual(stripTemporalDelimiter(new Uint8Array(1)), new Uint8Array(1));
  },

  "codecs that cannot carry sealed frames have no format": () => {
    for (const name of ["video/H264", "video/H265", "audio/PCMU", "audio/red", undefined, ""]) {
      expectEqual(payloadFormat(name), null, `${name}`);
    }
    for (const name of ["audio/opus", "video/VP8", "video/VP9", "video/AV1"]) {
      const format = payloadFormat(name);
      expectEqual(format.undress(format.dress(pattern(90))), pattern(90), name);
    }
  },
};
