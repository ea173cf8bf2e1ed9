// The announcement of an epoch by its committer (PROTOCOL.md section 8).
import { concat, u16, u32 } from "../crypto/bytes.js";
import { SIGNATURE_LENGTH } from "./bundle.js";
import { ByteReader } from "./byte-reader.js";
import { KeysError } from "./errors.js";
import { EPOCH_ID_LENGTH } from "./sealed-message.js";
import { suiteByID } from "./suites.js";
import { WrappedKey } from "./wrapped-key.js";

export const COMMIT_CONTEXT = "SEALEDSFU-COMMIT-V1";
const HASH_LENGTH = 32;
const ROOM_LENGTH = 16;

/** @typedef {"fresh" | "ratchet" | "catchUp"} CommitKind */
/** @typedef {"join" | "leave" | "mixed" | "periodic"} RekeyCause */
/**
 * @typedef {{joinIndex: number, suite: import("./suites.js").Suite, generation: number, hash: Uint8Array}} CommitEntry
 */
/**
 * @typedef {object} CommitHeader
 * @property {CommitKind} kind
 * @property {RekeyCause} cause
 * @property {import("./suites.js").Suite} weakest
 * @property {number} epoch
 * @property {number} advised
 * @property {number} origin join index of the member that made the key
 * @property {number} sender join index of the member that wrapped it
 * @property {number} headN
 * @property {Uint8Array} headHash
 * @property {Uint8Array} rosterHash
 * @property {Uint8Array} keyRosterHash
 * @property {number} baseEpoch
 * @property {Uint8Array} baseID
 * @property {Uint8Array} confirmation
 * @property {Uint8Array} room
 * @property {Uint8Array} senderBundleHash
 * @property {number[]} excluded
 * @property {CommitEntry[]} entries
 */

const KINDS = { fresh: 1, ratchet: 2, catchUp: 3 };
const CAUSES = { join: 1, leave: 2, mixed: 3, periodic: 4 };

/** @param {CommitHeader} header @returns {Uint8Array} */
export function encodeHeader(header) {
  return concat(
    Uint8Array.of(KINDS[header.kind], CAUSES[header.cause], header.weakest.id), u32(header.epoch), u32(header.advised),
    u32(header.origin), u32(header.sender), u32(header.headN), header.headHash, header.rosterHash,
    header.keyRosterHash, u32(header.baseEpoch), header.baseID, header.confirmation, header.room,
    header.senderBundleHash, u16(header.excluded.length), ...header.excluded.map(u32), u16(header.entries.length),
    ...header.entries.map(({ joinIndex, suite, generation, hash }) =>
      concat(u32(joinIndex), Uint8Array.of(suite.id), u32(generation), hash)));
}

/**
 * A commit as received.
 * @typedef {{header: CommitHeader, signedBytes: Uint8Array, signature: Uint8Array, wrapped: WrappedKey | null}} Commit
 */

/**
 * Null for anything but a commit of this version; `wrapped` is null in an announcement.
 * @param {Uint8Array} bytes
 * @returns {Commit | null}
 */
export function parseCommit(bytes) {
  try {
    const reader = new ByteReader(bytes);
    const header = readHeader(reader);
    const signedBytes = bytes.slice(0, reader.position);
    const signature = reader.take(SIGNATURE_LENGTH);
    const wrapped = reader.isAtEnd ? null : WrappedKey.read(reader);
    return reader.isAtEnd ? { header, signedBytes, signature, wrapped } : null;
  } catch (error) {
    if (error instanceof KeysError) return null;
    throw error;
  }
}

function readHeader(reader) {
  const header = {
    kind: nameOf(KINDS, reader.u8()), cause: nameOf(CAUSES, reader.u8()), weakest: readSuite(reader),
    epoch: reader.u32(), advised: reader.u32(), origin: reader.u32(), sender: reader.u32(), headN: reader.u32(),
    headHash: reader.take(HASH_LENGTH), rosterHash: reader.take(HASH_LENGTH), keyRosterHash: reader.take(HASH_LENGTH),
    baseEpoch: reader.u32(), baseID: reader.take(EPOCH_ID_LENGTH), confirmation: reader.take(HASH_LENGTH),
    room: reader.take(ROOM_LENGTH), senderBundleHash: reader.take(HASH_LENGTH), excluded: [], entries: [],
  };
  for (let left = reader.u16(); left > 0; left -= 1) header.excluded.push(reader.u32());
  for (let left = reader.u16(); left > 0; left -= 1) {
    header.entries.push({
      joinIndex: reader.u32(), suite: readSuite(reader), generation: reader.u32(), hash: reader.take(HASH_LENGTH),
    });
  }
  return header;
}

function nameOf(bytes, value) {
  const name = Object.keys(bytes).find((key) => bytes[key] === value);
  if (!name) throw new KeysError("malformed");
  return name;
}

function readSuite(reader) {
  const suite = suiteByID(reader.u8());
  if (!suite) throw new KeysError("malformed");
  return suite;
}
