// The post-quantum algorithms of WebCrypto, where the browser has them.
import { KEM, SIGNATURE } from "./algorithms.js";
import { equal, toHex, wipe } from "./bytes.js";
import { CryptoError } from "./errors.js";

const { subtle } = crypto;

const SHA3_OF_NOTHING = "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a";

/**
 * @param {string} name WebCrypto's
 * @param {Uint8Array} seed
 * @param {KeyUsage[]} privateUses
 * @param {KeyUsage[]} publicUses
 */
async function keysFromSeed(name, seed, privateUses, publicUses) {
  const handle = await subtle.importKey("raw-seed", seed, { name }, false, privateUses);
  const publicKey = await subtle.getPublicKey(handle, publicUses);
  return { publicKey: new Uint8Array(await subtle.exportKey("raw-public", publicKey)), handle };
}

/**
 * @param {import("./algorithms.js").KEMName} algorithm
 * @returns {import("./algorithms.js").KEMImplementation}
 */
function kem(algorithm) {
  const { native: name } = KEM[algorithm];
  return {
    backend: "native",
    keysFromSeed: (seed) => keysFromSeed(name, seed, ["decapsulateBits"], ["encapsulateBits"]),
    async encapsulate(publicKey) {
      try {
        const key = await subtle.importKey("raw-public", publicKey, { name }, true, ["encapsulateBits"]);
        const result = await subtle.encapsulateBits({ name }, key);
        return { ciphertext: new Uint8Array(result.ciphertext), sharedSecret: new Uint8Array(result.sharedKey) };
      } catch {
        throw new CryptoError("malformed", `a public key of ${algorithm} that cannot be used`);
      }
    },
    async decapsulate(handle, ciphertext) {
      try {
        return new Uint8Array(await subtle.decapsulateBits({ name }, handle, ciphertext));
      } catch {
        throw new CryptoError("malformed", `a ciphertext of ${algorithm} that cannot be opened`);
      }
    },
  };
}

/** @returns {import("./algorithms.js").SignatureImplementation} */
function mldsa65() {
  const { native: name } = SIGNATURE["ML-DSA-65"];
  return {
    backend: "native",
    keysFromSeed: (seed) => keysFromSeed(name, seed, ["sign"], ["verify"]),
    async sign(handle, message, context) {
      return new Uint8Array(await subtle.sign({ name, context }, handle, message));
    },
    async verify(publicKey, signature, message, context) {
      try {
        const key = await subtle.importKey("raw-public", publicKey, { name }, true, ["verify"]);
        return await subtle.verify({ name, context }, key, signature, message);
      } catch {
        return false;
      }
    },
  };
}

/**
 * The browser's implementation of an algorithm, after a trial of all that is needed of it; null if it lacks any of it.
 * A name alone proves little: drafts changed while browsers had them.
 * @param {import("./algorithms.js").KEMName} algorithm
 * @returns {Promise<import("./algorithms.js").KEMImplementation | null>}
 */
export async function nativeKEM(algorithm) {
  try {
    const candidate = kem(algorithm);
    const { publicKey, handle } = await candidate.keysFromSeed(new Uint8Array(KEM[algorithm].seed));
    const { ciphertext, sharedSecret } = await candidate.encapsulate(publicKey);
    const opened = await candidate.decapsulate(handle, ciphertext);
    const { publicKey: publicLength, ciphertext: length } = KEM[algorithm];
    const works = publicKey.length === publicLength && ciphertext.length === length && equal(opened, sharedSecret);
    wipe(opened, sharedSecret);
    return works ? candidate : null;
  } catch {
    return null;
  }
}

/**
 * The browser's ML-DSA-65 after a trial, contexts included; null if it lacks it.
 * @returns {Promise<import("./algorithms.js").SignatureImplementation | null>}
 */
export async function nativeSignature() {
  try {
    const candidate = mldsa65();
    const { publicKey, handle } = await candidate.keysFromSeed(new Uint8Array(SIGNATURE["ML-DSA-65"].seed));
    const [message, context, other] = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)];
    const signature = await candidate.sign(handle, message, context);
    const works =
      (await candidate.verify(publicKey, signature, message, context)) &&
      !(await candidate.verify(publicKey, signature, message, other));
    return works ? candidate : null;
  } catch {
    return null;
  }
}

/**
 * The browser's SHA3-256; null if it lacks it.
 * @returns {Promise<((bytes: Uint8Array) => Promise<Uint8Array>) | null>}
 */
export async function nativeSHA3() {
  try {
    const digest = async (bytes) => new Uint8Array(await subtle.digest("SHA3-256", bytes));
    return toHex(await digest(new Uint8Array(0))) === SHA3_OF_NOTHING ? digest : null;
  } catch {
    return null;
  }
}
