// One membership: from a fresh bundle to its end. Signalling, keys, transforms and the media connection live and die
// together, so that no epoch and join index are ever used twice: whoever comes back after the end is a new member.
import { CallKeys } from "../keys/call-keys.js";
import { MediaTransforms } from "../media/media-transforms.js";
import { CodecChoice } from "./codec-choice.js";
import { receivableCodecs, sentRids } from "./codecs.js";
import { DecryptWatch } from "./decrypt-watch.js";
import { Peer } from "./peer.js";
import { PictureSizes } from "./picture-sizes.js";
import { QualityMeter } from "./quality.js";
import { Signaling } from "./signaling.js";
import { canSimulcast } from "./simulcast.js";
import { SlotTable, wireSource } from "./slots.js";

const SOURCES = /** @type {const} */ (["microphone", "camera", "screen", "screenAudio"]);

/** @typedef {import("../keys/call-keys.js").KeyEvent} KeyEvent */
/**
 * @typedef {object} Handlers
 * @property {() => void} changed something that `Membership` shows has changed
 * @property {(event: KeyEvent) => void} key
 * @property {(problem: import("./problems.js").Problem) => void} problem
 * @property {(end: import("./signaling.js").SignalingEnd) => void} ended the membership is over; `close` was called
 */

export class Membership {
  /** @readonly @type {CallKeys} */
  keys;
  /** @readonly @type {Peer} */
  peer;
  slots = new SlotTable();
  isJoined = false;
  isConnected = false;
  /** @type {"connecting" | "connected" | "interrupted"} */
  mediaState = "connecting";
  /** @type {import("./quality.js").QualityReport | null} */
  quality = null;
  /** Sealing has stopped because a change of keys is overdue. */
  isBlocked = false;
  /** The relay contradicts itself, or what it shows to another member. */
  isInconsistent = false;
  /** @type {string[]} */
  speakers = [];
  /** @type {Map<string, string>} how others reach the relay, by member */
  levels = new Map();
  /** @type {Set<string>} members whose signalling is gone for now */
  away = new Set();
  /** @type {Map<string, string>} why members get no keys */
  rejections = new Map();
  /** @type {Map<string, {verdict: "new" | "confirmed" | "changed"}>} */
  identities = new Map();
  decrypts;
  #handlers;
  #media;
  #transforms;
  #signaling;
  #meter;
  #timer = 0;
  #isClosed = false;
  #hasOffered = false;
  /** @type {Map<string, {muted: boolean}>} by source */
  #published = new Map();
  #origins = new Map();
  #sizes = new PictureSizes((message) => this.#signaling.send(message));
  /** @type {CodecChoice} */
  #codecs;

  /** Made by `open`. */
  constructor(keys, transforms, { invitation, media, handlers, simulcast }) {
    this.keys = keys;
    this.#transforms = transforms;
    this.#media = media;
    this.#handlers = handlers;
    this.decrypts = new DecryptWatch(() => handlers.changed());
    this.peer = new Peer(transforms, {
      offer: (sdp) => this.#signaling.send({ type: "offer", sdp }),
      negotiated: () => this.#negotiated(),
      state: (state) => this.#mediaChanged(state),
      failed: (problem) => handlers.problem(problem),
      dead: () => this.#end({ reason: "lost", code: null }),
    }, { simulcast, codec: "vp8" });
    this.#codecs = new CodecChoice(invitation.codec);
    this.#signaling = new Signaling({
      relay: invitation.relay,
      join: {
        type: "join", room: keys.room, bundle: keys.bundle, capabilities: receivableCodecs(),
        ...(invitation.token && { token: invitation.token }),
      },
      handlers: {
        message: (message) => this.#receive(message),
        connection: (isConnected) => this.#connectionChanged(isConnected),
        end: (end) => this.#end(end),
      },
    });
    this.#meter = new QualityMeter(this.peer.connection, (report) => this.#measured(report));
  }

  /**
   * Makes fresh keys and begins to join.
   * @param {object} options
   * @param {import("../crypto/pq.js").PostQuantum} options.pq
   * @param {import("../keys/call-keys.js").Identity} options.identity
   * @param {import("./link.js").Invitation} options.invitation
   * @param {string | null} options.name
   * @param {import("../keys/identity-pins.js").IdentityPins} options.pins
   * @param {import("../keys/policy.js").KeyPolicy} options.policy
   * @param {import("./local-media.js").LocalMedia} options.media
   * @param {Handlers} options.handlers
   */
  static async open({ pq, identity, invitation, name, pins, policy, media, handlers }) {
    /** @type {Membership | null} */
    let membership = null;
    const transforms = new MediaTransforms((message) => membership?.fromWorker(message));
    const { invite } = invitation;
    const simulcast = await canSimulcast();
    const keys = await CallKeys.open({
      pq, invite, identity, media: transforms, policy, displayName: name, pins, now: performance.now(),
    }).catch((error) => {
      transforms.close();
      throw error;
    });
    membership = new Membership(keys, transforms, { invitation, media, handlers, simulcast });
    membership.#signaling.open();
    return membership;
  }

  get member() {
    return this.keys.member;
  }

  /** @param {string} text */
  async say(text) {
    this.#perform(await this.keys.say(text, performance.now()));
  }

  /** Brings what is sent in line with what the devices give. */
  async sync() {
    if (this.#isClosed) return;
    await Promise.all(SOURCES.map((source) => this.peer.send(source, this.#media[source])));
    if (!this.#isClosed) for (const source of SOURCES) this.#publish(source);
  }

  /** Who a slot's authentic frames come from; null before the first. @param {string} name */
  origin(name) {
    return this.#origins.get(name) ?? null;
  }

  /**
   * How large a picture is shown, in lines of the screen; 0 for not at all.
   * @param {string} member
   * @param {import("./slots.js").TrackSource} source
   * @param {number} lines
   */
  show(member, source, lines) {
    const publication = this.slots.publicationsOf(member).find((candidate) => candidate.source === source);
    if (publication) this.#sizes.show(publication, lines);
  }

  /** The network has changed. */
  networkChanged() {
    this.#signaling.reconnect();
  }

  /** Leaves the call. */
  leave() {
    this.#signaling.leave();
    this.close();
  }

  /** Ends everything and erases the keys. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#meter.stop();
    this.#signaling.leave();
    this.peer.close();
    this.keys.close();
    this.#transforms.close();
  }

  /** What the worker says. @param {import("../media/transform-session.js").WorkerMessage} message */
  fromWorker(message) {
    if (this.#isClosed) return;
    switch (message.type) {
      case "statistics":
        this.decrypts.take(message.transforms);
        break;
      case "keyMissing": {
        const { epoch, joinIndex } = message;
        this.#input(this.keys.requestKey({ epoch, joinIndex }, performance.now()));
        break;
      }
      case "origin":
        this.#set(() => this.#origins.set(message.name, { joinIndex: message.joinIndex, source: message.source }));
        break;
      case "keyFrameNeeded":
        this.peer.requestKeyFrame(message.name);
        break;
    }
  }

  #receive(message) {
    const now = performance.now();
    switch (message.type) {
      case "joined":
        return this.#joined(message);
      case "membership":
        if (message.entry?.kind === "leave") {
          this.slots.left(message.entry.member);
          this.#codecs.left(message.entry.member);
        } else if (message.entry?.kind === "join") {
          this.#codecs.joined(message.entry.member, message.capabilities);
          this.peer.sendIn(this.#codecs.codec);
        }
        return this.#input(this.keys.membershipChanged(message, now));
      case "rekey":
        return this.#input(this.keys.rekey(message, now));
      case "sealed":
        return this.#input(this.keys.receive(message, now));
      case "answer":
        return void this.peer.answered(message.sdp);
      case "published":
        this.slots.published(message.tracks);
        this.peer.makeRoom(this.slots.need);
        break;
      case "unpublished":
        this.slots.unpublished(message.tracks);
        this.#sizes.ended(message.tracks);
        break;
      case "muted":
        this.slots.muted(message);
        break;
      case "slots":
        this.slots.assigned(message.slots);
        break;
      case "speakers":
        this.speakers = Array.isArray(message.members) ? message.members : [];
        break;
      case "quality":
        this.levels.set(message.member, message.level);
        break;
      case "notice":
        this.#noticed(message);
        break;
      default:
        return;
    }
    this.#refresh();
  }

  #joined(message) {
    this.slots.reset(message.published);
    this.#codecs.reset(message.roster, this.member);
    this.peer.sendIn(this.#codecs.codec);
    this.away.clear();
    this.isConnected = true;
    this.#input(this.keys.joined(message, performance.now()));
    if (this.isJoined) return;
    this.isJoined = true;
    this.peer.makeRoom(this.slots.need);
    this.#hasOffered = true;
    // Tracks first: an encoder that has its track at once needs no second key frame.
    this.sync().then(() => this.peer.negotiate());
  }

  #connectionChanged(isConnected) {
    // Who spoke last is not who speaks while nothing comes.
    if (!isConnected) this.speakers = [];
    this.#set(() => (this.isConnected = isConnected));
    // The answer to an offer may have been lost with the connection, and the network may be another one.
    if (isConnected && this.#hasOffered) this.peer.negotiate({ restart: true, again: true });
  }

  #mediaChanged(state) {
    this.#set(() => (this.mediaState = state));
  }

  #measured(report) {
    this.#set(() => (this.quality = report));
  }

  #noticed({ code, member }) {
    if (code === "reconnecting") this.away.add(member);
    if (code === "reconnected") this.away.delete(member);
  }

  #negotiated() {
    for (const source of SOURCES) this.#publish(source);
    this.#refresh();
  }

  #publish(source) {
    const track = this.#media[source];
    const mid = this.peer.mid(source);
    const id = wireSource(source);
    const isPublished = this.#published.has(source);
    if (isPublished && !track && (source === "screen" || source === "screenAudio")) {
      this.#published.delete(source);
      return this.#signaling.send({ type: "unpublish", tracks: [id] });
    }
    // A camera that is off stays published, as muted: its slots are kept for when it is on again.
    const muted = source === "microphone" ? !this.#media.isMicrophoneOn : !track;
    if (!isPublished && track && mid !== null && this.isJoined) {
      const rids = sentRids(this.peer.sender(source));
      this.#published.set(source, { muted });
      this.#signaling.send({ type: "publish", tracks: [{ id, source: id, mid, rids, muted }] });
    } else if (isPublished && this.#published.get(source).muted !== muted) {
      this.#published.set(source, { muted });
      this.#signaling.send({ type: "mute", track: id, muted });
    }
  }

  /** Takes the actions of an input to the keys. They resolve in the order in which the inputs came. */
  #input(actions) {
    actions.then((list) => this.#perform(list)).catch((error) => this.#handlers.problem(error));
  }

  #perform(actions) {
    if (this.#isClosed) return;
    for (const action of actions) {
      if (action.type === "send") this.#signaling.send(action.message);
      else if (action.type === "ready") this.#signaling.send({ type: "ready", epoch: action.epoch });
      else this.#note(action.event);
    }
    this.#schedule();
    this.#refresh();
  }

  #note(event) {
    switch (event.type) {
      case "epochActive":
        this.isBlocked = false;
        break;
      case "sendingBlocked":
        this.isBlocked = true;
        break;
      case "relayInconsistent":
      case "logMismatch":
        this.isInconsistent = true;
        break;
      case "memberRejected":
        this.rejections.set(event.member, event.reason);
        break;
      case "identityFirstSeen":
        this.identities.set(event.member, { verdict: "new" });
        break;
      case "identityConfirmed":
        this.identities.set(event.member, { verdict: "confirmed" });
        break;
      case "identityChanged":
        this.identities.set(event.member, { verdict: "changed" });
        break;
    }
    this.#handlers.key(event);
  }

  #schedule() {
    clearTimeout(this.#timer);
    const { nextDeadline } = this.keys;
    if (nextDeadline === Infinity) return;
    const wait = Math.max(0, Math.min(nextDeadline - performance.now(), 60_000));
    this.#timer = setTimeout(() => this.#input(this.keys.expire(performance.now())), wait);
  }

  /** Tells the worker whose frames each slot may play, and the application that something has changed. */
  #refresh() {
    const indexes = new Map(this.keys.members.map(({ member, joinIndex }) => [member, joinIndex]));
    for (const slot of this.peer.slots) {
      const publication = this.slots.publicationIn(slot.mid);
      const joinIndex = publication && indexes.get(publication.member);
      // Of a free slot nothing is played. Its first frames may be faster than the word of whose they are.
      const expected = joinIndex ? { joinIndex, source: publication.source } : null;
      const text = JSON.stringify(expected);
      if (slot.expected === text) continue;
      slot.expected = text;
      this.#transforms.expect(slot.name, expected);
      this.decrypts.forget(slot.name);
    }
    this.#handlers.changed();
  }

  #set(change) {
    if (this.#isClosed) return;
    change();
    this.#handlers.changed();
  }

  #end(end) {
    if (this.#isClosed) return;
    this.close();
    this.#handlers.ended(end);
  }
}
