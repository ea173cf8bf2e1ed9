// Verifies commits of others and takes their keys (PROTOCOL.md section 8).
import { equal, wipe } from "../../crypto/bytes.js";
import { COMMIT_CONTEXT, parseCommit } from "../commit.js";
import { confirmation, ratchet } from "../epoch-keys.js";
import { rosterHash } from "../room-log.js";
import { isAtLeast, strongest } from "../suites.js";
import { binding } from "./commit.js";
import { install } from "./epochs.js";
import { requestEpoch, sendKeyUpdate } from "./receive.js";
import { MAXIMUM_EPOCH } from "./state.js";

/** @typedef {import("./state.js").CallState} CallState */
/** @typedef {import("../member.js").Member} Member */
/**
 * Why a commit was refused.
 * @typedef {"malformed" | "rosterMismatch" | "excluded" | "unauthenticatedMember" | "weakSuite" | "badSignature" |
 *   "badWrappedKey" | "badConfirmation" | "badBase"} RekeyFailure
 */

const STASH_LIMIT = 16;

/** A commit that is not taken; `reason` is null if it is of no interest to this member. */
class Refusal extends Error {
  constructor(reason) {
    super(reason ?? "ignored");
    this.reason = reason;
  }
}

/**
 * Verifies a commit and takes its key. A commit for a log position that is not known yet waits for it.
 * @param {CallState} call
 * @param {Uint8Array} bytes
 * @param {Member} sender
 * @param {number} now
 */
export async function receiveCommit(call, bytes, sender, now) {
  const commit = parseCommit(bytes);
  if (!commit) return call.emit({ type: "rekeyFailed", epoch: 0, reason: "malformed" });
  const { header, signedBytes } = commit;
  if (header.headN > call.log.n) {
    if (call.stash.length < STASH_LIMIT) call.stash.push({ from: sender.id, bytes });
    return;
  }
  let key = null;
  try {
    const holders = await verify(call, commit, sender, now);
    key = await keyOf(call, commit, sender, holders, now);
    const confirmed = await confirmation(key, header.epoch, header.headHash, header.keyRosterHash);
    refuseUnless(equal(confirmed, header.confirmation), "badConfirmation");
    await install(call, { header, headerBytes: signedBytes, key, holders, isOwn: false }, now);
  } catch (error) {
    if (key) wipe(key);
    if (!(error instanceof Refusal)) throw error;
    if (error.reason) call.emit({ type: "rekeyFailed", epoch: header.epoch, reason: error.reason });
  }
}

/** Takes commits out of the stash whose log position is known by now. @param {CallState} call @param {number} now */
export async function processStash(call, now) {
  const waiting = call.stash;
  call.stash = [];
  for (const { from, bytes } of waiting) {
    const sender = call.log?.member(from);
    if (sender) await receiveCommit(call, bytes, sender, now);
  }
}

/** Checks everything but the key, the signature last because it costs most. Returns who holds the key. */
async function verify(call, { header, signature, signedBytes }, sender, now) {
  const { sending, log } = call;
  refuseUnless(header.epoch >= (sending?.epoch ?? 0) && header.headN >= (sending?.header.headN ?? 0), null);
  // What goes to all also reaches those who came after it.
  refuseUnless(header.headN >= call.ownJoinIndex, null);
  const isSenders = header.sender === sender.joinIndex && equal(header.senderBundleHash, sender.bundleHash);
  const isInRange = header.epoch > 0 && header.epoch <= MAXIMUM_EPOCH;
  const isOriginal = header.kind === "catchUp" || header.origin === header.sender;
  refuseUnless(isSenders && equal(header.room, call.room) && isInRange && isOriginal, "malformed");
  const holders = await holdersOf(call, header, log.snapshot(header.headN));
  // The header names the weakest suite on the key's way, and may not name a stronger one than its own entries show.
  const isStrong = isAtLeast(header.weakest, call.policy.floor(now));
  refuseUnless(isStrong && header.entries.every(({ suite }) => isAtLeast(suite, header.weakest)), "weakSuite");
  if (header.kind === "fresh") {
    const expected = holders.map(({ joinIndex }) => joinIndex).filter((joinIndex) => joinIndex !== header.sender);
    const isComplete =
      header.entries.length === expected.length &&
      header.entries.every(({ joinIndex }, place) => joinIndex === expected[place]);
    refuseUnless(isComplete, "rosterMismatch");
  }
  refuseUnless(sender.bundle, "badSignature");
  refuseUnless(await call.verify(sender.bundle.identity, signature, signedBytes, COMMIT_CONTEXT), "badSignature");
  return holders;
}

async function holdersOf(call, header, snapshot) {
  refuseUnless(snapshot && equal(snapshot.headHash, header.headHash), "rosterMismatch");
  refuseUnless(equal(await rosterHash(snapshot.members, call.room, call.pq), header.rosterHash), "rosterMismatch");
  refuseUnless(snapshot.members.some(({ isSelf }) => isSelf), null);
  const excluded = new Set(header.excluded);
  refuseUnless(!excluded.has(call.ownJoinIndex), "excluded");
  const holders = snapshot.members.filter(({ joinIndex }) => !excluded.has(joinIndex));
  refuseUnless(holders.every(({ isAuthentic }) => isAuthentic), "unauthenticatedMember");
  const isNamed = equal(await rosterHash(holders, call.room, call.pq), header.keyRosterHash);
  refuseUnless(isNamed && holders.some(({ joinIndex }) => joinIndex === header.sender), "rosterMismatch");
  return holders;
}

/** The epoch's key: unwrapped if an entry is for this member, else ratcheted. */
async function keyOf(call, commit, sender, holders, now) {
  const { header } = commit;
  const base = call.epochs.find((epoch) => epoch.is(header.baseEpoch, header.baseID));
  if (header.kind === "ratchet" && base) {
    refuseUnless(base.isContainedIn(holders), "badBase");
    refuseUnless(isAtLeast(base.header.weakest, header.weakest), "weakSuite");
  }
  const entry = header.entries.find(({ joinIndex }) => joinIndex === call.ownJoinIndex);
  if (entry) return unwrap(call, commit, entry, sender, now);
  refuseUnless(header.kind === "ratchet", "malformed");
  if (!base) {
    await requestEpoch(call, sender, now);
    throw new Refusal("badBase");
  }
  return ratchet(base.key, header.keyRosterHash);
}

async function unwrap(call, { header, wrapped }, entry, sender, now) {
  const isNamed = wrapped && wrapped.suite === entry.suite && wrapped.generation === entry.generation;
  refuseUnless(isNamed && equal(await call.pq.sha3_256(wrapped.bytes), entry.hash), "badWrappedKey");
  refuseUnless(entry.suite === strongest(call.offered, sender.bundle.suites), "weakSuite");
  const held = [call.agreement, call.previousAgreement?.keys].filter((keys) => keys);
  const keys = held.find(({ publicKeys }) => publicKeys.generation === entry.generation);
  if (!keys) {
    // Wrapped to keys that are erased: the sender has not heard of the newer ones.
    await sendKeyUpdate(call, sender, now);
    await requestEpoch(call, sender, now);
    throw new Refusal("badWrappedKey");
  }
  const offers = { sender: sender.bundle.offeredBytes, recipient: call.offeredBytes };
  try {
    return await wrapped.open(keys, offers, binding(header, sender.bundleHash, call.bundleHash), call.pq);
  } catch {
    throw new Refusal("badWrappedKey");
  }
}

function refuseUnless(condition, reason) {
  if (!condition) throw new Refusal(reason);
}
