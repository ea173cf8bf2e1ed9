// Epoch keys and credentials, encapsulated to one member (PROTOCOL.md section 6).
import * as aead from "../crypto/aead.js";
import { concat, u32, utf8, wipe } from "../crypto/bytes.js";
import { Encapsulation } from "./agreement.js";
import { ByteReader } from "./byte-reader.js";
import { KeysError } from "./errors.js";
import { isAtLeast } from "./suites.js";

// Each AEAD key is used once.
const NONCE = new Uint8Array(aead.NONCE_LENGTH);
const BOX_LENGTH = 48;
const KEY_LABEL = utf8("SEALEDSFU-WRAP-V1");
const CREDENTIAL_LABEL = utf8("SEALEDSFU-CREDENTIAL-V1");
const CREDENTIAL_VERSION = Uint8Array.of(1);
const MAXIMUM_PURPOSE = 64;

/** @typedef {import("../crypto/pq.js").PostQuantum} PostQuantum */
/** @typedef {import("./agreement.js").Offers} Offers */

/**
 * What a wrapped key is bound to.
 * @typedef {object} Binding
 * @property {Uint8Array} room
 * @property {number} epoch
 * @property {Uint8Array} rosterHash of those who hold the key
 * @property {number} headN
 * @property {Uint8Array} headHash
 * @property {Uint8Array} sender bundle hash of the commit's sender
 * @property {Uint8Array} recipient bundle hash
 */

/**
 * The additional data of a wrapped key.
 * @param {Binding} binding
 * @param {number} suite
 * @param {number} generation
 */
export function bindingBytes({ room, epoch, rosterHash, headN, headHash, sender, recipient }, suite, generation) {
  return concat(
    KEY_LABEL, room, u32(epoch), rosterHash, u32(headN), headHash, sender, recipient, Uint8Array.of(suite),
    u32(generation));
}

/** An epoch's key encapsulated to one member. */
export class WrappedKey {
  /**
   * @param {Encapsulation} encapsulation
   * @param {Uint8Array} box
   */
  constructor(encapsulation, box) {
    this.encapsulation = encapsulation;
    this.box = box;
  }

  get suite() {
    return this.encapsulation.suite;
  }

  get generation() {
    return this.encapsulation.generation;
  }

  get bytes() {
    return concat(this.encapsulation.bytes, this.box);
  }

  /** Throws `malformed`. @param {ByteReader} reader */
  static read(reader) {
    return new WrappedKey(Encapsulation.read(reader), reader.take(BOX_LENGTH));
  }

  /**
   * Encapsulates a key to a member's current keys.
   * @param {Uint8Array} key 32 bytes
   * @param {import("./suites.js").Suite} suite
   * @param {import("./agreement.js").AgreementPublicKeys} recipient
   * @param {Offers} offers
   * @param {Binding} binding
   * @param {PostQuantum} pq
   */
  static async make(key, suite, recipient, offers, binding, pq) {
    const { encapsulation, secret } = await Encapsulation.make(suite, recipient, offers, pq);
    const additionalData = bindingBytes(binding, suite.id, recipient.generation);
    return new WrappedKey(encapsulation, await sealOnce(secret, key, additionalData));
  }

  /**
   * The key, which the caller wipes. Throws for a wrong recipient, changed bytes or another binding.
   * @param {import("./agreement.js").AgreementPrivateKeys} keys
   * @param {Offers} offers
   * @param {Binding} binding
   * @param {PostQuantum} pq
   */
  async open(keys, offers, binding, pq) {
    const secret = await this.encapsulation.secret(keys, offers, pq);
    return openOnce(secret, this.box, bindingBytes(binding, this.suite.id, this.generation));
  }
}

/**
 * What a credential is bound to: the room, both bundle hashes and what it is for, up to 64 bytes of UTF-8.
 * @typedef {{room: Uint8Array, sender: Uint8Array, recipient: Uint8Array, purpose: string}} CredentialBinding
 */

/**
 * Wraps bytes of any length for one member. Throws `malformed` for a purpose that is too long or keys that cannot be
 * used.
 * @param {Uint8Array} credential
 * @param {import("./suites.js").Suite} suite
 * @param {import("./agreement.js").AgreementPublicKeys} recipient
 * @param {Offers} offers
 * @param {CredentialBinding} binding
 * @param {PostQuantum} pq
 * @returns {Promise<Uint8Array>}
 */
export async function wrapCredential(credential, suite, recipient, offers, binding, pq) {
  if (utf8(binding.purpose).length > MAXIMUM_PURPOSE) throw new KeysError("malformed");
  const { encapsulation, secret } = await Encapsulation.make(suite, recipient, offers, pq);
  const box = await sealOnce(secret, credential, credentialBytes(binding, encapsulation));
  return concat(CREDENTIAL_VERSION, encapsulation.bytes, box);
}

/**
 * Opens what `wrapCredential` made. Throws `malformed` for other bytes or a suite below the minimum, else
 * `authenticationFailed`.
 * @param {Uint8Array} bytes
 * @param {import("./agreement.js").AgreementPrivateKeys} keys
 * @param {import("./suites.js").Suite} minimumSuite
 * @param {Offers} offers
 * @param {CredentialBinding} binding
 * @param {PostQuantum} pq
 * @returns {Promise<Uint8Array>}
 */
export async function unwrapCredential(bytes, keys, minimumSuite, offers, binding, pq) {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== CREDENTIAL_VERSION[0]) throw new KeysError("malformed");
  const encapsulation = Encapsulation.read(reader);
  const box = bytes.slice(reader.position);
  if (box.length < aead.TAG_LENGTH || !isAtLeast(encapsulation.suite, minimumSuite)) throw new KeysError("malformed");
  try {
    const secret = await encapsulation.secret(keys, offers, pq);
    return await openOnce(secret, box, credentialBytes(binding, encapsulation));
  } catch {
    throw new KeysError("authenticationFailed");
  }
}

function credentialBytes({ room, sender, recipient, purpose }, encapsulation) {
  const text = utf8(purpose);
  return concat(
    CREDENTIAL_LABEL, room, sender, recipient, Uint8Array.of(text.length), text, CREDENTIAL_VERSION,
    encapsulation.bytes);
}

/** Seals under a secret that is wiped. */
async function sealOnce(secret, plaintext, additionalData) {
  try {
    return await aead.seal(await aead.importKey(secret), NONCE, plaintext, additionalData);
  } finally {
    wipe(secret);
  }
}

async function openOnce(secret, box, additionalData) {
  try {
    return await aead.open(await aead.importKey(secret), NONCE, box, additionalData);
  } finally {
    wipe(secret);
  }
}
