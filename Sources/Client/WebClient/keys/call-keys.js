// The end-to-end keys of one member of one call: who is in the call, under which key to seal, which keys open.
//
// Feed it the relay's `joined`, `membership`, `rekey` and `sealed` in the order they come, and the time in
// milliseconds. It reads no clock and opens no socket: each input resolves to the actions that it leads to, in order,
// and `expire` is to be called no later than `nextDeadline`. Inputs may be given without waiting: each is done before
// the next one begins. The relay's messages are advice: what it says about membership is checked against the log's hash
// chain and against what the other members saw, and no key follows from anything it sends.
import { randomBytes, toBase64URL } from "../crypto/bytes.js";
import * as x25519 from "../crypto/x25519.js";
import { AgreementPrivateKeys } from "./agreement.js";
import { makeBundle, NONCE_LENGTH } from "./bundle.js";
import * as epochs from "./call/epochs.js";
import { joined, membershipChanged } from "./call/membership.js";
import * as people from "./call/people.js";
import { receive, requestFrameKey } from "./call/receive.js";
import { CallState } from "./call/state.js";
import { runDue } from "./call/timers.js";
import { KeysError } from "./errors.js";
import { IdentityPins } from "./identity-pins.js";
import { openInvite } from "./invite.js";
import { KeyPolicy } from "./policy.js";
import { memberID } from "./room-log.js";
import { isAtLeast } from "./suites.js";
import { isName } from "./texts.js";

/**
 * A device's identity: an ML-DSA-65 key pair of `PostQuantum`.
 * @typedef {{publicKey: Uint8Array, privateKey: import("../crypto/pq.js").PrivateKey}} Identity
 *
 * What the owner has to do: send a signalling message, tell the relay `ready`, or hear what happened.
 * @typedef {{type: "send", message: {type: "sealed", to?: string, body: string}} | {type: "ready", epoch: number}
 *   | {type: "event", event: KeyEvent}} KeyAction
 *
 * What happened, for people and for counters. Holds no secret. Members are identifiers as in signalling, suites are
 * names.
 * - `epochActive`: this member now sends under the epoch; `milliseconds` since it heard of the change.
 * - `fallback`: the epoch in use is no stronger than ML-KEM-768. To be shown to people.
 * - `memberRejected`: it is in the relay's roster and gets no keys; `offers` with `noCommonSuite`.
 * - `logMismatch`: the member was shown another room history: the relay lies to one of the two.
 * - `relayInconsistent`: the relay's own messages contradict each other.
 * - `committerFailover`: this member commits because those before it in rank did not.
 * - `sendingBlocked`: a member left and no new key came in time; sealing has stopped.
 * - `identityChanged`: a known name with another identity than the pinned one. To be shown to people.
 * @typedef {{type: "epochActive", epoch: number, cause: import("./commit.js").RekeyCause,
 *     suites: Record<string, number>, weakest: string, wasCommitter: boolean, milliseconds: number}
 *   | {type: "fallback", epoch: number, suite: string}
 *   | {type: "memberAdmitted" | "memberSilent" | "memberHeard" | "memberLeft" | "logMismatch", member: string}
 *   | {type: "memberRejected", member: string, reason: import("./bundle.js").MemberRejection,
 *     offers?: {own: string[], theirs: number[]}}
 *   | {type: "relayInconsistent", inconsistency: "brokenChain" | "rosterMismatch" | "badRoster"}
 *   | {type: "committerFailover", epoch: number}
 *   | {type: "rekeyFailed", epoch: number, reason: import("./call/verify.js").RekeyFailure}
 *   | {type: "sendingBlocked"} | {type: "suiteChosen", member: string, suite: string}
 *   | {type: "profile", member: string, name: string} | {type: "chat", member: string, text: string}
 *   | {type: "identityFirstSeen" | "identityConfirmed", member: string, contact: string}
 *   | {type: "identityChanged", member: string, contact: string, previous: Uint8Array}} KeyEvent
 *
 * @typedef {object} MemberView
 * @property {string} member
 * @property {number} joinIndex
 * @property {string | null} name
 * @property {boolean} isSelf
 * @property {boolean} isAuthentic
 * @property {boolean} isSilent
 * @property {boolean} holdsKey of the epoch in use
 * @property {string | null} suite
 */

export class CallKeys {
  #call;
  /** Inputs, one after the other. @type {Promise<unknown>} */
  #queue = Promise.resolve();
  #isClosed = false;

  /** Made by `open`. @param {CallState} call */
  constructor(call) {
    this.#call = call;
  }

  /**
   * Makes a fresh bundle and its keys. Throws `noSuite` if the policy leaves none, `malformed` for an invite that is
   * none or a name that cannot be shown.
   * @param {object} options
   * @param {import("../crypto/pq.js").PostQuantum} options.pq
   * @param {string} options.invite the text of the link's fragment
   * @param {Identity} options.identity
   * @param {import("./call/state.js").MediaKeys} options.media gets every epoch's base keys, and when to use which
   * @param {KeyPolicy} [options.policy]
   * @param {string | null} [options.displayName] goes to the other members only
   * @param {IdentityPins} [options.pins] changed in place; the application keeps them
   * @param {number} options.now
   * @returns {Promise<CallKeys>}
   */
  static async open({
    pq, invite, identity, media, policy = new KeyPolicy(), displayName = null, pins = new IdentityPins(), now,
  }) {
    if (displayName !== null && !isName(displayName)) throw new KeysError("malformed");
    const floor = policy.floor(now);
    const offered = policy.offered.filter((suite) => isAtLeast(suite, floor));
    if (offered.length === 0) throw new KeysError("noSuite");
    const secrets = await openInvite(invite);
    if (!secrets) throw new KeysError("malformed");
    const channel = await x25519.generateKeys();
    const agreement = await AgreementPrivateKeys.make(0, offered, pq);
    const fields = {
      room: secrets.roomBytes, nonce: randomBytes(NONCE_LENGTH), offered: Uint8Array.from(offered, ({ id }) => id),
      sframeSuite: policy.sframeSuite, channelKey: channel.publicKey, agreement: agreement.publicKeys,
    };
    const bundle = await makeBundle(fields, identity, secrets.admissionKey, pq);
    const bundleHash = await pq.sha3_256(bundle);
    return new CallKeys(
      new CallState({
        pq, media, invite: secrets, identity, policy, displayName, pins, offered, bundle, bundleHash,
        member: memberID(bundleHash), channelKey: channel.privateKey, agreement,
      }));
  }

  /** The room pseudonym for `join`. */
  get room() {
    return this.#call.invite.room;
  }

  /** This member's identifier in the call: it names the bundle. */
  get member() {
    return this.#call.member;
  }

  /** The key bundle for `join`, as base64url. */
  get bundle() {
    return toBase64URL(this.#call.bundle);
  }

  /** When `expire` is next due; Infinity when nothing is. Valid between inputs. */
  get nextDeadline() {
    return this.#isClosed ? Infinity : this.#call.nextDeadline;
  }

  get isClosed() {
    return this.#isClosed;
  }

  /** The epoch that frames are sealed under; null before the first, while sealing is blocked and after `close`. */
  get sendingEpoch() {
    return this.#isClosed || this.#call.isSendingBlocked ? null : (this.#call.sending?.epoch ?? null);
  }

  /** The highest epoch whose key is held, in use or not yet; null without one. */
  get highestEpoch() {
    return this.#call.epochs.reduce((highest, { epoch }) => Math.max(highest ?? 0, epoch), null);
  }

  /** The weakest suite that carried the key in use to anybody; null without a key. */
  get weakestSuite() {
    return this.#call.sending?.header.weakest.name ?? null;
  }

  /** @returns {IdentityPins} */
  get pins() {
    return this.#call.pins;
  }

  /** Counts of what was done so far. */
  get metrics() {
    return { ...this.#call.metrics };
  }

  /** Members in log order, this one included. @returns {MemberView[]} */
  get members() {
    const { log, sending } = this.#call;
    return (log?.members ?? []).map((member) => ({
      member: member.id, joinIndex: member.joinIndex, name: member.isSelf ? this.#call.displayName : member.name,
      isSelf: member.isSelf, isAuthentic: member.isAuthentic, isSilent: member.silentSince !== null,
      holdsKey: sending?.holds(member) ?? false, suite: member.suite?.name ?? null,
    }));
  }

  /** Members in log order that hold the key of the epoch in use, this one included. */
  get keyHolders() {
    return this.members.filter(({ holdsKey }) => holdsKey).map(({ member }) => member);
  }

  /** The relay's `joined`. @param {object} message @param {number} now @returns {Promise<KeyAction[]>} */
  joined(message, now) {
    return this.#input((call) => joined(call, message, now));
  }

  /** The relay's `membership`. @param {object} message @param {number} now @returns {Promise<KeyAction[]>} */
  membershipChanged(message, now) {
    return this.#input((call) => membershipChanged(call, message, now));
  }

  /** The relay's `rekey`. @param {object} message @param {number} now @returns {Promise<KeyAction[]>} */
  rekey(message, now) {
    return this.#input((call) => epochs.rekey(call, message, now));
  }

  /** The relay's `sealed`. @param {object} message @param {number} now @returns {Promise<KeyAction[]>} */
  receive(message, now) {
    return this.#input((call) => receive(call, message, now));
  }

  /** Does everything that is due. @param {number} now @returns {Promise<KeyAction[]>} */
  expire(now) {
    return this.#input((call) => runDue(call, now));
  }

  /**
   * Asks for the key of a frame that did not open, or that waits for its key.
   * @param {{epoch: number, joinIndex: number}} identifier from its key identifier
   * @param {number} now
   * @returns {Promise<KeyAction[]>}
   */
  requestKey(identifier, now) {
    return this.#input((call) => requestFrameKey(call, identifier, now));
  }

  /**
   * Sends a text to every other member that holds the key in use. Throws `malformed` for an empty or too long one, or
   * one that cannot be shown, `noKey` before the first key, and `rekeyOverdue` while sealing is blocked.
   * @param {string} text
   * @param {number} now
   * @returns {Promise<KeyAction[]>}
   */
  say(text, now) {
    return this.#input((call) => people.say(call, text, now), { mustBeOpen: true });
  }

  /**
   * Digits to compare with another member; null unless it is authentic.
   * @param {string} member
   * @returns {Promise<string | null>}
   */
  safetyNumber(member) {
    return this.#query((call) => people.safetyNumber(call, member));
  }

  /** Pins a member's identity to its name: a person has decided. @param {string} member @returns {Promise<boolean>} */
  trustIdentity(member) {
    return this.#query((call) => people.trustIdentity(call, member));
  }

  /**
   * Wraps a credential for one member. Throws `noKey` for one that may get no keys, `malformed` for a purpose over 64
   * bytes.
   * @param {Uint8Array} credential
   * @param {string} member
   * @param {string} purpose
   * @returns {Promise<Uint8Array>}
   */
  wrap(credential, member, purpose) {
    return this.#query((call) => people.wrap(call, credential, member, purpose));
  }

  /**
   * Opens what a member wrapped for this one. Throws `noKey`, `malformed` or `authenticationFailed`.
   * @param {Uint8Array} bytes
   * @param {string} member
   * @param {string} purpose
   * @returns {Promise<Uint8Array>}
   */
  unwrap(bytes, member, purpose) {
    return this.#query((call) => people.unwrap(call, bytes, member, purpose));
  }

  /** Ends the call: at once nothing works any more, and every secret is erased when the input at work is done. */
  close() {
    this.#isClosed = true;
    this.#queue = this.#queue.then(() => this.#call.erase());
    return this.#queue;
  }

  /** Resolves to the actions of the work, which nothing else comes between. */
  #input(work, { mustBeOpen = false } = {}) {
    return this.#enqueue(async () => {
      if (this.#isClosed && mustBeOpen) throw new KeysError("closed");
      if (this.#isClosed) return [];
      await work(this.#call);
      const { actions } = this.#call;
      this.#call.actions = [];
      return this.#isClosed ? [] : actions;
    });
  }

  #query(work) {
    return this.#enqueue(() => {
      if (this.#isClosed) throw new KeysError("closed");
      return work(this.#call);
    });
  }

  #enqueue(work) {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => {});
    return result;
  }
}
