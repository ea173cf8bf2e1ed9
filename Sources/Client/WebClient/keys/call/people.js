// What members tell each other besides keys: names, texts, credentials; and who they are (PROTOCOL.md sections 6 and
// 14).
import { KeysError } from "../errors.js";
import { safetyNumber as digitsOf } from "../safety-number.js";
import { isText } from "../texts.js";
import { unwrapCredential, wrapCredential } from "../wrapped-key.js";
import { runDue } from "./timers.js";

/** @typedef {import("./state.js").CallState} CallState */
/** @typedef {import("../member.js").Member} Member */

/**
 * The digits that this member and another one see alike if nobody stands between them; null unless the other's bundle
 * is authentic.
 * @param {CallState} call
 * @param {string} member
 */
export async function safetyNumber(call, member) {
  const other = call.log?.member(member);
  if (!other?.bundle || other.isSelf) return null;
  return digitsOf(call.identity.publicKey, other.bundle.identity, call.room);
}

/**
 * Pins the member's identity to its name, in place of any other: a person has decided. False if the member is not
 * authentic or has no name.
 * @param {CallState} call
 * @param {string} member
 */
export async function trustIdentity(call, member) {
  const other = call.log?.member(member);
  if (!other?.bundle || other.name === null) return false;
  return call.pins.trust(other.name, await call.pq.sha3_256(other.bundle.identity));
}

/**
 * Sends a text to every other member that holds the key in use: who hears may read. Throws `malformed`,
 * `rekeyOverdue` or `noKey`.
 * @param {CallState} call
 * @param {string} text
 * @param {number} now
 */
export async function say(call, text, now) {
  if (!isText(text)) throw new KeysError("malformed");
  if (call.isSendingBlocked) throw new KeysError("rekeyOverdue");
  const { sending } = call;
  if (!sending) throw new KeysError("noKey");
  const readers = call.others.filter((member) => sending.holds(member) && member.isEligible);
  for (const member of readers) await call.send({ type: "chat", text }, member);
  await runDue(call, now);
}

/** Wraps a credential for one member. Throws `noKey` or `malformed`. */
export async function wrap(call, credential, member, purpose) {
  const other = call.log?.member(member);
  if (!other?.bundle || !other.suite || other.isSelf) throw new KeysError("noKey");
  const offers = { sender: call.offeredBytes, recipient: other.bundle.offeredBytes };
  const binding = { room: call.room, sender: call.bundleHash, recipient: other.bundleHash, purpose };
  return wrapCredential(credential, other.suite, other.agreement, offers, binding, call.pq);
}

/** Opens what a member wrapped for this one. Throws `noKey`, `malformed` or `authenticationFailed`. */
export async function unwrap(call, bytes, member, purpose) {
  const other = call.log?.member(member);
  if (!other?.bundle || !other.suite) throw new KeysError("noKey");
  const offers = { sender: other.bundle.offeredBytes, recipient: call.offeredBytes };
  const binding = { room: call.room, sender: other.bundleHash, recipient: call.bundleHash, purpose };
  try {
    return await unwrapCredential(bytes, call.agreement, other.suite, offers, binding, call.pq);
  } catch (error) {
    if (!call.previousAgreement) throw error;
    return unwrapCredential(bytes, call.previousAgreement.keys, other.suite, offers, binding, call.pq);
  }
}

/**
 * Tells a member this one's name, once; not one that policy gives no keys.
 * @param {CallState} call
 * @param {Member} member
 */
export async function introduce(call, member) {
  if (call.displayName === null || member.isSelf || !member.isEligible || member.knowsOwnName) return;
  member.knowsOwnName = true;
  await call.send({ type: "profile", name: call.displayName }, member);
}

/** Tells it again: the first time was lost with a connection. @param {CallState} call @param {Member} member */
export async function reintroduce(call, member, now) {
  if (!call.isDue(member.lastIntroduction, now)) return;
  member.lastIntroduction = now;
  member.knowsOwnName = false;
  await introduce(call, member);
}

/**
 * A member says how it wants to be called: its identity is held against the one known by that name.
 * @param {CallState} call
 * @param {Member} member
 * @param {string} name
 */
export async function identify(call, member, name) {
  if (member.name === name) return;
  member.name = name;
  call.emit({ type: "profile", member: member.id, name });
  const fingerprint = await call.pq.sha3_256(member.bundle.identity);
  const result = call.pins.check(name, fingerprint);
  const about = { member: member.id, contact: name };
  if (result.verdict === "firstSeen") {
    call.pins.trust(name, fingerprint);
    call.emit({ type: "identityFirstSeen", ...about });
  } else if (result.verdict === "same") {
    call.emit({ type: "identityConfirmed", ...about });
  } else {
    call.emit({ type: "identityChanged", ...about, previous: result.previous });
  }
}
