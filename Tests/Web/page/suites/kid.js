import { packKID, sourceOf, Stream, streamOf, unpackKID } from "/client/sframe/kid.js";
import { expectEqual } from "../harness.js";

export const tests = {
  "identifiers come back at the edges of their parts": () => {
    for (const epoch of [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      for (const joinIndex of [0, 1, 0x7f_ffff, 0x80_0000, 0xff_ffff]) {
        for (const stream of [0, 1, 8, 18, 255]) {
          const identifier = { epoch, joinIndex, stream };
          expectEqual(unpackKID(packKID(identifier)), identifier);
        }
      }
    }
  },

  "an identifier is epoch, join index and stream in this order": () => {
    const kid = packKID({ epoch: 0xfedc_ba98, joinIndex: 0x76_5432, stream: 0x10 });
    expectEqual(kid.toString(16), "fedcba9876543210");
  },

  "sources and streams match, and unknown numbers have no source": () => {
    const numbers = Object.values(Stream);
    for (let stream = 0; stream < 256; stream += 1) {
      const source = sourceOf(stream);
      expectEqual(source !== null, numbers.includes(stream), `${stream}`);
      if (source === null) continue;
      const encodings = source === "camera" || source === "screen" ? [0, 1, 2] : [0];
      expectEqual(encodings.map((encoding) => streamOf(source, encoding)).includes(stream), true, `${stream}`);
    }
    expectEqual(streamOf("camera", 7), Stream.camera2);
    expectEqual(streamOf("microphone", 2), Stream.microphone);
  },
};
