// The call as one plain object, for a page to show. Nothing in it is secret.
import { DECRYPT_REASONS, REJECTIONS } from "./problems.js";

/**
 * - `idle`, `connecting`; `in`: in the call; `waiting`: interrupted, joins again by itself; `failed`; `left`.
 * @typedef {"idle" | "connecting" | "in" | "waiting" | "failed" | "left"} Phase
 *
 * @typedef {object} MediaView one source of a person
 * @property {MediaStreamTrack | null} track what to play; null while the relay has given it no slot
 * @property {boolean} isMuted
 * @property {string | null} failure why its frames cannot be opened
 *
 * @typedef {object} PersonView
 * @property {string} member
 * @property {string} name
 * @property {boolean} isNamed
 * @property {boolean} isSelf
 * @property {number} joinIndex
 * @property {boolean} isAuthentic holds the invite
 * @property {boolean} holdsKey
 * @property {string | null} suite
 * @property {string | null} rejection why it gets no keys, as part of a sentence
 * @property {"new" | "confirmed" | "changed" | null} identity
 * @property {boolean} isSilent
 * @property {boolean} isAway its signalling is interrupted
 * @property {boolean} isSpeaking
 * @property {string | null} quality
 * @property {{microphone: MediaView | null, camera: MediaView | null, screen: MediaView | null,
 *   screenAudio: MediaView | null}} media
 *
 * @typedef {object} CallState
 * @property {Phase} phase
 * @property {import("./problems.js").Problem | null} problem
 * @property {"none" | "waitingForKeys" | "sealed" | "blocked"} seal what this member sends: nothing, or sealed frames
 * @property {number | null} epoch
 * @property {string | null} suite the weakest that carried the epoch's key to anybody
 * @property {boolean} isFallback
 * @property {boolean} isInconsistent the relay contradicts itself
 * @property {boolean} isReconnecting
 * @property {boolean} hasBeenIn
 * @property {import("./quality.js").QualityLevel | null} quality
 * @property {{microphone: boolean, camera: boolean, screen: boolean}} sends
 * @property {PersonView[]} people in order of joining, the own member included
 * @property {{member: string, name: string | null, text: string, isOwn: boolean, at: number}[]} chat
 */

/** @type {CallState} */
export const INITIAL_STATE = Object.freeze({
  phase: "idle", problem: null, seal: "none", epoch: null, suite: null, isFallback: false, isInconsistent: false,
  isReconnecting: false, hasBeenIn: false, quality: null, sends: { microphone: false, camera: false, screen: false },
  people: [], chat: [],
});

/**
 * @param {object} parts
 * @param {Phase} parts.phase
 * @param {import("./problems.js").Problem | null} parts.problem
 * @param {import("./membership.js").Membership | null} parts.membership
 * @param {import("./local-media.js").LocalMedia} parts.media
 * @param {CallState["chat"]} parts.chat
 * @param {string | null} parts.name
 * @param {boolean} parts.hasBeenIn
 * @returns {CallState}
 */
export function stateOf({ phase, problem, membership, media, chat, name, hasBeenIn }) {
  const sends = { microphone: media.isMicrophoneOn, camera: media.isCameraOn, screen: media.screen !== null };
  const base = { ...INITIAL_STATE, phase, problem, chat, hasBeenIn, sends, isReconnecting: phase === "waiting" };
  if (!membership) return base;
  const { keys } = membership;
  const { sendingEpoch: epoch, weakestSuite: suite } = keys;
  const isInterrupted = membership.isJoined && (!membership.isConnected || membership.mediaState === "interrupted");
  return {
    ...base,
    seal: membership.isBlocked ? "blocked" : epoch === null ? "waitingForKeys" : "sealed",
    epoch,
    suite,
    isFallback: epoch !== null && suite !== null && !suite.includes("1024"),
    isInconsistent: membership.isInconsistent,
    isReconnecting: base.isReconnecting || isInterrupted,
    quality: membership.quality?.level ?? null,
    people: peopleOf(membership, media, name),
  };
}

function peopleOf(membership, media, name) {
  return membership.keys.members.map((view) => {
    const { member, joinIndex, isSelf, isAuthentic, holdsKey, suite, isSilent } = view;
    const shown = isSelf ? name : view.name;
    const rejection = membership.rejections.get(member) ?? null;
    return {
      member, joinIndex, isSelf, isAuthentic, holdsKey, suite, isSilent,
      name: shown ?? (isSelf ? "You" : `Guest ${joinIndex}`),
      isNamed: shown !== null,
      rejection: rejection && (REJECTIONS[rejection] ?? rejection),
      identity: membership.identities.get(member)?.verdict ?? null,
      isAway: membership.away.has(member),
      isSpeaking: membership.speakers.includes(member),
      quality: isSelf ? (membership.quality?.level ?? null) : (membership.levels.get(member) ?? null),
      media: isSelf ? ownMedia(media) : mediaOf(membership, member),
    };
  });
}

function ownMedia(media) {
  const view = (track, isMuted) => (track ? { track, isMuted, failure: null } : null);
  return {
    microphone: view(media.microphone, !media.isMicrophoneOn), camera: view(media.camera, false),
    screen: view(media.screen, false), screenAudio: null,
  };
}

function mediaOf(membership, member) {
  /** @type {PersonView["media"]} */
  const views = { microphone: null, camera: null, screen: null, screenAudio: null };
  for (const { source, muted } of membership.slots.publicationsOf(member)) {
    views[source] = { track: null, isMuted: muted, failure: null };
  }
  for (const slot of membership.peer.slots) {
    const publication = membership.slots.publicationIn(slot.mid);
    if (publication?.member !== member) continue;
    const cause = membership.decrypts.reason(slot.name);
    views[publication.source] = {
      track: slot.track, isMuted: publication.muted, failure: cause && (DECRYPT_REASONS[cause] ?? cause),
    };
  }
  // A screen that is not shared any more is nothing to be shown, other than a camera that is off.
  if (views.screen?.isMuted) views.screen = null;
  return views;
}
