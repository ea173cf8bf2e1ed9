// The authenticated channel between two members, under which every sealed message travels (PROTOCOL.md section 7).
import * as aead from "../crypto/aead.js";
import { concat, u64, utf8, wipe } from "../crypto/bytes.js";
import { hkdf } from "../crypto/kdf.js";
import * as x25519 from "../crypto/x25519.js";
import { ReplayWindow } from "../sframe/replay-window.js";
import { KeysError } from "./errors.js";

export const PAIRWISE_VERSION = 1;
export const HEADER_LENGTH = 9;
const LABEL = utf8("SEALEDSFU-PAIR-V1");

export class PairwiseChannel {
  #sendKey;
  #receiveKey;
  #next = 0n;
  #received = new ReplayWindow();

  /**
   * @param {CryptoKey} sendKey
   * @param {CryptoKey} receiveKey
   */
  constructor(sendKey, receiveKey) {
    this.#sendKey = sendKey;
    this.#receiveKey = receiveKey;
  }

  /**
   * Throws `malformed` for a peer key of low order.
   * @param {object} sides
   * @param {CryptoKey} sides.own
   * @param {Uint8Array} sides.ownBundleHash
   * @param {Uint8Array} sides.peerKey
   * @param {Uint8Array} sides.peerBundleHash
   * @param {Uint8Array} salt the invite's pairwise secret
   */
  static async make({ own, ownBundleHash, peerKey, peerBundleHash }, salt) {
    const shared = await x25519.agree(own, peerKey);
    const key = async (from, to) => {
      const bytes = await hkdf("SHA-512", shared, salt, concat(LABEL, from, to), aead.KEY_LENGTH);
      const imported = await aead.importKey(bytes);
      wipe(bytes);
      return imported;
    };
    try {
      return new PairwiseChannel(await key(ownBundleHash, peerBundleHash), await key(peerBundleHash, ownBundleHash));
    } finally {
      wipe(shared);
    }
  }

  /** @param {Uint8Array} message @returns {Promise<Uint8Array>} */
  seal(message) {
    // Taken before anything is awaited: no sequence number is used twice.
    const sequence = this.#next;
    this.#next += 1n;
    return sealNumbered(PAIRWISE_VERSION, sequence, this.#sendKey, message);
  }

  /**
   * Throws `malformed`, `replayed` or `authenticationFailed`.
   * @param {Uint8Array} sealed
   * @returns {Promise<Uint8Array>}
   */
  async open(sealed) {
    const sequence = sequenceOf(PAIRWISE_VERSION, sealed);
    if (!this.#received.isFresh(sequence)) throw new KeysError("replayed");
    const message = await openNumbered(sequence, this.#receiveKey, sealed);
    if (!this.#received.record(sequence)) throw new KeysError("replayed");
    return message;
  }
}

/**
 * `version (1) | sequence number (8) | box`, the nonce being four zero bytes and the sequence number.
 * @param {number} version
 * @param {bigint} sequence
 * @param {CryptoKey} key
 * @param {Uint8Array} message
 */
export async function sealNumbered(version, sequence, key, message) {
  const header = concat(Uint8Array.of(version), u64(sequence));
  return concat(header, await aead.seal(key, nonce(sequence), message, header));
}

/** Throws `malformed`. @param {number} version @param {Uint8Array} sealed @returns {bigint} */
export function sequenceOf(version, sealed) {
  if (sealed.length <= HEADER_LENGTH + aead.TAG_LENGTH || sealed[0] !== version) throw new KeysError("malformed");
  return new DataView(sealed.buffer, sealed.byteOffset).getBigUint64(1);
}

/** Throws `authenticationFailed`. @param {bigint} sequence @param {CryptoKey} key @param {Uint8Array} sealed */
export async function openNumbered(sequence, key, sealed) {
  return aead.open(key, nonce(sequence), sealed.subarray(HEADER_LENGTH), sealed.subarray(0, HEADER_LENGTH));
}

function nonce(sequence) {
  return concat(new Uint8Array(4), u64(sequence));
}
