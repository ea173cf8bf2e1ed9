// Post-quantum cryptography behind one interface: each algorithm by WebCrypto where the browser has it, otherwise from
// WebAssembly. Which, is found out by trial.
import { KEM, SIGNATURE } from "./algorithms.js";
import { concat, randomBytes, utf8, wipe } from "./bytes.js";
import { CryptoError } from "./errors.js";
import { nativeKEM, nativeSHA3, nativeSignature } from "./pq-native.js";
import { Module, wasmKEM, wasmSignature } from "./pq-wasm.js";

const NO_CONTEXT = new Uint8Array(0);
/** @type {import("./algorithms.js").KEMName[]} */
const KEM_NAMES = ["ML-KEM-768", "ML-KEM-1024", "X-Wing"];

/** @typedef {import("./algorithms.js").KEMName | import("./algorithms.js").SignatureName} Algorithm */

/**
 * What may be stored of a key pair (IndexedDB keeps it, JSON would not): a key that cannot be read back, or the seed.
 * @typedef {{algorithm: Algorithm, publicKey: Uint8Array, handle: CryptoKey | Uint8Array}} StoredKey
 */

/** A private key. Made and used by `PostQuantum` only. */
export class PrivateKey {
  /** @type {CryptoKey | Uint8Array | null} */
  #handle;

  /**
   * @param {Algorithm} algorithm
   * @param {CryptoKey | Uint8Array} handle
   */
  constructor(algorithm, handle) {
    /** @readonly */
    this.algorithm = algorithm;
    this.#handle = handle;
  }

  /** Throws `wrongKey` after `destroy`. */
  get handle() {
    if (!this.#handle) throw new CryptoError("wrongKey", "the private key was destroyed");
    return this.#handle;
  }

  /** Erases the key, as far as JavaScript can: the seed is overwritten, WebCrypto's key is released. */
  destroy() {
    if (this.#handle instanceof Uint8Array) wipe(this.#handle);
    this.#handle = null;
  }
}

export class PostQuantum {
  #kems;
  #signature;
  #sha3;

  /**
   * @param {Map<string, import("./algorithms.js").KEMImplementation>} kems
   * @param {import("./algorithms.js").SignatureImplementation} signature
   * @param {{backend: "native" | "wasm", digest: (bytes: Uint8Array) => Promise<Uint8Array>}} sha3
   */
  constructor(kems, signature, sha3) {
    this.#kems = kems;
    this.#signature = signature;
    this.#sha3 = sha3;
  }

  /**
   * Chooses the implementations. Throws `unavailable` when neither is there.
   * @param {{native?: boolean}} [options] `native: false` takes everything from WebAssembly
   * @returns {Promise<PostQuantum>}
   */
  static async open({ native = true } = {}) {
    if (!globalThis.crypto?.subtle) throw new CryptoError("unavailable", "this page may not use cryptography");
    /** @type {Promise<Module> | null} */
    let loading = null;
    const module = () => (loading ??= Module.load());

    const kems = new Map();
    for (const algorithm of KEM_NAMES) {
      const candidate = native ? await nativeKEM(algorithm) : null;
      kems.set(algorithm, candidate ?? wasmKEM(await module(), algorithm));
    }
    const signature = (native ? await nativeSignature() : null) ?? wasmSignature(await module());

    const digest = native ? await nativeSHA3() : null;
    if (digest) return new PostQuantum(kems, signature, { backend: "native", digest });
    const keccak = await module();
    return new PostQuantum(kems, signature, { backend: "wasm", digest: async (bytes) => keccak.sha3_256(bytes) });
  }

  /**
   * Where an algorithm comes from.
   * @param {Algorithm | "SHA3-256"} algorithm
   * @returns {"native" | "wasm"}
   */
  backend(algorithm) {
    if (algorithm === "SHA3-256") return this.#sha3.backend;
    return algorithm === "ML-DSA-65" ? this.#signature.backend : this.#kem(algorithm).backend;
  }

  /**
   * A key pair: a new one, or the one of a seed, which the caller wipes. Throws `malformed` for a seed of another
   * length.
   * @param {Algorithm} algorithm
   * @param {Uint8Array} [seed] 64 bytes for ML-KEM (`d | z`, FIPS 203), 32 for X-Wing and ML-DSA-65
   * @returns {Promise<{publicKey: Uint8Array, privateKey: PrivateKey}>}
   */
  async generateKeys(algorithm, seed) {
    const isSignature = algorithm === "ML-DSA-65";
    const { seed: length } = isSignature ? SIGNATURE[algorithm] : KEM[algorithm];
    const bytes = seed ?? randomBytes(length);
    expect(bytes, length, `seed of ${algorithm}`);
    try {
      const implementation = isSignature ? this.#signature : this.#kem(algorithm);
      const { publicKey, handle } = await implementation.keysFromSeed(bytes);
      return { publicKey, privateKey: new PrivateKey(algorithm, handle) };
    } finally {
      if (!seed) wipe(bytes);
    }
  }

  /**
   * A fresh shared secret and what tells it to the owner of the public key. Throws `malformed` for a public key that
   * cannot be used.
   * @param {import("./algorithms.js").KEMName} algorithm
   * @param {Uint8Array} publicKey
   * @returns {Promise<{ciphertext: Uint8Array, sharedSecret: Uint8Array}>}
   */
  async encapsulate(algorithm, publicKey) {
    expect(publicKey, KEM[algorithm].publicKey, `public key of ${algorithm}`);
    return this.#kem(algorithm).encapsulate(publicKey);
  }

  /**
   * The shared secret. A ciphertext that was changed gives another secret and no error, as FIPS 203 demands; one of
   * another length throws `malformed`.
   * @param {PrivateKey} privateKey
   * @param {Uint8Array} ciphertext
   * @returns {Promise<Uint8Array>} 32 bytes
   */
  async decapsulate(privateKey, ciphertext) {
    const { algorithm } = privateKey;
    if (algorithm === "ML-DSA-65") throw new CryptoError("wrongKey", `${algorithm} cannot decapsulate`);
    expect(ciphertext, KEM[algorithm].ciphertext, `ciphertext of ${algorithm}`);
    return this.#kem(algorithm).decapsulate(privateKey.handle, ciphertext);
  }

  /**
   * An ML-DSA-65 signature.
   * @param {PrivateKey} privateKey
   * @param {Uint8Array} message at most 64 KiB
   * @param {string | Uint8Array} [context] at most 255 bytes
   * @returns {Promise<Uint8Array>} 3309 bytes
   */
  async sign(privateKey, message, context = NO_CONTEXT) {
    const { algorithm } = privateKey;
    if (algorithm !== "ML-DSA-65") throw new CryptoError("wrongKey", `${algorithm} cannot sign`);
    return this.#signature.sign(privateKey.handle, bounded(message), contextBytes(context));
  }

  /**
   * Verifies an ML-DSA-65 signature; false for anything malformed.
   * @param {Uint8Array} publicKey
   * @param {Uint8Array} signature
   * @param {Uint8Array} message at most 64 KiB
   * @param {string | Uint8Array} [context]
   * @returns {Promise<boolean>}
   */
  async verify(publicKey, signature, message, context = NO_CONTEXT) {
    const parameters = SIGNATURE["ML-DSA-65"];
    if (publicKey.length !== parameters.publicKey || signature.length !== parameters.signature) return false;
    if (message.length > MAXIMUM_MESSAGE) return false;
    return this.#signature.verify(publicKey, signature, message, contextBytes(context));
  }

  /**
   * SHA3-256 of the parts in order.
   * @param {...Uint8Array} parts
   * @returns {Promise<Uint8Array>} 32 bytes
   */
  async sha3_256(...parts) {
    if (parts.length === 1) return this.#sha3.digest(parts[0]);
    const joined = concat(...parts);
    try {
      return await this.#sha3.digest(joined);
    } finally {
      // The parts of a key combiner are secret.
      wipe(joined);
    }
  }

  /**
   * What to store of a key pair.
   * @param {{publicKey: Uint8Array, privateKey: PrivateKey}} keys
   * @returns {StoredKey}
   */
  store({ publicKey, privateKey }) {
    return { algorithm: privateKey.algorithm, publicKey, handle: privateKey.handle };
  }

  /**
   * A key pair from what was stored. Throws `wrongKey` when this browser has lost the implementation that it needs.
   * @param {StoredKey} stored
   * @returns {Promise<{publicKey: Uint8Array, privateKey: PrivateKey}>}
   */
  async restore({ algorithm, publicKey, handle }) {
    // A seed serves both implementations; the browser may have got its own since.
    if (handle instanceof Uint8Array) return this.generateKeys(algorithm, handle);
    if (this.backend(algorithm) !== "native") throw new CryptoError("wrongKey", "a stored key of WebCrypto");
    return { publicKey, privateKey: new PrivateKey(algorithm, handle) };
  }

  /** @param {string} algorithm */
  #kem(algorithm) {
    const kem = this.#kems.get(algorithm);
    if (!kem) throw new CryptoError("unavailable", `no algorithm ${algorithm}`);
    return kem;
  }
}

/** Larger than any message of the protocol, smaller than WebAssembly's room for arguments. */
export const MAXIMUM_MESSAGE = 64 * 1024;

function bounded(message) {
  if (message.length > MAXIMUM_MESSAGE) throw new CryptoError("malformed", "the message is too long to be signed");
  return message;
}

function contextBytes(context) {
  const bytes = typeof context === "string" ? utf8(context) : context;
  if (bytes.length > SIGNATURE["ML-DSA-65"].context) throw new CryptoError("malformed", "the context is too long");
  return bytes;
}

function expect(bytes, length, what) {
  if (bytes.length !== length) throw new CryptoError("malformed", `a ${what} has ${length} bytes`);
}
