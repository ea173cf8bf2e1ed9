// Everything that is due at a time (PROTOCOL.md sections 9 to 12).
import { toHex } from "../../crypto/bytes.js";
import { AgreementPrivateKeys } from "../agreement.js";
import { EPOCH_ID_LENGTH } from "../sealed-message.js";
import { commit, rankIn } from "./commit.js";
import { activateDue, activationTime, isPending } from "./epochs.js";
import { rejectForSuite } from "./membership.js";
import { keyUpdate } from "./receive.js";

/** @typedef {import("./state.js").CallState} CallState */

const ERASED_KEYS_LIMIT = 64;

/** The common end of every input: whatever is due now is done, and the next deadline is set. @param {CallState} call */
export async function runDue(call, now) {
  eraseDue(call, now);
  findSilent(call, now);
  refuseFallbackDue(call, now);
  await commitDue(call, now);
  activateDue(call, now);
  blockIfOverdue(call, now);
  await beatDue(call, now);
  await rotateDue(call, now);
  call.nextDeadline = earliestDeadline(call);
}

function eraseDue(call, now) {
  for (const epoch of call.epochs.filter(({ retireAt }) => retireAt <= now)) {
    call.media.retire(epoch.mediaID);
    call.erasedKeys = [...call.erasedKeys, toHex(epoch.id)].slice(-ERASED_KEYS_LIMIT);
    epoch.erase();
  }
  call.epochs = call.epochs.filter(({ retireAt }) => retireAt > now);
  if (call.previousAgreement && call.previousAgreement.eraseAt <= now) {
    call.previousAgreement.keys.destroy();
    call.previousAgreement = null;
  }
}

function findSilent(call, now) {
  if (!call.log || now < call.silenceCheckAt) return;
  let next = Infinity;
  for (const member of call.others) {
    if (!member.isAuthentic || member.silentSince !== null) continue;
    const limit = member.lastHeard + call.policy.silence;
    if (now >= limit) {
      member.silentSince = now;
      call.emit({ type: "memberSilent", member: member.id });
    } else {
      next = Math.min(next, limit);
    }
  }
  call.silenceCheckAt = next;
}

/**
 * Ends what the policy allowed for a time only: members that have nothing better than a 768 suite get no more keys, and
 * an epoch that was made by one is replaced, or sealing stops at the deadline.
 */
function refuseFallbackDue(call, now) {
  if (!call.log || call.hasRefusedFallback || now < call.policy.refuse768After) return;
  call.hasRefusedFallback = true;
  for (const member of call.others) {
    if (!member.suite || member.suite.is1024) continue;
    member.suite = null;
    rejectForSuite(call, member.id, member.bundle);
  }
  const { newest } = call;
  if (newest && !newest.header.weakest.is1024) call.pendingLeaves.push({ n: call.log.n, learnedAt: now });
}

async function commitDue(call, now) {
  if (!call.log) return;
  const { preparation } = call;
  const due = preparationDue(call);
  if (preparation && due !== null && now >= due) {
    if (due > preparation.at) call.emit({ type: "committerFailover", epoch: preparation.epoch });
    const { cause, epoch, headN } = preparation;
    await commit(call, { cause, advised: epoch, headN }, now);
    call.preparation = null;
  }
  const own = ownCommitDue(call);
  if (!own || now < own.at) return;
  if (!(await commit(call, { cause: own.cause, advised: 0, headN: call.log.n }, now))) {
    call.retryCommitAt = now + call.policy.failover;
  }
}

/** When this member commits the prepared epoch, unless somebody before it in rank has. */
function preparationDue(call) {
  const { preparation } = call;
  const snapshot = preparation && call.log?.snapshot(preparation.headN);
  const rank = snapshot ? rankIn(snapshot.members) : null;
  return rank === null ? null : Math.max(preparation.at + call.policy.failover * rank, call.budget.nextAt);
}

/** When this member commits without the relay's advice, and why. */
function ownCommitDue(call) {
  const wanted = wantedCommit(call);
  // A commit that failed is tried again, but not at once for ever.
  return wanted && { ...wanted, at: Math.max(wanted.at, call.retryCommitAt) };
}

function wantedCommit(call) {
  const { log, newest, policy, preparation } = call;
  const rank = log ? rankIn(log.members) : null;
  if (rank === null) return null;
  const wait = policy.failover * rank;
  if (!newest) {
    // Nobody gave this member a key, and those who have one would have by now.
    return preparation ? null : { at: call.joinedAt + 2 * policy.heartbeat + wait, cause: "join" };
  }
  const reasons = [{ at: newest.renewedAt + policy.maximumEpochAge + wait, cause: "periodic" }];
  const leave = call.pendingLeaves.find(({ n }) => n > newest.header.headN && n > (preparation?.headN ?? 0));
  if (leave) reasons.push({ at: leave.learnedAt + policy.adviceWait + wait, cause: "leave" });
  if (!preparation) {
    if (call.strayed && call.strayed.epoch >= newest.epoch) {
      reasons.push({ at: Math.max(call.strayed.at + wait, call.budget.nextAt), cause: "mixed" });
    }
    reasons.push({ at: missingSince(call, newest), cause: "join" });
    // Silence is each member's own observation, so only the first in rank acts on it.
    if (rank === 0) reasons.push(...firstInRankReasons(call, newest));
  }
  return reasons.reduce((first, reason) => (reason.at < first.at ? reason : first));
}

/**
 * When this member lets in, without advice, a live member that the newest epoch leaves out; Infinity if there is none.
 *
 * Such a one was found silent, or is a joiner for whom the relay prepared nothing, or has come to hold another epoch
 * than this one. The rank counts among those who hold the epoch: the one left out may be the first of all, and cannot
 * help itself. Whoever found it silent takes it back at once; the others wait for a heartbeat's time, in case the
 * relay's advice comes or it is silent to the first of them.
 */
function missingSince(call, newest) {
  const rank = rankIn(call.log.members.filter((member) => newest.holds(member)));
  if (rank === null) return Infinity;
  const missing = call.others.map((member) => {
    if (!member.isEligible || newest.holds(member)) return Infinity;
    if (member.awaitsReadmission) return member.lastHeard;
    const since = Math.max(newest.acceptedAt, member.admittedAt);
    // Only what was heard shows that it is there.
    return member.lastHeard > since ? since + call.policy.heartbeat : Infinity;
  });
  return Math.min(...missing) + call.policy.failover * rank;
}

function firstInRankReasons(call, newest) {
  const reasons = [];
  if (call.hasRefusedFallback && !newest.header.weakest.is1024) {
    reasons.push({ at: call.policy.refuse768After, cause: "leave" });
  }
  for (const member of call.others) {
    if (member.silentSince !== null && newest.holds(member)) {
      reasons.push({ at: member.silentSince, cause: "leave" });
    }
  }
  return reasons;
}

/** Fails closed: after the deadline nothing is sealed under a key that a departed member has. */
function blockIfOverdue(call, now) {
  const [leave] = call.pendingLeaves;
  if (call.isSendingBlocked || !leave || now < leave.learnedAt + call.policy.deadline) return;
  call.isSendingBlocked = true;
  call.media.block();
  call.emit({ type: "sendingBlocked" });
}

async function beatDue(call, now) {
  if (!call.log || now < call.heartbeatAt) return;
  const { log, sending, agreement } = call;
  const heartbeat = {
    headN: log.n, headHash: log.headHash, epoch: sending?.epoch ?? 0,
    epochID: sending?.id ?? new Uint8Array(EPOCH_ID_LENGTH), generation: agreement.publicKeys.generation,
  };
  for (const member of call.others) await call.send({ type: "heartbeat", heartbeat }, member);
  call.heartbeatAt = now + call.policy.heartbeat;
}

/** Replaces the agreement keys after a periodic epoch and tells everybody. */
async function rotateDue(call, now) {
  if (!call.log || now < call.rotateAt) return;
  call.rotateAt = Infinity;
  const generation = call.agreement.publicKeys.generation + 1;
  const next = await AgreementPrivateKeys.make(generation, call.offered, call.pq);
  call.previousAgreement?.keys.destroy();
  call.previousAgreement = { keys: call.agreement, eraseAt: now + call.policy.silence };
  call.agreement = next;
  const update = await keyUpdate(call);
  for (const member of call.others) {
    member.lastUpdateSent = now;
    await call.send(update, member);
  }
}

function earliestDeadline(call) {
  if (!call.log) return Infinity;
  const deadlines = [call.heartbeatAt, call.silenceCheckAt, call.rotateAt];
  if (call.previousAgreement) deadlines.push(call.previousAgreement.eraseAt);
  if (!call.hasRefusedFallback) deadlines.push(call.policy.refuse768After);
  const preparation = preparationDue(call);
  if (preparation !== null) deadlines.push(preparation);
  const own = ownCommitDue(call);
  if (own) deadlines.push(own.at);
  for (const epoch of call.epochs) {
    deadlines.push(epoch.retireAt);
    if (isPending(call, epoch)) deadlines.push(activationTime(call, epoch));
  }
  const [leave] = call.pendingLeaves;
  if (!call.isSendingBlocked && leave) deadlines.push(leave.learnedAt + call.policy.deadline);
  return Math.min(...deadlines);
}
