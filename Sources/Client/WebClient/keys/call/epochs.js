// The relay's advice, and when this member takes, uses and retires epochs (PROTOCOL.md sections 9 and 10).
import { equal, toHex, wipe } from "../../crypto/bytes.js";
import { EpochKeys, epochID } from "../epoch-keys.js";
import { decoded, isPosition, rosterHash } from "../room-log.js";
import { activationLimit, begunAt } from "./commit.js";
import { MAXIMUM_ADVICE } from "./state.js";
import { runDue } from "./timers.js";

/** @typedef {import("./state.js").CallState} CallState */

const CAUSES = ["join", "leave", "mixed", "periodic"];
// Spread over two seconds, or a hundred members would verify ten thousand signatures at once.
const ROTATION_STEP = 20;
const ROTATION_PLACES = 100;

/**
 * The relay's advice to prepare or to execute an epoch.
 * @param {CallState} call
 * @param {any} rekey
 * @param {number} now
 */
export async function rekey(call, rekey, now) {
  if (!call.log || !isPosition(rekey?.epoch)) return;
  if (rekey.phase === "prepare") await prepare(call, rekey, now);
  // Of an epoch that was not prepared here it says nothing; a wild number would hide those to come.
  const known = Math.max(call.answeredAdvice, call.preparation?.epoch ?? 0);
  if (rekey.phase === "execute" && rekey.epoch <= known) {
    call.executedAdvice = Math.max(call.executedAdvice, rekey.epoch);
  }
  await runDue(call, now);
}

async function prepare(call, { epoch, cause, head, rosterHash: named, deadlineMs }, now) {
  const known = Math.max(call.executedAdvice, call.answeredAdvice, call.preparation?.epoch ?? 0);
  if (epoch <= known || epoch > MAXIMUM_ADVICE || !CAUSES.includes(cause)) return;
  if (head?.n < (call.newest?.header.headN ?? 0)) return;
  const snapshot = call.log.snapshot(head?.n);
  const [headHash, hash] = [decoded(head?.hash), decoded(named)];
  const isKnown =
    snapshot && headHash && hash && equal(snapshot.headHash, headHash) &&
    equal(await rosterHash(snapshot.members, call.room, call.pq), hash);
  if (!isKnown) return call.emit({ type: "relayInconsistent", inconsistency: "rosterMismatch" });
  const wait = Math.min(isPosition(deadlineMs) ? deadlineMs : Infinity, call.policy.deadline);
  call.preparation = { epoch, cause, headN: head.n, at: call.preparation?.at ?? now, deadline: now + wait };
}

/**
 * Takes an epoch's keys. The first for an advised epoch is reported to the relay.
 * @param {CallState} call
 * @param {{header: import("../commit.js").CommitHeader, headerBytes: Uint8Array, key: Uint8Array,
 *   holders: import("../member.js").Member[], isOwn: boolean}} taken
 * @param {number} now
 */
export async function install(call, { header, headerBytes, key, holders, isOwn }, now) {
  const { advised } = header;
  const id = await epochID(key, header.epoch);
  if (call.epochs.some((held) => held.is(header.epoch, id))) {
    wipe(key);
    return answer(call, advised);
  }
  // With the key went what is known of frames that were opened under it: they would open once more.
  if (call.erasedKeys.includes(toHex(id))) return wipe(key);
  const { newest } = call;
  if (header.kind !== "catchUp" && header.epoch > (newest?.epoch ?? 0)) {
    call.budget.spend(header.headN > (newest?.header.headN ?? 0), now);
  }
  const epoch = new EpochKeys({
    header, headerBytes, key, id, isOwn, senders: sendersOf(call, holders), begunAt: begunAt(call, advised, now),
    acceptedAt: now, activateBy: activationLimit(call, advised, now),
  });
  const base = call.epochs.find((held) => held.is(header.baseEpoch, header.baseID));
  if (header.kind === "ratchet" && base) epoch.renewedAt = base.renewedAt;
  const keys = { id: epoch.mediaID, epoch: epoch.epoch, self: call.ownJoinIndex, senders: await epoch.mediaSenders() };
  call.media.addEpoch(keys);
  call.epochs.push(epoch);
  noteDeparted(call, epoch);
  // The loser of a race still opens the frames of those who have not heard of the winner.
  if (call.sending && !epoch.isBetterThan(call.sending)) retire(call, epoch, now);
  for (const member of call.log.members) {
    if (epoch.holds(member)) member.awaitsReadmission = false;
  }
  answer(call, advised);
}

/**
 * A key can come after the leave of one who holds it, which no key that was here before gave away. The deadline runs
 * from the moment the leave was learned.
 */
function noteDeparted(call, epoch) {
  for (const { joinIndex, leave } of call.departures) {
    if (leave.n <= epoch.header.headN || !epoch.senders.has(joinIndex)) continue;
    if (!call.pendingLeaves.some(({ n }) => n === leave.n)) call.pendingLeaves.push(leave);
  }
  call.pendingLeaves.sort((a, b) => a.learnedAt - b.learnedAt);
}

/**
 * Forgets who left before every position that an epoch can still be of: one that waits, or one that is still to come.
 * The epoch in use says nothing of that: a later one may be of an earlier position.
 */
function forgetDepartures(call) {
  const held = call.epochs.filter(({ retireAt }) => retireAt === Infinity);
  const oldest = Math.min(call.log.oldest, ...held.map(({ header }) => header.headN));
  call.departures = call.departures.filter(({ leave }) => leave.n > oldest);
}

function sendersOf(call, holders) {
  return new Map(
    holders.map(({ joinIndex, id, isSelf, bundle }) => {
      const suite = isSelf ? call.policy.sframeSuite : bundle.sframeSuite;
      return [joinIndex, { id, suite }];
    }));
}

function retire(call, epoch, now) {
  if (epoch.retireAt !== Infinity) return;
  epoch.retireAt = now + call.policy.overlap;
  // The worker keeps the time, too: a page in the background is not woken.
  call.media.retire(epoch.mediaID, call.policy.overlap);
}

function answer(call, advised) {
  if (advised <= call.answeredAdvice) return;
  call.answeredAdvice = advised;
  if (call.preparation && call.preparation.epoch <= advised) call.preparation = null;
  call.actions.push({ type: "ready", epoch: advised });
}

/** Switches to every epoch whose time has come, in order. @param {CallState} call @param {number} now */
export function activateDue(call, now) {
  const better = call.epochs.filter((epoch) => isPending(call, epoch));
  better.sort((a, b) => (b.isBetterThan(a) ? -1 : 1));
  for (const epoch of better) {
    if (now >= activationTime(call, epoch)) activate(call, epoch, now);
  }
}

/** Whether this member has yet to switch to an epoch. @param {CallState} call @param {EpochKeys} epoch */
export function isPending(call, epoch) {
  return epoch.retireAt === Infinity && (!call.sending || epoch.isBetterThan(call.sending));
}

/**
 * When this member switches to an epoch that it holds: at once for an epoch that others send under already.
 * @param {CallState} call
 * @param {EpochKeys} epoch
 */
export function activationTime(call, epoch) {
  const { kind, advised, headN } = epoch.header;
  const isExecuted = advised > 0 && call.executedAdvice >= advised;
  if (kind === "catchUp" || epoch.epoch === call.sending?.epoch || isExecuted) return epoch.acceptedAt;
  // However late the relay is, a leave that the epoch reflects is acted upon within the deadline.
  const leave = call.pendingLeaves.find(({ n }) => n <= headN);
  return leave ? Math.min(leave.learnedAt + call.policy.deadline, epoch.activateBy) : epoch.activateBy;
}

function activate(call, epoch, now) {
  const { cause, weakest, headN, origin, entries } = epoch.header;
  call.media.activate(epoch.mediaID);
  for (const other of call.epochs) {
    if (other !== epoch && !other.isBetterThan(epoch)) retire(call, other, now);
  }
  call.sending = epoch;
  epoch.activatedAt = now;
  call.pendingLeaves = call.pendingLeaves.filter(({ n }) => n > headN);
  forgetDepartures(call);
  noteDeparted(call, epoch);
  call.isSendingBlocked = false;
  if (cause === "periodic") {
    const place = call.log.members.findIndex(({ isSelf }) => isSelf);
    call.rotateAt = now + Math.min(place, ROTATION_PLACES) * ROTATION_STEP;
  }
  call.metrics.epochsActivated += 1;
  const suites = {};
  for (const { suite } of entries) suites[suite.name] = (suites[suite.name] ?? 0) + 1;
  const wasCommitter = epoch.isOwn && origin === call.ownJoinIndex;
  call.emit({
    type: "epochActive", epoch: epoch.epoch, cause, suites, weakest: weakest.name, wasCommitter,
    milliseconds: now - epoch.begunAt,
  });
  if (weakest.is1024) return;
  call.metrics.fallbacks += 1;
  call.emit({ type: "fallback", epoch: epoch.epoch, suite: weakest.name });
}
