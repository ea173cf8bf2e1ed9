import { KEM, SIGNATURE } from "/client/crypto/algorithms.js";
import { fromHex, randomBytes, toHex, utf8 } from "/client/crypto/bytes.js";
import { nativeKEM } from "/client/crypto/pq-native.js";
import { Module, wasmKEM } from "/client/crypto/pq-wasm.js";
import { MAXIMUM_MESSAGE, PostQuantum } from "/client/crypto/pq.js";
import { xwing } from "/client/crypto/xwing.js";
import { expect, expectEqual, expectError, pattern } from "../harness.js";

const answers = await (await fetch("/known-answers.json")).json();
const chosen = await PostQuantum.open();
const wasm = await PostQuantum.open({ native: false });
const both = [["chosen", chosen], ["wasm", wasm]];
const kems = Object.keys(KEM);

async function milliseconds(work, times = 20) {
  const began = performance.now();
  for (let index = 0; index < times; index += 1) await work();
  return ((performance.now() - began) / times).toFixed(2);
}

export const tests = {
  "KEMs give Python's public keys and secrets": async () => {
    for (const [label, pq] of both) {
      for (const [algorithm, answer] of Object.entries(answers.kem)) {
        const { publicKey, privateKey } = await pq.generateKeys(algorithm, fromHex(answer.seed));
        expectEqual(toHex(publicKey), answer.publicKey, `${algorithm} ${label}: the public key`);
        const secret = await pq.decapsulate(privateKey, fromHex(answer.ciphertext));
        expectEqual(toHex(secret), answer.sharedSecret, `${algorithm} ${label}: the secret`);
        const other = await pq.decapsulate(privateKey, fromHex(answer.changedCiphertext));
        expectEqual(toHex(other), answer.changedSharedSecret, `${algorithm} ${label}: implicit rejection`);
      }
    }
  },

  "what one implementation encapsulates the other opens": async () => {
    for (const [sender, recipient] of [[chosen, wasm], [wasm, chosen], [wasm, wasm]]) {
      for (const algorithm of kems) {
        const { publicKey, privateKey } = await recipient.generateKeys(algorithm);
        const { ciphertext, sharedSecret } = await sender.encapsulate(algorithm, publicKey);
        expectEqual(await recipient.decapsulate(privateKey, ciphertext), sharedSecret, algorithm);
        const again = await sender.encapsulate(algorithm, publicKey);
        expect(toHex(again.sharedSecret) !== toHex(sharedSecret), "each encapsulation is another secret");
      }
    }
  },

  "X-Wing composed over the browser's ML-KEM-768 is the same X-Wing": async () => {
    const mlkem = await nativeKEM("ML-KEM-768");
    if (!mlkem) return "no native ML-KEM-768 here";
    const module = await Module.load();
    const [composed, plain] = [xwing(mlkem, module), wasmKEM(module, "X-Wing")];
    const seed = fromHex(answers.kem["X-Wing"].seed);
    const { publicKey, handle } = await composed.keysFromSeed(seed);
    expectEqual(publicKey, (await plain.keysFromSeed(seed)).publicKey);
    const { ciphertext, sharedSecret } = await plain.encapsulate(publicKey);
    expectEqual(await composed.decapsulate(handle, ciphertext), sharedSecret);
    return "";
  },

  "ML-DSA-65 gives Python's public key and verifies its signatures": async () => {
    const { seed, publicKey, signature, signatureWithoutContext, context, messageLength } = answers.signature;
    const message = pattern(messageLength);
    for (const [label, pq] of both) {
      const keys = await pq.generateKeys("ML-DSA-65", fromHex(seed));
      expectEqual(toHex(keys.publicKey), publicKey, label);
      const check = (...args) => pq.verify(keys.publicKey, ...args);
      expect(await check(fromHex(signature), message, context), `${label}: with a context`);
      expect(await check(fromHex(signatureWithoutContext), message), `${label}: without a context`);
      expect(!(await check(fromHex(signature), message)), `${label}: the context is missing`);
      expect(!(await check(fromHex(signature), message, "another")), `${label}: another context`);
      expect(!(await check(fromHex(signature), message.slice(1), context)), `${label}: another message`);
    }
  },

  "signatures of one implementation are valid in the other, for short and long messages": async () => {
    for (const [signer, verifier] of [[chosen, wasm], [wasm, chosen]]) {
      const { publicKey, privateKey } = await signer.generateKeys("ML-DSA-65");
      for (const length of [0, 1, 1537, MAXIMUM_MESSAGE]) {
        const message = pattern(length);
        const context = length === 1 ? randomBytes(255) : utf8("context");
        const signature = await signer.sign(privateKey, message, context);
        expect(await verifier.verify(publicKey, signature, message, context), `${length} bytes`);
        signature[100] ^= 1;
        expect(!(await verifier.verify(publicKey, signature, message, context)), "a changed signature");
      }
    }
  },

  "malformed keys, ciphertexts, signatures and messages are refused": async () => {
    for (const [, pq] of both) {
      for (const algorithm of kems) {
        const { publicKey: publicLength, ciphertext: length } = KEM[algorithm];
        for (const wrong of [0, publicLength - 1, publicLength + 1]) {
          await expectError("malformed", () => pq.encapsulate(algorithm, new Uint8Array(wrong)), algorithm);
        }
        // Coefficients beyond the modulus (FIPS 203 section 7.2).
        const beyond = new Uint8Array(publicLength).fill(0xff);
        await expectError("malformed", () => pq.encapsulate(algorithm, beyond), algorithm);
        const { privateKey } = await pq.generateKeys(algorithm);
        for (const wrong of [0, length - 1, length + 1]) {
          await expectError("malformed", () => pq.decapsulate(privateKey, new Uint8Array(wrong)), algorithm);
        }
        await expectError("malformed", () => pq.generateKeys(algorithm, new Uint8Array(31)), algorithm);
        await expectError("wrongKey", () => pq.sign(privateKey, new Uint8Array(1)), algorithm);
      }
      const { publicKey, signature: length } = SIGNATURE["ML-DSA-65"];
      const verify = (key, signature) => pq.verify(new Uint8Array(key), new Uint8Array(signature), new Uint8Array(3));
      for (const wrong of [0, publicKey - 1, publicKey + 1]) expect(!(await verify(wrong, length)), "a key's length");
      for (const wrong of [0, length - 1, length + 1]) {
        expect(!(await verify(publicKey, wrong)), "a signature's length");
      }
      expect(!(await verify(publicKey, length)), "zeros");
      const { privateKey } = await pq.generateKeys("ML-DSA-65");
      await expectError("malformed", () => pq.sign(privateKey, new Uint8Array(MAXIMUM_MESSAGE + 1)), "the message");
      await expectError("malformed", () => pq.sign(privateKey, new Uint8Array(1), new Uint8Array(256)), "the context");
    }
  },

  "X-Wing refuses an X25519 part of low order": async () => {
    for (const [label, pq] of both) {
      const { publicKey, privateKey } = await pq.generateKeys("X-Wing");
      const bad = publicKey.slice();
      bad.fill(0, 1184);
      await expectError("malformed", () => pq.encapsulate("X-Wing", bad), label);
      const { ciphertext } = await pq.encapsulate("X-Wing", publicKey);
      ciphertext.fill(0, 1088);
      await expectError("malformed", () => pq.decapsulate(privateKey, ciphertext), label);
    }
  },

  "a destroyed key does nothing more": async () => {
    for (const [, pq] of both) {
      const { publicKey, privateKey } = await pq.generateKeys("ML-KEM-1024");
      const { ciphertext } = await pq.encapsulate("ML-KEM-1024", publicKey);
      const { handle } = privateKey;
      privateKey.destroy();
      await expectError("wrongKey", () => pq.decapsulate(privateKey, ciphertext));
      if (handle instanceof Uint8Array) expectEqual(handle, new Uint8Array(64), "the seed");
    }
  },

  "a stored key pair comes back": async () => {
    for (const [, pq] of both) {
      const keys = await pq.generateKeys("ML-DSA-65");
      const restored = await pq.restore(structuredClone(pq.store(keys)));
      const signature = await pq.sign(restored.privateKey, utf8("message"), "context");
      expect(await pq.verify(keys.publicKey, signature, utf8("message"), "context"), "a signature of the restored key");
    }
  },

  "SHA3-256 gives Python's answers for every length": async () => {
    for (const [label, pq] of both) {
      for (const { length, digest } of answers.sha3) {
        expectEqual(toHex(await pq.sha3_256(pattern(length))), digest, `${label}, ${length} bytes`);
        const [head, tail] = [pattern(length).slice(0, length >> 1), pattern(length).slice(length >> 1)];
        expectEqual(toHex(await pq.sha3_256(head, new Uint8Array(0), tail)), digest, `${label}, in parts`);
      }
    }
  },

  "SHA3-256 gives the answers of FIPS 202": async () => {
    for (const [, pq] of both) {
      const empty = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";
      expectEqual(toHex(await pq.sha3_256(new Uint8Array(0))), empty);
      const abc = "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532";
      expectEqual(toHex(await pq.sha3_256(utf8("abc"))), abc);
    }
  },

  "the module is the one whose hash is recorded": async () => {
    const recorded = await (await fetch("/client/crypto/wasm/pq.wasm.sha256")).text();
    const module = await (await fetch("/client/crypto/wasm/pq.wasm")).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", module));
    expectEqual(`${toHex(digest)}  pq.wasm\n`, recorded);
  },

  "the module keeps nothing of a secret": async () => {
    const instances = [];
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = async (...args) => {
      const result = await instantiate(...args);
      instances.push(result.instance);
      return result;
    };
    let pq;
    try {
      pq = await PostQuantum.open({ native: false });
    } finally {
      WebAssembly.instantiate = instantiate;
    }
    const [{ exports: { memory } }] = instances;
    const before = new Uint8Array(memory.buffer).slice();
    const { publicKey, privateKey } = await pq.generateKeys("ML-KEM-1024");
    const { ciphertext } = await pq.encapsulate("ML-KEM-1024", publicKey);
    await pq.decapsulate(privateKey, ciphertext);
    await pq.sign((await pq.generateKeys("ML-DSA-65")).privateKey, new Uint8Array(100));
    const after = new Uint8Array(memory.buffer);
    let changed = 0;
    for (let index = 0; index < after.length; index += 1) changed += before[index] !== after[index];
    expectEqual(changed, 0, "the number of bytes that differ");
  },

  "an operation takes milliseconds at most": async () => {
    const notes = [];
    for (const [label, pq] of both) {
      const kem = await pq.generateKeys("ML-KEM-1024");
      const { ciphertext } = await pq.encapsulate("ML-KEM-1024", kem.publicKey);
      const { publicKey, privateKey } = await pq.generateKeys("ML-DSA-65");
      const [message, signature] = [pattern(3000), await pq.sign(privateKey, pattern(3000))];
      const times = {
        generate: await milliseconds(() => pq.generateKeys("ML-KEM-1024")),
        encapsulate: await milliseconds(() => pq.encapsulate("ML-KEM-1024", kem.publicKey)),
        decapsulate: await milliseconds(() => pq.decapsulate(kem.privateKey, ciphertext)),
        sign: await milliseconds(() => pq.sign(privateKey, message)),
        verify: await milliseconds(() => pq.verify(publicKey, signature, message)),
        sha3: await milliseconds(() => pq.sha3_256(message)),
      };
      for (const [name, time] of Object.entries(times)) expect(time < 50, `${label}: ${name} takes ${time} ms`);
      notes.push(`${label} ${Object.entries(times).map(([name, time]) => `${name} ${time}`).join(", ")} ms`);
    }
    return notes.join("; ");
  },
};
