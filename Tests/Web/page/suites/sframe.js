import { fromHex, toHex, utf8 } from "/client/crypto/bytes.js";
import { importSecret } from "/client/crypto/kdf.js";
import { cipherSuite, CipherSuites } from "/client/sframe/cipher-suite.js";
import { CounterModeHMAC } from "/client/sframe/counter-mode-hmac.js";
import { SFrameKey } from "/client/sframe/frame-key.js";
import { encodeHeader, parseHeader } from "/client/sframe/header.js";
import { expect, expectEqual, expectError, seededNumbers } from "../harness.js";

const suites = Object.values(CipherSuites);

// Numbers beyond 2^53 would lose digits: identifiers and counters are read as texts.
const text = await (await fetch("/vectors/rfc9605-test-vectors.json")).text();
const vectors = JSON.parse(text.replace(/("(?:kid|ctr)":\s*)(\d+)/g, '$1"$2"'));

async function makeKey(suite, { kid = 0x0000_0001_0000_0200n, fill = 7 } = {}) {
  return SFrameKey.derive(suite, kid, await importSecret(new Uint8Array(32).fill(fill)));
}

/** Errors of SFrame, whatever their code, and no others. */
async function expectAnyError(work, what) {
  try {
    await work();
  } catch (error) {
    expect(error.name === "SFrameError", `${what} threw ${error.name}: ${error.message}`);
    return;
  }
  expect(false, `${what} did not throw`);
}

export const tests = {
  "every header vector of RFC 9605 encodes and parses": () => {
    expectEqual(vectors.header.length, 289);
    for (const { kid, ctr, encoded } of vectors.header) {
      const bytes = fromHex(encoded);
      expectEqual(encodeHeader(BigInt(kid), BigInt(ctr)), bytes, `header of ${kid}, ${ctr}`);
      expectEqual(parseHeader(bytes), { kid: BigInt(kid), ctr: BigInt(ctr), length: bytes.length });
    }
  },

  "every truncation of every header vector is refused": async () => {
    let count = 0;
    for (const { encoded } of vectors.header) {
      const bytes = fromHex(encoded);
      for (let length = 0; length < bytes.length; length += 1) {
        await expectError("truncated", () => parseHeader(bytes.subarray(0, length)), `${encoded} cut to ${length}`);
        count += 1;
      }
    }
    return `${count} truncations`;
  },

  "a header longer than needed is read": async () => {
    expectEqual(parseHeader(Uint8Array.of(0x90, 0x00, 0x05)), { kid: 5n, ctr: 0n, length: 3 });
    await expectError("truncated", () => parseHeader(Uint8Array.of(0xff, 1, 2)));
  },

  "the counter mode construction matches its vectors": async () => {
    expectEqual(vectors.aes_ctr_hmac.length, 3);
    for (const vector of vectors.aes_ctr_hmac) {
      const { tagLength } = cipherSuite(vector.cipher_suite);
      const cipher = await CounterModeHMAC.make(fromHex(vector.key), tagLength);
      const [nonce, aad, pt] = [fromHex(vector.nonce), fromHex(vector.aad), fromHex(vector.pt)];
      expectEqual(toHex(await cipher.seal(pt, nonce, aad)), vector.ct, `suite ${vector.cipher_suite}`);
      expectEqual(await cipher.open(fromHex(vector.ct), nonce, aad), pt, `suite ${vector.cipher_suite}`);
    }
  },

  "all five suites seal and open as in RFC 9605": async () => {
    expectEqual(vectors.sframe.map((vector) => vector.cipher_suite).sort(), [1, 2, 3, 4, 5]);
    for (const vector of vectors.sframe) {
      const suite = cipherSuite(vector.cipher_suite);
      const kid = BigInt(vector.kid);
      expectEqual(toHex(SFrameKey.label("key", suite, kid)), vector.sframe_key_label, suite.name);
      expectEqual(toHex(SFrameKey.label("salt", suite, kid)), vector.sframe_salt_label, suite.name);
      const key = await SFrameKey.derive(suite, kid, await importSecret(fromHex(vector.base_key)));
      const [metadata, pt] = [fromHex(vector.metadata), fromHex(vector.pt)];
      expectEqual(toHex(await key.seal(pt, BigInt(vector.ctr), metadata)), vector.ct, suite.name);
      expectEqual(await key.open(fromHex(vector.ct), metadata), pt, suite.name);
    }
  },

  "frames of every size come back": async () => {
    for (const suite of suites) {
      const key = await makeKey(suite);
      let ctr = 0n;
      for (const size of [0, 1, 15, 16, 17, 120, 1200, 65_536]) {
        const frame = Uint8Array.from({ length: size }, (_, index) => index & 0xff);
        const sealed = await key.seal(frame, ctr);
        expectEqual(sealed.length, encodeHeader(key.kid, ctr).length + size + suite.tagLength, suite.name);
        expectEqual(await key.open(sealed), frame, suite.name);
        ctr += 1n;
      }
    }
  },

  "every changed byte is noticed": async () => {
    const metadata = Uint8Array.of(1, 2, 3);
    for (const suite of suites) {
      const key = await makeKey(suite);
      const sealed = await key.seal(utf8("a frame"), 300n, metadata);
      for (let index = 0; index < sealed.length; index += 1) {
        const changed = sealed.slice();
        changed[index] ^= 0x10;
        await expectAnyError(() => key.open(changed, metadata), `${suite.name} byte ${index}`);
      }
      await expectError("authenticationFailed", () => key.open(sealed, Uint8Array.of(1, 2)), "other metadata");
      await expectError("authenticationFailed", () => key.open(sealed), "no metadata");
      const other = await makeKey(suite, { fill: 8 });
      await expectError("authenticationFailed", () => other.open(sealed, metadata), "another key");
    }
  },

  "malformed frames throw a typed error": async () => {
    const random = seededNumbers(9605);
    for (const suite of suites) {
      const key = await makeKey(suite);
      const sealed = await key.seal(utf8("a frame"), 70_000n);
      for (let length = 0; length < sealed.length; length += 1) {
        await expectAnyError(() => key.open(sealed.slice(0, length)), `${suite.name} cut to ${length}`);
      }
      for (let count = 0; count < 200; count += 1) {
        const changed = sealed.slice();
        for (let flips = 0; flips <= random(4); flips += 1) changed[random(changed.length)] ^= 1 + random(255);
        if (toHex(changed) === toHex(sealed)) continue;
        await expectAnyError(() => key.open(changed), `${suite.name} ${toHex(changed)}`);
      }
    }
  },

  "keys of two streams of a sender are unrelated": async () => {
    const sealed = await (await makeKey(cipherSuite(5), { kid: 1n })).seal(Uint8Array.of(1, 2, 3), 0n);
    sealed[0] = 0x20;
    const other = await makeKey(cipherSuite(5), { kid: 2n });
    await expectError("authenticationFailed", () => other.open(sealed));
  },

  "the counter space ends": async () => {
    const key = await makeKey(cipherSuite(5));
    const last = (1n << 64n) - 1n;
    expectEqual(await key.open(await key.seal(utf8("last"), last)), utf8("last"));
    await expectError("counterExhausted", () => key.seal(utf8("more"), last + 1n));
  },
};
