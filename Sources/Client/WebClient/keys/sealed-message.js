// What two members tell each other inside a pairwise channel: a type byte and a body (PROTOCOL.md section 7).
import { concat, u32, utf8 } from "../crypto/bytes.js";
import { AgreementPublicKeys } from "./agreement.js";
import { SIGNATURE_LENGTH } from "./bundle.js";
import { ByteReader } from "./byte-reader.js";
import { KeysError } from "./errors.js";
import { fromUTF8, isName, isText, MAXIMUM_NAME, MAXIMUM_TEXT } from "./texts.js";
import { WrappedKey } from "./wrapped-key.js";

export const KEY_UPDATE_CONTEXT = "SEALEDSFU-KEYUPDATE-V1";
export const EPOCH_ID_LENGTH = 16;
const HASH_LENGTH = 32;

/** What may be asked of a member. */
export const KeyRequest = Object.freeze({ epoch: 1, keyUpdate: 2, profile: 3 });

/**
 * @typedef {{headN: number, headHash: Uint8Array, epoch: number, epochID: Uint8Array, generation: number}} Heartbeat
 * @typedef {{type: "heartbeat", heartbeat: Heartbeat} | {type: "commit", commit: Uint8Array}
 *   | {type: "keyUpdate", keys: AgreementPublicKeys, signature: Uint8Array} | {type: "keyRequest", request: number}
 *   | {type: "wrappedKey", commitHash: Uint8Array, wrapped: Uint8Array} | {type: "profile", name: string}
 *   | {type: "chat", text: string}} SealedMessage
 */

const KINDS = { heartbeat: 1, commit: 2, keyUpdate: 3, keyRequest: 4, wrappedKey: 5, profile: 6, chat: 7 };

/** @param {SealedMessage} message @returns {Uint8Array} */
export function encodeMessage(message) {
  return concat(Uint8Array.of(KINDS[message.type]), ...content(message));
}

function content(message) {
  switch (message.type) {
    case "heartbeat": {
      const { headN, headHash, epoch, epochID, generation } = message.heartbeat;
      return [u32(headN), headHash, u32(epoch), epochID, u32(generation)];
    }
    case "commit":
      return [message.commit];
    case "keyUpdate":
      return [u32(message.keys.generation), message.keys.bytes, message.signature];
    case "keyRequest":
      return [Uint8Array.of(message.request)];
    case "wrappedKey":
      return [message.commitHash, message.wrapped];
    case "profile":
      return [utf8(message.name)];
    case "chat":
      return [utf8(message.text)];
  }
}

/**
 * Null for an unknown type, and for a body that is cut off, too long or has bytes left over.
 * @param {Uint8Array} bytes
 * @returns {SealedMessage | null}
 */
export function parseMessage(bytes) {
  if (bytes.length === 0) return null;
  const body = bytes.slice(1);
  switch (bytes[0]) {
    case KINDS.commit:
      return { type: "commit", commit: body };
    case KINDS.profile: {
      const name = body.length <= MAXIMUM_NAME ? fromUTF8(body) : null;
      return name !== null && isName(name) ? { type: "profile", name } : null;
    }
    case KINDS.chat: {
      const text = body.length <= MAXIMUM_TEXT ? fromUTF8(body) : null;
      return text !== null && isText(text) ? { type: "chat", text } : null;
    }
    default:
      return parseFields(bytes[0], body);
  }
}

function parseFields(kind, body) {
  try {
    const reader = new ByteReader(body);
    const message = readFields(kind, reader);
    return message && reader.isAtEnd ? message : null;
  } catch (error) {
    if (error instanceof KeysError) return null;
    throw error;
  }
}

function readFields(kind, reader) {
  switch (kind) {
    case KINDS.heartbeat: {
      const heartbeat = {
        headN: reader.u32(), headHash: reader.take(HASH_LENGTH), epoch: reader.u32(),
        epochID: reader.take(EPOCH_ID_LENGTH), generation: reader.u32(),
      };
      return { type: "heartbeat", heartbeat };
    }
    case KINDS.keyUpdate: {
      const keys = AgreementPublicKeys.read(reader, reader.u32());
      return { type: "keyUpdate", keys, signature: reader.take(SIGNATURE_LENGTH) };
    }
    case KINDS.keyRequest: {
      const request = reader.u8();
      return Object.values(KeyRequest).includes(request) ? { type: "keyRequest", request } : null;
    }
    case KINDS.wrappedKey: {
      const commitHash = reader.take(HASH_LENGTH);
      return { type: "wrappedKey", commitHash, wrapped: WrappedKey.read(reader).bytes };
    }
    default:
      return null;
  }
}

/**
 * What the signature of a key update is over.
 * @param {AgreementPublicKeys} keys
 * @param {Uint8Array} room
 * @param {Uint8Array} bundleHash the sender's
 */
export function keyUpdateBytes(keys, room, bundleHash) {
  return concat(room, bundleHash, u32(keys.generation), keys.bytes);
}
