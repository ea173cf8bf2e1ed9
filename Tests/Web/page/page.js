// What the runner calls.
import { PostQuantum } from "/client/crypto/pq.js";
import { fromHex, toHex } from "/client/crypto/bytes.js";
import { pattern, runSuite } from "./harness.js";

const names = [
  "bytes", "symmetric", "x25519", "pq", "sframe", "replay-window", "kid", "av1-envelope", "pipeline", "epochs",
  "session", "key-vectors", "keys-recorded", "keys-call", "keys-recovery", "keys-policy", "keys-people",
  "keys-hostile", "keys-insider", "pictures", "peer-connection",
];

globalThis.tests = {
  suites: () => names,

  async run(name) {
    const { tests } = await import(`./suites/${name}.js`);
    return runSuite(tests);
  },

  /** Where each algorithm comes from in this browser. */
  async backends() {
    const pq = await PostQuantum.open();
    const algorithms = ["ML-KEM-768", "ML-KEM-1024", "X-Wing", "ML-DSA-65", "SHA3-256"];
    return Object.fromEntries(algorithms.map((algorithm) => [algorithm, pq.backend(algorithm)]));
  },

  /** Vectors for Swift: see `for-swift.js`. */
  async forSwift() {
    return (await import("./for-swift.js")).madeForSwift();
  },

  /** Made with Python's keys, to be opened by Python. */
  async forPython() {
    const answers = await (await fetch("/known-answers.json")).json();
    const made = {};
    for (const [label, options] of [["chosen", {}], ["wasm", { native: false }]]) {
      const pq = await PostQuantum.open(options);
      const kem = {};
      for (const [algorithm, { publicKey }] of Object.entries(answers.kem)) {
        const { ciphertext, sharedSecret } = await pq.encapsulate(algorithm, fromHex(publicKey));
        kem[algorithm] = { ciphertext: toHex(ciphertext), sharedSecret: toHex(sharedSecret) };
      }
      const { privateKey } = await pq.generateKeys("ML-DSA-65", fromHex(answers.signature.seed));
      const signature = await pq.sign(privateKey, pattern(5000), answers.signature.context);
      made[label] = { kem, signature: toHex(signature) };
    }
    return made;
  },
};
