// Sealed messages from other members (PROTOCOL.md sections 7 and 11).
import { equal, toHex } from "../../crypto/bytes.js";
import { CryptoError } from "../../crypto/errors.js";
import { parseCommit } from "../commit.js";
import { KeysError } from "../errors.js";
import { groupKey, GROUP_VERSION, openFromGroup } from "../group-channel.js";
import { KEY_UPDATE_CONTEXT, KeyRequest, keyUpdateBytes, parseMessage } from "../sealed-message.js";
import { catchUp, rankIn } from "./commit.js";
import { identify, reintroduce } from "./people.js";
import { bytesOf, EPOCH_WINDOW, MAXIMUM_EPOCH, REPEAT_INTERVAL, TRANSITION_GRACE } from "./state.js";
import { runDue } from "./timers.js";
import { receiveCommit } from "./verify.js";

/** @typedef {import("./state.js").CallState} CallState */
/** @typedef {import("../member.js").Member} Member */

const KEY_REQUEST_INTERVAL = 250;
const JUDGED_LIMIT = 64;

/**
 * A `sealed` message of the relay. Anything that is not authentic is dropped without a trace.
 * @param {CallState} call
 * @param {any} message
 * @param {number} now
 */
export async function receive(call, message, now) {
  const sender = call.log?.member(message?.from);
  const body = bytesOf(message?.body);
  if (!sender || sender.isSelf || !body) return;
  if (body[0] === GROUP_VERSION) {
    await receiveAnnouncement(call, body, sender, now);
    return runDue(call, now);
  }
  const opened = await orNull(() => sender.channel?.open(body) ?? null);
  const content = opened && parseMessage(opened);
  if (!content) return;
  heard(call, sender, now);
  await act(call, content, sender, now);
  await runDue(call, now);
}

async function act(call, content, sender, now) {
  switch (content.type) {
    case "heartbeat":
      return receiveHeartbeat(call, content.heartbeat, sender, now);
    case "commit":
      return receiveCommit(call, content.commit, sender, now);
    case "keyUpdate":
      return receiveKeyUpdate(call, content, sender);
    case "keyRequest":
      if (content.request === KeyRequest.epoch) return catchUp(call, sender, now);
      if (content.request === KeyRequest.keyUpdate) return sendKeyUpdate(call, sender, now);
      return reintroduce(call, sender, now);
    case "wrappedKey": {
      const whole = call.inbox.wrappedKey(content, sender.id);
      return whole && receiveCommit(call, whole, sender, now);
    }
    case "profile":
      return identify(call, sender, content.name);
    case "chat":
      return call.emit({ type: "chat", member: sender.id, text: content.text });
  }
}

/**
 * The part of a commit that goes to all. It counts as authentic only once its signature is verified, so it is no sign
 * of life.
 */
async function receiveAnnouncement(call, sealed, sender, now) {
  if (!sender.isAuthentic) return;
  const key = await groupKey(sender.bundleHash, call.invite.pairwiseSecret);
  const bytes = await orNull(() => openFromGroup(sealed, key));
  if (!bytes) return;
  const commit = parseCommit(bytes);
  if (!commit || commit.wrapped) return call.emit({ type: "rekeyFailed", epoch: 0, reason: "malformed" });
  // Repeated, it must not cost a signature check each time.
  const hash = await call.pq.sha3_256(commit.signedBytes);
  const isHeld = call.epochs.some(({ headerBytes }) => equal(headerBytes, commit.signedBytes));
  if (isHeld || call.judgedCommits.includes(toHex(hash))) return;
  const isForThis = commit.header.entries.some(({ joinIndex }) => joinIndex === call.ownJoinIndex);
  const whole = isForThis ? call.inbox.announcement(bytes, hash, sender.id) : bytes;
  if (!whole) return;
  noteJudged(call, hash, commit.header);
  await receiveCommit(call, whole, sender, now);
}

/** One whose log position is still to come waits, and is judged then. */
function noteJudged(call, hash, { headN }) {
  if (headN <= call.log.n) call.judgedCommits = [...call.judgedCommits, toHex(hash)].slice(-JUDGED_LIMIT);
}

function heard(call, member, now) {
  member.lastHeard = now;
  if (member.silentSince === null) return;
  member.silentSince = null;
  member.awaitsReadmission = true;
  call.emit({ type: "memberHeard", member: member.id });
}

async function receiveHeartbeat(call, { headN, headHash, epoch, epochID, generation }, sender, now) {
  compareHead(call, { n: headN, hash: headHash }, sender);
  noteLag(call, sender, now);
  // Nobody is ahead by more than a few changes; a wild number would use the key identifiers up.
  const limit = Math.min((call.newest?.epoch ?? call.highestHeard) + EPOCH_WINDOW, MAXIMUM_EPOCH);
  if (sender.isEligible && epoch <= limit) call.highestHeard = Math.max(call.highestHeard, epoch);
  if (generation > sender.agreement.generation && call.isDue(sender.lastUpdateRequest, now)) {
    sender.lastUpdateRequest = now;
    await call.send({ type: "keyRequest", request: KeyRequest.keyUpdate }, sender);
  }
  const current = call.sending?.epoch ?? 0;
  if (call.epochs.some((held) => held.is(epoch, epochID))) {
    sender.unheld = null;
    if (epoch >= current) return;
  } else if (epoch > 0 && epoch >= current && now >= call.joinedAt + TRANSITION_GRACE) {
    noteUnheld(call, sender, epoch, toHex(epochID), now);
    await requestEpoch(call, sender, now);
  }
  // The member sends under another key than this one: the first in rank helps it.
  const { sending } = call;
  if (!sending || now < sending.activatedAt + TRANSITION_GRACE) return;
  const helpers = call.log.members.filter(({ joinIndex }) => joinIndex !== sender.joinIndex);
  if (sending.holds(sender) && epoch <= sending.epoch && rankIn(helpers) === 0) await catchUp(call, sender, now);
}

/**
 * A member goes on under a key that it was asked for in vain: it leaves this member out, or its epoch is of an earlier
 * log position than this one's. Only an epoch above both brings them together.
 */
function noteUnheld(call, sender, epoch, id, now) {
  if (sender.unheld?.id !== id) {
    sender.unheld = { id, since: now };
    return;
  }
  const isClear = now >= sender.unheld.since + 2 * REPEAT_INTERVAL;
  if (!isClear || call.strayed?.epoch === epoch || epoch > call.highestHeard) return;
  call.strayed = { epoch, at: now };
  // Until it is clear again that it does not help, one epoch is enough.
  sender.unheld = null;
}

/** Asks a member for the key it sends under. @param {CallState} call @param {Member} member @param {number} now */
export async function requestEpoch(call, member, now) {
  if (!call.isDue(member.lastEpochRequest, now)) return;
  member.lastEpochRequest = now;
  await call.send({ type: "keyRequest", request: KeyRequest.epoch }, member);
}

/**
 * Asks a frame's sender for its key, if the frame is of an epoch that this member should have: its commit was lost, or
 * its maker died with it half delivered.
 * @param {CallState} call
 * @param {{epoch: number, joinIndex: number}} identifier
 * @param {number} now
 */
export async function requestFrameKey(call, { epoch, joinIndex }, now) {
  // Frames are the relay's to forge, so this is bounded; and a joiner's first key is on its way unasked.
  if (now < call.joinedAt + TRANSITION_GRACE || now < call.mayRequestKeyAt) return;
  const sender = call.log?.memberAt(joinIndex);
  if (epoch < (call.sending?.epoch ?? 0) || !sender?.isEligible || sender.isSelf) return;
  call.mayRequestKeyAt = now + KEY_REQUEST_INTERVAL;
  await requestEpoch(call, sender, now);
}

function compareHead(call, head, sender) {
  sender.claimedHead = head.n > call.log.n ? head : null;
  const own = head.n <= call.log.n ? call.log.head(head.n) : null;
  if (own && !equal(own, head.hash)) reportMismatch(call, sender);
}

/**
 * The relay sends entries and heartbeats in order: a member that stays ahead is shown entries that are kept from this
 * one.
 */
function noteLag(call, sender, now) {
  sender.aheadSince = sender.claimedHead ? (sender.aheadSince ?? now) : null;
  if (sender.aheadSince !== null && now >= sender.aheadSince + call.policy.deadline) reportMismatch(call, sender);
}

function reportMismatch(call, sender) {
  if (sender.mismatchReported) return;
  sender.mismatchReported = true;
  call.emit({ type: "logMismatch", member: sender.id });
}

/** Compares the heads of members that were ahead, now that the log has grown. @param {CallState} call */
export function compareClaimedHeads(call) {
  for (const member of call.log.members) {
    if (member.claimedHead && member.claimedHead.n <= call.log.n) compareHead(call, member.claimedHead, member);
  }
}

async function receiveKeyUpdate(call, { keys, signature }, sender) {
  if (keys.generation <= sender.agreement.generation) return;
  const signed = keyUpdateBytes(keys, call.room, sender.bundleHash);
  if (!(await call.verify(sender.bundle.identity, signature, signed, KEY_UPDATE_CONTEXT))) return;
  if (await keys.isUsable(sender.bundle.suites, call.channelKey, call.pq)) sender.agreement = keys;
}

/** Sends this member's agreement keys to one who may not have them. @param {CallState} call @param {Member} member */
export async function sendKeyUpdate(call, member, now) {
  if (!call.isDue(member.lastUpdateSent, now)) return;
  member.lastUpdateSent = now;
  await call.send(await keyUpdate(call), member);
}

/** @param {CallState} call @returns {Promise<import("../sealed-message.js").SealedMessage>} */
export async function keyUpdate(call) {
  const keys = call.agreement.publicKeys;
  const signature = await call.sign(keyUpdateBytes(keys, call.room, call.bundleHash), KEY_UPDATE_CONTEXT);
  return { type: "keyUpdate", keys, signature };
}

async function orNull(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeysError || error instanceof CryptoError) return null;
    throw error;
  }
}
