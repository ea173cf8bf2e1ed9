// Agreement keys, the combiner and encapsulations (PROTOCOL.md sections 5 and 6).
import { concat, u16, u32, utf8, wipe } from "../crypto/bytes.js";
import * as x25519 from "../crypto/x25519.js";
import { KeysError } from "./errors.js";
import { KEM_NAMES, kemParameters, kemsOf, suiteByID } from "./suites.js";

const LABEL = utf8("SEALEDSFU-HYBRID-KX-V1");
const NOTHING = new Uint8Array(0);
// More keys than that, or longer ones, are no sensible bundle.
const MAXIMUM_KEYS = 8;
const MAXIMUM_KEY_LENGTH = 4096;

/** @typedef {import("../crypto/pq.js").PostQuantum} PostQuantum */
/** @typedef {import("./suites.js").Suite} Suite */
/** The suite lists of both sides as in their bundles. @typedef {{sender: Uint8Array, recipient: Uint8Array}} Offers */

/** The public keys that keys are encapsulated to: one generation of one member. */
export class AgreementPublicKeys {
  /**
   * @param {number} generation 0 for the keys in the bundle; one more at each periodic rekey
   * @param {Uint8Array} x25519Key
   * @param {Map<number, Uint8Array>} kems by the byte of the KEM
   * @param {Uint8Array} [bytes] as on the wire
   */
  constructor(generation, x25519Key, kems, bytes) {
    this.generation = generation;
    this.x25519 = x25519Key;
    this.kems = kems;
    const keys = [...kems].map(([kem, key]) => concat(Uint8Array.of(kem), u16(key.length), key));
    this.bytes = bytes ?? concat(x25519Key, Uint8Array.of(kems.size), ...keys);
  }

  /**
   * Throws `malformed` for a list that is cut off, has a KEM twice or a key of the wrong length. KEMs of later versions
   * are skipped and stay in `bytes`.
   * @param {import("./byte-reader.js").ByteReader} reader
   * @param {number} generation
   */
  static read(reader, generation) {
    const x25519Key = reader.take(x25519.KEY_LENGTH);
    const count = reader.u8();
    if (count < 1 || count > MAXIMUM_KEYS) throw new KeysError("malformed");
    const kems = new Map();
    const parts = [x25519Key, Uint8Array.of(count)];
    for (let index = 0; index < count; index += 1) {
      const kem = reader.u8();
      const length = reader.u16();
      if (length > MAXIMUM_KEY_LENGTH) throw new KeysError("malformed");
      const key = reader.take(length);
      parts.push(Uint8Array.of(kem), u16(length), key);
      if (!KEM_NAMES[kem]) continue;
      if (kems.has(kem) || length !== kemParameters(kem).publicKey) throw new KeysError("malformed");
      kems.set(kem, key);
    }
    return new AgreementPublicKeys(generation, x25519Key, kems, concat(...parts));
  }

  /**
   * Whether keys can be encapsulated to them by every one of the suites. A member whose keys cannot be used must not
   * stop a commit to the others, so this is asked before it is let in.
   * @param {Suite[]} suites
   * @param {CryptoKey} probe any X25519 key: a point of low order fails with each
   * @param {PostQuantum} pq
   */
  async isUsable(suites, probe, pq) {
    try {
      wipe(await x25519.agree(probe, this.x25519));
      for (const kem of kemsOf(suites)) {
        const { sharedSecret } = await pq.encapsulate(KEM_NAMES[kem], this.kems.get(kem) ?? NOTHING);
        wipe(sharedSecret);
      }
      return true;
    } catch {
      return false;
    }
  }
}

/** The private half of a generation. */
export class AgreementPrivateKeys {
  /**
   * @param {AgreementPublicKeys} publicKeys
   * @param {CryptoKey} x25519Key
   * @param {Map<number, import("../crypto/pq.js").PrivateKey>} kems
   */
  constructor(publicKeys, x25519Key, kems) {
    this.publicKeys = publicKeys;
    this.x25519 = x25519Key;
    this.kems = kems;
  }

  /**
   * Keys for every KEM of the suites: fresh ones, or those of the seeds, which the caller wipes.
   * @param {number} generation
   * @param {Suite[]} suites
   * @param {PostQuantum} pq
   * @param {{x25519?: Uint8Array, kems?: Record<number, Uint8Array>}} [seeds]
   */
  static async make(generation, suites, pq, seeds = {}) {
    const dh = await x25519.generateKeys(seeds.x25519);
    const [publicKeys, privateKeys] = [new Map(), new Map()];
    for (const kem of kemsOf(suites)) {
      const { publicKey, privateKey } = await pq.generateKeys(KEM_NAMES[kem], seeds.kems?.[kem]);
      publicKeys.set(kem, publicKey);
      privateKeys.set(kem, privateKey);
    }
    const keys = new AgreementPublicKeys(generation, dh.publicKey, publicKeys);
    return new AgreementPrivateKeys(keys, dh.privateKey, privateKeys);
  }

  /** Erases them. */
  destroy() {
    for (const key of this.kems.values()) key.destroy();
    this.kems.clear();
    this.x25519 = null;
  }
}

/** A suite list as it is bound into keys. @param {Uint8Array} suites */
export function suiteList(suites) {
  return concat(Uint8Array.of(suites.length), suites);
}

/**
 * A fresh secret, encapsulated to one member's agreement keys. The secret is for one AEAD box only.
 */
export class Encapsulation {
  /**
   * @param {Suite} suite
   * @param {number} generation the recipient's
   * @param {Uint8Array} ephemeral empty unless the suite is hybrid
   * @param {Uint8Array} ciphertext
   */
  constructor(suite, generation, ephemeral, ciphertext) {
    this.suite = suite;
    this.generation = generation;
    this.ephemeral = ephemeral;
    this.ciphertext = ciphertext;
  }

  get bytes() {
    return concat(Uint8Array.of(this.suite.id), u32(this.generation), this.ephemeral, this.ciphertext);
  }

  /** Throws `malformed`. @param {import("./byte-reader.js").ByteReader} reader */
  static read(reader) {
    const suite = suiteByID(reader.u8());
    if (!suite) throw new KeysError("malformed");
    const generation = reader.u32();
    const ephemeral = suite.isHybrid ? reader.take(x25519.KEY_LENGTH) : NOTHING;
    return new Encapsulation(suite, generation, ephemeral, reader.take(kemParameters(suite.kem).ciphertext));
  }

  /**
   * Encapsulates to a member's current keys. Throws `malformed` for keys that cannot be used. The caller wipes the
   * secret.
   * @param {Suite} suite
   * @param {AgreementPublicKeys} recipient
   * @param {Offers} offers
   * @param {PostQuantum} pq
   */
  static async make(suite, recipient, offers, pq) {
    const publicKey = recipient.kems.get(suite.kem);
    if (!publicKey) throw new KeysError("malformed");
    let [shared, ephemeral] = [NOTHING, NOTHING];
    if (suite.isHybrid) {
      const own = await x25519.generateKeys();
      shared = await x25519.agree(own.privateKey, recipient.x25519);
      ephemeral = own.publicKey;
    }
    const { ciphertext, sharedSecret } = await pq.encapsulate(KEM_NAMES[suite.kem], publicKey);
    const encapsulation = new Encapsulation(suite, recipient.generation, ephemeral, ciphertext);
    return { encapsulation, secret: await encapsulation.#combine(shared, sharedSecret, recipient, offers, pq) };
  }

  /**
   * The secret. For a wrong recipient or changed bytes it is another one, or this throws. The caller wipes it.
   * @param {AgreementPrivateKeys} keys
   * @param {Offers} offers
   * @param {PostQuantum} pq
   */
  async secret(keys, offers, pq) {
    const privateKey = keys.kems.get(this.suite.kem);
    if (!privateKey) throw new KeysError("malformed");
    const shared = this.suite.isHybrid ? await x25519.agree(keys.x25519, this.ephemeral) : NOTHING;
    const kemSecret = await pq.decapsulate(privateKey, this.ciphertext);
    return this.#combine(shared, kemSecret, keys.publicKeys, offers, pq);
  }

  /** Both secrets are wiped. */
  async #combine(shared, kemSecret, recipient, offers, pq) {
    const { suite } = this;
    try {
      return await pq.sha3_256(
        LABEL, shared, kemSecret, suite.isHybrid ? recipient.x25519 : NOTHING, recipient.kems.get(suite.kem),
        this.ephemeral, this.ciphertext, suiteList(offers.sender), suiteList(offers.recipient),
        Uint8Array.of(suite.id));
    } finally {
      wipe(shared, kemSecret);
    }
  }
}
