// The post-quantum algorithms from pq.wasm: BoringSSL, compiled for browsers whose WebCrypto lacks them.
import { KEM, SIGNATURE } from "./algorithms.js";
import { randomBytes, wipe } from "./bytes.js";
import { CryptoError } from "./errors.js";
import { xwing } from "./xwing.js";

/** The instance, its memory and a way to lay out arguments in it. */
export class Module {
  /** @type {any} the functions of glue.cc */
  #exports;
  #memory;

  /** @param {WebAssembly.Instance} instance */
  constructor(instance) {
    this.#exports = instance.exports;
    // The module never grows its memory, so the view stays valid.
    this.#memory = new Uint8Array(this.#exports.memory.buffer);
  }

  /**
   * From pq.wasm beside this file. Throws `unavailable` when it cannot be loaded.
   * @param {URL | string} [url]
   * @returns {Promise<Module>}
   */
  static async load(url = new URL("./wasm/pq.wasm", import.meta.url)) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const { instance } = await WebAssembly.instantiate(await response.arrayBuffer(), {});
      return new Module(instance);
    } catch (error) {
      throw new CryptoError("unavailable", `the cryptography module cannot be loaded: ${error}`);
    }
  }

  /**
   * Calls a function of the module, synchronously and so never twice at a time.
   * @param {string} name
   * @param {(Uint8Array | number)[]} args a number is passed as it is, bytes as the address of a copy
   * @param {number[]} results lengths of the results, whose addresses are passed last
   * @returns {Uint8Array[] | null} the results; null if the function returned 0
   */
  call(name, args, results = []) {
    const exports = this.#exports;
    const end = exports.arena() + exports.arena_size();
    let next = exports.arena();
    const allocate = (length) => {
      const address = next;
      next += length;
      if (next > end) throw new CryptoError("malformed", `too long for ${name}`);
      return address;
    };
    const values = args.map((arg) => {
      if (typeof arg === "number") return arg;
      const address = allocate(arg.length);
      this.#memory.set(arg, address);
      return address;
    });
    const addresses = results.map(allocate);
    try {
      const status = exports[name](...values, ...addresses);
      if (status === 0) return null;
      return results.map((length, index) => this.#memory.slice(addresses[index], addresses[index] + length));
    } finally {
      exports.wipe();
      this.#memory.fill(0, 0, exports.stack_size());
    }
  }

  /**
   * SHA3-256 (FIPS 202) of the parts in order, of any length.
   * @param {...Uint8Array} parts
   * @returns {Uint8Array} 32 bytes
   */
  sha3_256(...parts) {
    const exports = this.#exports;
    const [arena, size] = [exports.arena(), exports.arena_size()];
    exports.sha3_256_start();
    for (const part of parts) {
      for (let start = 0; start < part.length; start += size) {
        const portion = part.subarray(start, start + size);
        this.#memory.set(portion, arena);
        exports.sha3_256_absorb(arena, portion.length);
      }
    }
    exports.sha3_256_finish(arena);
    const digest = this.#memory.slice(arena, arena + 32);
    exports.wipe();
    this.#memory.fill(0, 0, exports.stack_size());
    return digest;
  }

  /**
   * SHAKE256 (FIPS 202).
   * @param {Uint8Array} bytes
   * @param {number} length of the output
   * @returns {Uint8Array}
   */
  shake256(bytes, length) {
    const [out] = this.call("shake256", [bytes, bytes.length, length], [length]);
    return out;
  }
}

/**
 * A copy of a seed that a private key keeps.
 * @param {CryptoKey | Uint8Array} handle
 * @returns {Uint8Array}
 */
function seedOf(handle) {
  if (handle instanceof Uint8Array) return handle;
  throw new CryptoError("wrongKey", "a private key of another implementation");
}

/**
 * @param {Module} module
 * @param {"ML-KEM-768" | "ML-KEM-1024"} algorithm
 * @returns {import("./algorithms.js").KEMImplementation}
 */
function mlkem(module, algorithm) {
  const parameters = KEM[algorithm];
  const name = algorithm === "ML-KEM-768" ? "mlkem768" : "mlkem1024";
  return {
    backend: "wasm",
    async keysFromSeed(seed) {
      const [publicKey] = module.call(`${name}_public_key`, [seed], [parameters.publicKey]);
      return { publicKey, handle: seed.slice() };
    },
    async encapsulate(publicKey) {
      const entropy = randomBytes(32);
      const result = module.call(
        `${name}_encapsulate`, [publicKey, entropy], [parameters.ciphertext, parameters.sharedSecret]);
      wipe(entropy);
      if (!result) throw new CryptoError("malformed", `a public key of ${algorithm} that cannot be used`);
      const [ciphertext, sharedSecret] = result;
      return { ciphertext, sharedSecret };
    },
    async decapsulate(handle, ciphertext) {
      const result = module.call(`${name}_decapsulate`, [seedOf(handle), ciphertext], [parameters.sharedSecret]);
      if (!result) throw new CryptoError("malformed", `a ciphertext of ${algorithm} that cannot be opened`);
      return result[0];
    },
  };
}

/**
 * @param {Module} module
 * @param {import("./algorithms.js").KEMName} algorithm
 * @returns {import("./algorithms.js").KEMImplementation}
 */
export function wasmKEM(module, algorithm) {
  if (algorithm === "X-Wing") return xwing(mlkem(module, "ML-KEM-768"), module);
  return mlkem(module, algorithm);
}

/**
 * @param {Module} module
 * @returns {import("./algorithms.js").SignatureImplementation}
 */
export function wasmSignature(module) {
  const parameters = SIGNATURE["ML-DSA-65"];
  return {
    backend: "wasm",
    async keysFromSeed(seed) {
      const [publicKey] = module.call("mldsa65_public_key", [seed], [parameters.publicKey]);
      return { publicKey, handle: seed.slice() };
    },
    async sign(handle, message, context) {
      const randomizer = randomBytes(32);
      const result = module.call(
        "mldsa65_sign", [seedOf(handle), randomizer, message, message.length, context, context.length],
        [parameters.signature]);
      wipe(randomizer);
      if (!result) throw new CryptoError("internalFailure", "no signature was made");
      return result[0];
    },
    async verify(publicKey, signature, message, context) {
      const args = [publicKey, signature, message, message.length, context, context.length];
      return module.call("mldsa65_verify", args) !== null;
    },
  };
}
