// The room's membership log as this member was shown it: the chain is recomputed, never believed (PROTOCOL.md section
// 4).
import { concat, equal, fromBase64URL, toBase64URL, u32, utf8 } from "../crypto/bytes.js";
import { MAXIMUM_JOIN_INDEX } from "../sframe/kid.js";

const LOG_LABEL = utf8("SEALEDSFU-LOG-V1");
const ROSTER_LABEL = utf8("SEALEDSFU-ROSTER-V1");
const CAUSES = { joined: 1, left: 2, disconnected: 3, consent_lost: 4, closed: 5 };
// Positions whose roster is kept: an epoch names a position that was the newest at most a deadline ago.
const SNAPSHOT_LIMIT = 64;
// Positions whose head is kept, to compare with heartbeats of members that lag.
const HEAD_LIMIT = 1024;
export const HASH_LENGTH = 32;
/** Members at a time beyond this number are not taken in: the relay may invent as many as it likes, and each costs. */
export const MAXIMUM_MEMBERS = 1000;

/** @typedef {import("../crypto/pq.js").PostQuantum} PostQuantum */
/**
 * A log entry, its bytes decoded.
 * @typedef {object} Entry
 * @property {number} n
 * @property {"join" | "leave"} kind
 * @property {string} member
 * @property {Uint8Array} bundleHash
 * @property {string} cause
 * @property {Uint8Array} previous
 */
/**
 * The roster right after one position.
 * @typedef {{n: number, headHash: Uint8Array, members: import("./member.js").Member[]}} Snapshot
 */

/** The identifier of the member with a bundle hash. @param {Uint8Array} bundleHash @returns {string} */
export function memberID(bundleHash) {
  return toBase64URL(bundleHash.subarray(0, 16));
}

/**
 * An entry of a `membership` message; null if it is not of the form that the protocol gives.
 * @param {any} entry
 * @returns {Entry | null}
 */
export function parseEntry(entry) {
  const [bundleHash, previous] = [decoded(entry?.bundleHash), decoded(entry?.previous)];
  if (!bundleHash || !previous || !isPosition(entry.n) || typeof entry.member !== "string") return null;
  if (!["join", "leave"].includes(entry.kind) || !Object.hasOwn(CAUSES, entry.cause)) return null;
  return { n: entry.n, kind: entry.kind, member: entry.member, bundleHash, cause: entry.cause, previous };
}

/** 32 bytes of base64url, or null. @param {unknown} text */
export function decoded(text) {
  const bytes = typeof text === "string" ? fromBase64URL(text) : null;
  return bytes?.length === HASH_LENGTH ? bytes : null;
}

/** Whether a value is a 32-bit number. @param {unknown} n */
export function isPosition(n) {
  return Number.isInteger(n) && n >= 0 && n <= 0xffff_ffff;
}

/** The log head after an entry. @param {Entry} entry @param {Uint8Array} room @param {PostQuantum} pq */
export function headAfter({ n, kind, member, bundleHash, cause, previous }, room, pq) {
  const kindByte = Uint8Array.of(kind === "join" ? 1 : 2);
  return pq.sha3_256(
    LOG_LABEL, room, u32(n), kindByte, fromBase64URL(member), bundleHash, Uint8Array.of(CAUSES[cause]), previous);
}

/**
 * The hash of a roster, whose members are in log order.
 * @param {{joinIndex: number, id: string, bundleHash: Uint8Array}[]} members
 * @param {Uint8Array} room
 * @param {PostQuantum} pq
 */
export function rosterHash(members, room, pq) {
  const items = members.map(({ joinIndex, id, bundleHash }) => concat(u32(joinIndex), fromBase64URL(id), bundleHash));
  return pq.sha3_256(ROSTER_LABEL, room, u32(members.length), ...items);
}

export class RoomLog {
  #room;
  #pq;
  /** @type {Snapshot[]} */
  #snapshots = [];
  /** @type {Map<number, Uint8Array>} */
  #heads = new Map();
  /** @type {Map<string, import("./member.js").Member>} */
  #byID = new Map();
  /** Authentic members that left: none of them comes back, its channel would start over. */
  #departed = new Set();

  /**
   * @param {Uint8Array} room
   * @param {PostQuantum} pq
   * @param {Snapshot} start
   */
  constructor(room, pq, start) {
    this.#room = room;
    this.#pq = pq;
    this.jump(start);
  }

  get current() {
    return this.#snapshots.at(-1);
  }

  /** The oldest position whose roster is kept. */
  get oldest() {
    return this.#snapshots[0].n;
  }

  get n() {
    return this.current.n;
  }

  get headHash() {
    return this.current.headHash;
  }

  get members() {
    return this.current.members;
  }

  /** @param {string} id */
  member(id) {
    return this.#byID.get(id) ?? null;
  }

  /** @param {number} joinIndex */
  memberAt(joinIndex) {
    return this.members.find((member) => member.joinIndex === joinIndex) ?? null;
  }

  /** @param {number} n @returns {Snapshot | null} */
  snapshot(n) {
    return this.#snapshots.findLast((snapshot) => snapshot.n === n) ?? null;
  }

  /** @param {number} n @returns {Uint8Array | null} */
  head(n) {
    return this.#heads.get(n) ?? null;
  }

  /** Whether a member was in the call and left it. @param {string} id */
  hasLeft(id) {
    return this.#departed.has(id);
  }

  /** Whether an entry continues the chain and is possible with the present roster. @param {Entry} entry */
  accepts({ n, kind, member, bundleHash, previous }) {
    if (n !== this.n + 1 || n > MAXIMUM_JOIN_INDEX || !equal(previous, this.headHash)) return false;
    const present = this.#byID.get(member);
    if (kind === "leave") return present !== undefined && equal(present.bundleHash, bundleHash);
    if (present || this.#departed.has(member) || this.#byID.size >= MAXIMUM_MEMBERS) return false;
    return memberID(bundleHash) === member;
  }

  /**
   * Appends an accepted entry.
   * @param {Entry} entry
   * @param {import("./member.js").Member | null} joining the new member of a join
   */
  async append(entry, joining) {
    const headHash = await headAfter(entry, this.#room, this.#pq);
    const members = joining ? [...this.members, joining] : this.members.filter(({ id }) => id !== entry.member);
    this.#push({ n: entry.n, headHash, members });
  }

  /**
   * Goes to a position that the relay named. Heartbeats will tell whether it was the true one.
   * @param {Snapshot} snapshot
   */
  jump(snapshot) {
    this.#push(snapshot);
  }

  #push(snapshot) {
    const remaining = new Map(snapshot.members.map((member) => [member.id, member]));
    for (const { id, isAuthentic } of this.#byID.values()) {
      if (isAuthentic && !remaining.has(id)) this.#departed.add(id);
    }
    this.#byID = remaining;
    this.#snapshots.push(snapshot);
    if (this.#snapshots.length > SNAPSHOT_LIMIT) this.#snapshots.shift();
    this.#heads.set(snapshot.n, snapshot.headHash);
    // A map lists its keys in the order in which they came.
    if (this.#heads.size > HEAD_LIMIT) this.#heads.delete(this.#heads.keys().next().value);
  }
}
