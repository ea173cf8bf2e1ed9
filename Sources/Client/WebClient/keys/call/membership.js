// Who is in the call: `joined`, `membership`, and the admission of bundles (PROTOCOL.md sections 4 and 5).
import { equal, randomBytes } from "../../crypto/bytes.js";
import { MAXIMUM_JOIN_INDEX } from "../../sframe/kid.js";
import { BundleRejected, verifyBundle } from "../bundle.js";
import { Member } from "../member.js";
import { PairwiseChannel } from "../pairwise-channel.js";
import { decoded, isPosition, MAXIMUM_MEMBERS, memberID, parseEntry, RoomLog } from "../room-log.js";
import { KeyRequest } from "../sealed-message.js";
import { isAtLeast, strongest } from "../suites.js";
import { introduce } from "./people.js";
import { compareClaimedHeads, sendKeyUpdate } from "./receive.js";
import { bytesOf } from "./state.js";
import { runDue } from "./timers.js";
import { processStash } from "./verify.js";

/** @typedef {import("./state.js").CallState} CallState */

/** The relay admitted this member, or took it back. @param {CallState} call @param {any} joined @param {number} now */
export async function joined(call, joined, now) {
  const isOwn = joined?.room === call.invite.room && joined.member === call.member;
  const start = isOwn ? await roster(call, joined, now) : null;
  if (!start) return call.emit({ type: "relayInconsistent", inconsistency: "badRoster" });
  const { members } = start;
  call.ownJoinIndex = members.find(({ isSelf }) => isSelf).joinIndex;
  if (call.log) {
    await resume(call, start, now);
  } else {
    call.log = new RoomLog(call.room, call.pq, start);
    call.joinedAt = now;
    // A random first beat spreads those of members who joined together.
    const [a, b] = randomBytes(2);
    call.heartbeatAt = now + call.policy.heartbeat * (0.1 + (0.9 * (a * 256 + b)) / 65_536);
  }
  for (const member of members) await introduce(call, member);
  call.silenceCheckAt = Math.min(call.silenceCheckAt, now + call.policy.silence);
  await processStash(call, now);
  await runDue(call, now);
}

async function resume(call, start, now) {
  const remaining = new Set(start.members);
  const departed = call.log.members.filter((member) => !remaining.has(member));
  call.log.jump(start);
  for (const member of departed) noteLeave(call, member, start.n, now);
  for (const member of start.members) {
    creditSilence(member, now);
    if (!member.isSelf && member.name === null) {
      await call.send({ type: "keyRequest", request: KeyRequest.profile }, member);
    }
  }
}

/**
 * The silence may have been this member's own. Once only, until the other is heard again: resumptions are the relay's
 * to bring about, and must not keep one alive who has left.
 */
function creditSilence(member, now) {
  if (member.creditedAt !== null && member.lastHeard <= member.creditedAt) return;
  member.lastHeard = now;
  member.creditedAt = now;
}

/** A new log entry. @param {CallState} call @param {any} change @param {number} now */
export async function membershipChanged(call, change, now) {
  if (!call.log) return;
  const broken = () => call.emit({ type: "relayInconsistent", inconsistency: "brokenChain" });
  const entry = parseEntry(change?.entry);
  if (entry && entry.n <= call.log.n) return;
  if (!entry || !call.log.accepts(entry)) return broken();
  if (entry.kind === "join") {
    const bundle = bytesOf(change.bundle);
    if (!bundle || !equal(await call.pq.sha3_256(bundle), entry.bundleHash)) return broken();
    const joining = await admit(call, entry.n, bundle, entry.bundleHash, now);
    await call.log.append(entry, joining);
    call.silenceCheckAt = Math.min(call.silenceCheckAt, now + call.policy.silence);
    await introduce(call, joining);
    if (call.agreement.publicKeys.generation > 0) await sendKeyUpdate(call, joining, now);
  } else {
    const departed = call.log.member(entry.member);
    await call.log.append(entry, null);
    noteLeave(call, departed, entry.n, now);
  }
  compareClaimedHeads(call);
  await processStash(call, now);
  await runDue(call, now);
}

/** The start that `joined` gives, known members taken over; null if it contradicts itself or what was known. */
async function roster(call, { head, roster: items }, now) {
  const headHash = decoded(head?.hash);
  if (!headHash || !isPosition(head.n) || head.n < (call.log?.n ?? 0)) return null;
  if (!Array.isArray(items) || items.length > MAXIMUM_MEMBERS) return null;
  const members = [];
  for (const item of items) {
    const joinIndex = item?.joinIndex;
    const bundle = bytesOf(item?.bundle);
    const isInOrder = isPosition(joinIndex) && joinIndex > (members.at(-1)?.joinIndex ?? 0);
    if (!bundle || !isInOrder || joinIndex > MAXIMUM_JOIN_INDEX || joinIndex > head.n) return null;
    const hash = await call.pq.sha3_256(bundle);
    const id = memberID(hash);
    // A bundle joins once: its channel would start over, and use nonces twice.
    if (id !== item.member || call.log?.hasLeft(id)) return null;
    const known = call.log?.member(id);
    if (known && known.joinIndex !== joinIndex) return null;
    members.push(known ?? (await admit(call, joinIndex, bundle, hash, now)));
  }
  return members.some(({ isSelf }) => isSelf) ? { n: head.n, headHash, members } : null;
}

/** Verifies a bundle and makes the member, admitted or not. */
async function admit(call, joinIndex, bytes, bundleHash, now) {
  const id = memberID(bundleHash);
  const isSelf = id === call.member;
  const make = (bundle, suite, channel) =>
    new Member({ joinIndex, id, bundleHash, isSelf, bundle, suite, channel }, now);
  try {
    call.metrics.signaturesVerified += 1;
    const bundle = await verifyBundle(bytes, call.room, call.invite.admissionKey, call.pq);
    if (isSelf) return make(bundle, call.offered[0], null);
    const channel = await channelTo(call, bundle, bundleHash);
    if (!call.policy.acceptedFrameSuites.has(bundle.sframeSuite)) throw new BundleRejected("frameSuite");
    const suite = strongest(call.offered, bundle.suites);
    if (!suite || !isAtLeast(suite, call.policy.floor(now))) {
      // It holds the invite, so it is heard; this member gives it no keys.
      rejectForSuite(call, id, bundle);
      return make(bundle, null, channel);
    }
    call.emit({ type: "memberAdmitted", member: id });
    call.emit({ type: "suiteChosen", member: id, suite: suite.name });
    return make(bundle, suite, channel);
  } catch (error) {
    if (!(error instanceof BundleRejected)) throw error;
    call.emit({ type: "memberRejected", member: id, reason: error.code });
    return make(null, null, null);
  }
}

async function channelTo(call, bundle, peerBundleHash) {
  const sides = { own: call.channelKey, ownBundleHash: call.bundleHash, peerKey: bundle.channelKey, peerBundleHash };
  const channel = await PairwiseChannel.make(sides, call.invite.pairwiseSecret).catch(() => null);
  if (!channel || !(await bundle.agreement.isUsable(bundle.suites, call.channelKey, call.pq))) {
    throw new BundleRejected("malformed");
  }
  return channel;
}

/** Says that there is no suite in common, and what both offer. */
export function rejectForSuite(call, member, bundle) {
  const offers = { own: call.offered.map(({ name }) => name), theirs: [...bundle.offeredBytes] };
  call.emit({ type: "memberRejected", member, reason: "noCommonSuite", offers });
}

function noteLeave(call, departed, n, now) {
  departed.channel = null;
  call.media.depart(departed.joinIndex);
  const leave = { n, learnedAt: now };
  // A member that was never authentic holds no key.
  if (departed.isAuthentic) call.departures.push({ joinIndex: departed.joinIndex, leave });
  if (call.epochs.some((epoch) => epoch.holds(departed))) call.pendingLeaves.push(leave);
  call.emit({ type: "memberLeft", member: departed.id });
}
