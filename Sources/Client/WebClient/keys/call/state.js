// What the parts of `CallKeys` share: the keys of one member of one call. Confined to the queue of its `CallKeys`.
import { fromBase64URL, toBase64URL, wipe } from "../../crypto/bytes.js";
import { CommitInbox } from "../commit-inbox.js";
import { groupKey, sealForGroup } from "../group-channel.js";
import { RekeyBudget } from "../rekey-budget.js";
import { encodeMessage } from "../sealed-message.js";

/** The highest epoch that anyone may name: a wild number must not use up the key identifiers. */
export const MAXIMUM_EPOCH = 0xffff_0000;
/** How far above the known epochs a member's may be. */
export const EPOCH_WINDOW = 1024;
/** The highest that the relay may name: the numbers above are for what members do without it. */
export const MAXIMUM_ADVICE = 0x7fff_ffff;
/** After a switch, members are on different epochs for a moment; only later is it a sign of something missed. */
export const TRANSITION_GRACE = 1000;
/** Between answers to one member: a lost message is repeated, a flood is not answered. */
export const REPEAT_INTERVAL = 1000;

/** @typedef {import("../member.js").Member} Member */
/** @typedef {import("../epoch-keys.js").EpochKeys} EpochKeys */
/** @typedef {{n: number, learnedAt: number}} Leave */
/**
 * The relay's preparation of an epoch that nobody has committed yet.
 * @typedef {{epoch: number, cause: import("../commit.js").RekeyCause, headN: number, at: number,
 *   deadline: number}} Preparation
 */
/**
 * Where media keys go: `MediaTransforms`, or something like it in a test.
 * @typedef {Pick<import("../../media/media-transforms.js").MediaTransforms,
 *   "addEpoch" | "activate" | "block" | "retire" | "depart">} MediaKeys
 */

export class CallState {
  /** @type {import("../room-log.js").RoomLog | null} */
  log = null;
  ownJoinIndex = 0;
  joinedAt = Infinity;
  /** All epochs whose keys are held: pending, in use and, for a while, past. @type {EpochKeys[]} */
  epochs = [];
  /** @type {EpochKeys | null} */
  sending = null;
  /** @type {Preparation | null} */
  preparation = null;
  /** Leaves that the epoch in use does not reflect yet, by the time they were learned. @type {Leave[]} */
  pendingLeaves = [];
  /**
   * Members that left after the oldest position that an epoch can still be of: a key that they hold may still be on its
   * way.
   * @type {{joinIndex: number, leave: Leave}[]}
   */
  departures = [];
  /** Names of keys that are erased, the newest last. @type {string[]} */
  erasedKeys = [];
  budget = new RekeyBudget();
  /** The relay's highest executed epoch. */
  executedAdvice = 0;
  /** The relay's highest epoch for which a key is held. */
  answeredAdvice = 0;
  /** The highest epoch that an authentic heartbeat named. */
  highestHeard = 0;
  /**
   * An epoch that another member goes on under and that is not to be had, and when that was clear.
   * @type {{epoch: number, at: number} | null}
   */
  strayed = null;
  /** Commits of which a part is still missing. */
  inbox = new CommitInbox();
  /** Commits for log positions that the relay has not shown yet. @type {{from: string, bytes: Uint8Array}[]} */
  stash = [];
  /** Hashes of announcements that were taken or refused, the newest last. @type {string[]} */
  judgedCommits = [];
  /** @type {{keys: import("../agreement.js").AgreementPrivateKeys, eraseAt: number} | null} */
  previousAgreement = null;
  isSendingBlocked = false;
  heartbeatAt = Infinity;
  silenceCheckAt = Infinity;
  rotateAt = Infinity;
  retryCommitAt = -Infinity;
  mayRequestKeyAt = -Infinity;
  hasRefusedFallback = false;
  isClosed = false;
  nextDeadline = Infinity;
  metrics = { messagesSent: 0, bytesSent: 0, epochsActivated: 0, fallbacks: 0, signaturesVerified: 0 };
  /** @type {import("../call-keys.js").KeyAction[]} */
  actions = [];
  #nextGroupSequence = 0n;

  /**
   * @param {object} fields
   * @param {import("../../crypto/pq.js").PostQuantum} fields.pq
   * @param {MediaKeys} fields.media
   * @param {import("../invite.js").InviteKeys} fields.invite
   * @param {import("../call-keys.js").Identity} fields.identity
   * @param {import("../policy.js").KeyPolicy} fields.policy
   * @param {string | null} fields.displayName
   * @param {import("../identity-pins.js").IdentityPins} fields.pins
   * @param {import("../suites.js").Suite[]} fields.offered
   * @param {Uint8Array} fields.bundle
   * @param {Uint8Array} fields.bundleHash
   * @param {string} fields.member
   * @param {CryptoKey} fields.channelKey
   * @param {import("../agreement.js").AgreementPrivateKeys} fields.agreement
   */
  constructor({
    pq, media, invite, identity, policy, displayName, pins, offered, bundle, bundleHash, member, channelKey, agreement,
  }) {
    this.pq = pq;
    this.media = media;
    this.invite = invite;
    this.identity = identity;
    this.policy = policy;
    this.displayName = displayName;
    this.pins = pins;
    this.offered = offered;
    this.offeredBytes = Uint8Array.from(offered, ({ id }) => id);
    this.bundle = bundle;
    this.bundleHash = bundleHash;
    this.member = member;
    this.channelKey = channelKey;
    this.agreement = agreement;
  }

  get room() {
    return this.invite.roomBytes;
  }

  /** The epoch that the next one builds on. @returns {EpochKeys | null} */
  get newest() {
    const held = this.epochs.filter(({ retireAt }) => retireAt === Infinity);
    return held.reduce((best, epoch) => (best === null || epoch.isBetterThan(best) ? epoch : best), null);
  }

  /** Every other member. */
  get others() {
    return (this.log?.members ?? []).filter(({ isSelf }) => !isSelf);
  }

  /** @param {import("../call-keys.js").KeyEvent} event */
  emit(event) {
    this.actions.push({ type: "event", event });
  }

  /**
   * Sends a message under the pairwise channel; nothing to a member without one.
   * @param {import("../sealed-message.js").SealedMessage} message
   * @param {Member} member
   */
  async send(message, member) {
    if (member.channel) this.#send(await member.channel.seal(encodeMessage(message)), member.id);
  }

  /** Sends a commit's announcement to all members at once. @param {Uint8Array} announcement */
  async sendToAll(announcement) {
    const sequence = this.#nextGroupSequence;
    this.#nextGroupSequence += 1n;
    const key = await groupKey(this.bundleHash, this.invite.pairwiseSecret);
    this.#send(await sealForGroup(announcement, sequence, key), null);
  }

  /** Whether a member may be answered again. @param {number} last @param {number} now */
  isDue(last, now) {
    return now >= last + REPEAT_INTERVAL;
  }

  /** An ML-DSA-65 signature of this member. @param {Uint8Array} message @param {string} context */
  sign(message, context) {
    return this.pq.sign(this.identity.privateKey, message, context);
  }

  /** @param {Uint8Array} identity @param {Uint8Array} signature @param {Uint8Array} message @param {string} context */
  verify(identity, signature, message, context) {
    this.metrics.signaturesVerified += 1;
    return this.pq.verify(identity, signature, message, context);
  }

  /** Forgets every secret, and overwrites those that JavaScript can reach. */
  erase() {
    for (const epoch of this.epochs) {
      this.media.retire(epoch.mediaID);
      epoch.erase();
    }
    this.agreement?.destroy();
    this.previousAgreement?.keys.destroy();
    wipe(this.invite.admissionKey, this.invite.pairwiseSecret);
    for (const member of this.log?.members ?? []) member.channel = null;
    this.log = null;
    this.epochs = [];
    this.sending = null;
    this.preparation = null;
    this.pendingLeaves = [];
    this.departures = [];
    this.stash = [];
    this.inbox = new CommitInbox();
    this.agreement = null;
    this.previousAgreement = null;
    this.channelKey = null;
    this.actions = [];
    this.nextDeadline = Infinity;
  }

  #send(body, to) {
    this.metrics.messagesSent += 1;
    this.metrics.bytesSent += body.length;
    const message = { type: "sealed", body: toBase64URL(body) };
    this.actions.push({ type: "send", message: to === null ? message : { ...message, to } });
  }
}

/** The bytes of a base64url text; null for anything else. @param {unknown} text */
export function bytesOf(text) {
  return typeof text === "string" ? fromBase64URL(text) : null;
}
