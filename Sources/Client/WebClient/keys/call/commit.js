// Making epochs and giving their keys to others (PROTOCOL.md sections 8 and 9).
import { concat, randomBytes, wipe } from "../../crypto/bytes.js";
import { COMMIT_CONTEXT, encodeHeader } from "../commit.js";
import { confirmation, ratchet } from "../epoch-keys.js";
import { rosterHash } from "../room-log.js";
import { EPOCH_ID_LENGTH } from "../sealed-message.js";
import { isAtLeast, weakest } from "../suites.js";
import { WrappedKey } from "../wrapped-key.js";
import { install } from "./epochs.js";
import { MAXIMUM_EPOCH } from "./state.js";

/** @typedef {import("./state.js").CallState} CallState */
/** @typedef {import("../member.js").Member} Member */

const KEY_LENGTH = 32;
/** With no `execute` to wait for: time for the commit to reach everybody before frames under it do. */
const OWN_EPOCH_DELAY = 250;

/** This member's place among those who may commit; null if it is not in the roster. @param {Member[]} members */
export function rankIn(members) {
  const rank = members.filter(({ isEligible }) => isEligible).findIndex(({ isSelf }) => isSelf);
  return rank < 0 ? null : rank;
}

/**
 * Makes the epoch for a log position, and announces it to its members.
 * @param {CallState} call
 * @param {{cause: import("../commit.js").RekeyCause, advised: number, headN: number}} wanted `advised` is the relay's
 *   epoch, or 0 when the clients act on their own
 * @param {number} now
 * @returns {Promise<boolean>} false if it could not be made
 */
export async function commit(call, { cause, advised, headN }, now) {
  const snapshot = call.log?.snapshot(headN);
  if (!snapshot || rankIn(snapshot.members) === null) return false;
  const holders = snapshot.members.filter(({ isEligible }) => isEligible);
  const { newest } = call;
  const base = newest && canRatchet(call, newest, holders, cause, now) ? newest : null;
  const keyRosterHash = await rosterHash(holders, call.room, call.pq);
  const epoch = Math.max(advised, Math.max(newest?.epoch ?? 0, call.highestHeard) + 1);
  if (epoch > MAXIMUM_EPOCH) return false;
  call.strayed = null;
  const key = base ? await ratchet(base.key, keyRosterHash) : randomBytes(KEY_LENGTH);
  const others = holders.filter(({ isSelf }) => !isSelf);
  const receivers = others.filter((member) => !base?.holds(member));
  const suites = [...receivers.map(({ suite }) => suite), ...(base ? [base.header.weakest] : [])];
  const header = {
    kind: base ? "ratchet" : "fresh", cause, weakest: weakest(suites) ?? call.offered[0], epoch, advised,
    origin: call.ownJoinIndex, sender: call.ownJoinIndex, headN: snapshot.n, headHash: snapshot.headHash,
    rosterHash: await rosterHash(snapshot.members, call.room, call.pq), keyRosterHash, baseEpoch: base?.epoch ?? 0,
    baseID: base?.id ?? new Uint8Array(EPOCH_ID_LENGTH),
    confirmation: await confirmation(key, epoch, snapshot.headHash, keyRosterHash), room: call.room,
    senderBundleHash: call.bundleHash, entries: [],
    excluded: snapshot.members.filter(({ isEligible }) => !isEligible).map(({ joinIndex }) => joinIndex),
  };
  const made = await seal(call, header, key, receivers);
  if (!made) {
    wipe(key);
    return false;
  }
  if (others.length > 0) await call.sendToAll(concat(made.headerBytes, made.signature));
  const commitHash = await call.pq.sha3_256(made.headerBytes);
  for (const receiver of receivers) {
    await call.send({ type: "wrappedKey", commitHash, wrapped: made.wrapped.get(receiver.joinIndex) }, receiver);
  }
  await install(
    call, { header: made.header, headerBytes: made.headerBytes, key, holders, isOwn: true }, now);
  return true;
}

/**
 * When the change to an epoch began for this member.
 * @param {CallState} call
 * @param {number} advised
 * @param {number} now
 */
export function begunAt(call, advised, now) {
  return advised > 0 && call.preparation?.epoch === advised ? call.preparation.at : now;
}

/** The latest switch to an epoch accepted now. @param {CallState} call @param {number} advised @param {number} now */
export function activationLimit(call, advised, now) {
  if (advised === 0) return now + OWN_EPOCH_DELAY;
  return call.preparation?.epoch === advised ? call.preparation.deadline : now + call.policy.deadline;
}

/**
 * Gives the key of the epoch in use, once more, to a member that missed it.
 * @param {CallState} call
 * @param {Member} member
 */
export async function catchUp(call, member, now) {
  const { sending } = call;
  if (!sending?.holds(member) || !member.isEligible || !call.isDue(member.lastCatchUp, now)) return;
  // What everybody was told of the epoch's strength stays true.
  if (!isAtLeast(member.suite, sending.header.weakest)) return;
  member.lastCatchUp = now;
  const header = {
    ...sending.header, kind: "catchUp", sender: call.ownJoinIndex, senderBundleHash: call.bundleHash, baseEpoch: 0,
    baseID: new Uint8Array(EPOCH_ID_LENGTH), entries: [],
  };
  const made = await seal(call, header, sending.key, [member]);
  if (!made) return;
  const whole = concat(made.headerBytes, made.signature, made.wrapped.get(member.joinIndex));
  await call.send({ type: "commit", commit: whole }, member);
}

/** Wraps and signs once; null if that failed. */
async function seal(call, incomplete, key, receivers) {
  const header = { ...incomplete, entries: [...incomplete.entries] };
  const wrapped = new Map();
  try {
    for (const { joinIndex, suite, agreement, bundle, bundleHash } of receivers) {
      const offers = { sender: call.offeredBytes, recipient: bundle.offeredBytes };
      const bound = binding(header, call.bundleHash, bundleHash);
      const { bytes } = await WrappedKey.make(key, suite, agreement, offers, bound, call.pq);
      wrapped.set(joinIndex, bytes);
      const { generation } = agreement;
      header.entries.push({ joinIndex, suite, generation, hash: await call.pq.sha3_256(bytes) });
    }
    const headerBytes = encodeHeader(header);
    return { header, headerBytes, signature: await call.sign(headerBytes, COMMIT_CONTEXT), wrapped };
  } catch {
    call.emit({ type: "rekeyFailed", epoch: header.epoch, reason: "badWrappedKey" });
    return null;
  }
}

/** A ratchet is enough when nobody left and the key is not due for renewal. */
function canRatchet(call, base, holders, cause, now) {
  if (cause === "periodic" || base.epoch < call.highestHeard) return false;
  return isAtLeast(base.header.weakest, call.policy.floor(now)) && base.isContainedIn(holders);
}

/** What a commit's wrapped key is bound to. */
export function binding({ room, epoch, keyRosterHash, headN, headHash }, sender, recipient) {
  return { room, epoch, rosterHash: keyRosterHash, headN, headHash, sender, recipient };
}
