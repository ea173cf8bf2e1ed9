// X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 as one KEM. WebCrypto calls it MLKEM768-X25519.
//
// A private key is a seed of 32 bytes, a public key `ML-KEM-768 (1184) | X25519 (32)`, a ciphertext
// `ML-KEM-768 (1088) | ephemeral X25519 key (32)`.
import { concat, utf8, wipe } from "./bytes.js";
import { CryptoError } from "./errors.js";
import * as x25519 from "./x25519.js";

const MLKEM_PUBLIC_KEY = 1184;
const MLKEM_CIPHERTEXT = 1088;
const LABEL = utf8("\\.//^\\");

/**
 * What X-Wing needs of a hash library.
 * @typedef {object} Keccak
 * @property {(...parts: Uint8Array[]) => Uint8Array} sha3_256
 * @property {(bytes: Uint8Array, length: number) => Uint8Array} shake256
 */

/**
 * X-Wing over an ML-KEM-768 that makes keys from seeds.
 * @param {import("./algorithms.js").KEMImplementation} mlkem768
 * @param {Keccak} keccak
 * @returns {import("./algorithms.js").KEMImplementation}
 */
export function xwing(mlkem768, keccak) {
  /** Both key pairs that follow from a seed. */
  async function expand(seed) {
    const expanded = keccak.shake256(seed, 96);
    try {
      return {
        mlkem: await mlkem768.keysFromSeed(expanded.subarray(0, 64)),
        dh: await x25519.generateKeys(expanded.subarray(64)),
      };
    } finally {
      wipe(expanded);
    }
  }

  /** The shared secret; those that it is made of are wiped. */
  function combine(mlkemSecret, dhSecret, ephemeral, publicKey) {
    const secret = keccak.sha3_256(mlkemSecret, dhSecret, ephemeral, publicKey, LABEL);
    wipe(mlkemSecret, dhSecret);
    return secret;
  }

  return {
    backend: mlkem768.backend,

    async keysFromSeed(seed) {
      const { mlkem, dh } = await expand(seed);
      if (mlkem.handle instanceof Uint8Array) wipe(mlkem.handle);
      return { publicKey: concat(mlkem.publicKey, dh.publicKey), handle: seed.slice() };
    },

    async encapsulate(publicKey) {
      const dhPublicKey = publicKey.slice(MLKEM_PUBLIC_KEY);
      const ephemeral = await x25519.generateKeys();
      const dhSecret = await x25519.agree(ephemeral.privateKey, dhPublicKey);
      const { ciphertext, sharedSecret } = await mlkem768.encapsulate(publicKey.slice(0, MLKEM_PUBLIC_KEY));
      return {
        ciphertext: concat(ciphertext, ephemeral.publicKey),
        sharedSecret: combine(sharedSecret, dhSecret, ephemeral.publicKey, dhPublicKey),
      };
    },

    async decapsulate(handle, ciphertext) {
      if (!(handle instanceof Uint8Array)) throw new CryptoError("wrongKey", "a private key of another implementation");
      const { mlkem, dh } = await expand(handle);
      try {
        const ephemeral = ciphertext.slice(MLKEM_CIPHERTEXT);
        const dhSecret = await x25519.agree(dh.privateKey, ephemeral);
        const mlkemSecret = await mlkem768.decapsulate(mlkem.handle, ciphertext.slice(0, MLKEM_CIPHERTEXT));
        return combine(mlkemSecret, dhSecret, ephemeral, dh.publicKey);
      } finally {
        if (mlkem.handle instanceof Uint8Array) wipe(mlkem.handle);
      }
    },
  };
}
