// A whole call for the page: joins, comes back after interruptions, and shows one plain state object.
//
// `change` is fired after `state` has changed, at most 20 times per second; `problem` has a `Problem` as its detail.
import { PostQuantum } from "../crypto/pq.js";
import { isName, isText } from "../keys/texts.js";
import { KeyPolicy } from "../keys/policy.js";
import { deviceIdentity, loadPins, savePins } from "./device.js";
import { Membership } from "./membership.js";
import { asProblem, Problem, refusal } from "./problems.js";
import { INITIAL_STATE, stateOf } from "./state.js";

/** Before the page joins anew after a call was interrupted: seconds a relay needs to start. */
const REJOIN_PAUSES = [300, 1000, 2000, 4000, 8000, 15_000];
/** A page that is still there so long after it was to be unloaded stays. */
const UNLOAD_TIME = 3000;
const CHANGE_INTERVAL = 50;
const CHAT_LIMIT = 500;
const HISTORY_LIMIT = 200;

/** @typedef {import("./state.js").CallState} CallState */

export class Call extends EventTarget {
  /** @type {CallState} */
  state = INITIAL_STATE;
  /** What happened to the keys lately, to find out why something went wrong. It holds no secret. @type {object[]} */
  history = [];
  #invitation;
  #name;
  #media;
  #policy;
  #pins = loadPins();
  #pq = null;
  #identity = null;
  /** @type {Membership | null} */
  #membership = null;
  #phase = "idle";
  /** @type {Problem | null} */
  #problem = null;
  #hasBeenIn = false;
  #attempt = 0;
  #timer = 0;
  #changeTimer = 0;
  /** @type {CallState["chat"]} */
  #chat = [];
  /** @type {Map<string, string>} names of everybody who was ever here, for the chat and for farewells */
  #names = new Map();
  #listeners = [];

  /**
   * @param {object} options
   * @param {import("./link.js").Invitation} options.invitation
   * @param {string | null} options.name
   * @param {import("./local-media.js").LocalMedia} options.media
   * @param {boolean} [options.allowsFallback] whether members with ML-KEM-768 only may take part
   */
  constructor({ invitation, name, media, allowsFallback = false }) {
    super();
    if (name !== null && !isName(name)) throw new Problem("badName");
    this.#invitation = invitation;
    this.#name = name;
    this.#media = media;
    this.#policy = new KeyPolicy(allowsFallback ? { minimumSuite: "mlkem768" } : {});
    this.#listen(media, "change", () => this.#membership?.sync().then(() => this.#changed(), () => {}));
    // A page that is left, or frozen to come back, is no member any more: a copy of it must not go on with its keys.
    // Before the page is unloaded too: Firefox closes connections before it says `pagehide`.
    this.#listen(window, "pagehide", () => this.#membership?.leave());
    this.#listen(window, "beforeunload", () => this.#unloading());
    this.#listen(window, "pageshow", ({ persisted }) => persisted && this.#phase !== "left" && this.#interrupted());
    this.#listen(window, "online", () => this.#networkChanged());
    if (navigator.connection) this.#listen(navigator.connection, "change", () => this.#networkChanged());
  }

  get invitation() {
    return this.#invitation;
  }

  get media() {
    return this.#media;
  }

  /** For measurements and tests. @returns {Membership | null} */
  get membership() {
    return this.#membership;
  }

  /** Where each post-quantum algorithm comes from; null before the first `join`. */
  get backends() {
    const algorithms = /** @type {const} */ (["ML-KEM-1024", "ML-DSA-65", "SHA3-256"]);
    return this.#pq && Object.fromEntries(algorithms.map((algorithm) => [algorithm, this.#pq.backend(algorithm)]));
  }

  /** Enters the call. What goes wrong is in `state`. */
  async join() {
    clearTimeout(this.#timer);
    if (this.#phase === "left" || this.#phase === "connecting") return;
    this.#phase = "connecting";
    this.#changed();
    try {
      this.#pq ??= await PostQuantum.open();
      this.#identity ??= await deviceIdentity(this.#pq);
      const membership = await Membership.open({
        pq: this.#pq, identity: this.#identity, invitation: this.#invitation, name: this.#name, pins: this.#pins,
        policy: this.#policy, media: this.#media,
        handlers: {
          changed: () => this.#progressed(),
          key: (event) => this.#note(event),
          problem: (problem) => this.#report(problem),
          ended: (end) => this.#ended(end),
        },
      });
      // Left while the keys were made.
      if (this.#phase === "left") membership.leave();
      else this.#membership = membership;
    } catch (error) {
      this.#fail(asProblem(error));
    }
  }

  /** Leaves for good. */
  leave() {
    clearTimeout(this.#timer);
    this.#phase = "left";
    this.#membership?.leave();
    this.#membership = null;
    for (const stop of this.#listeners) stop();
    this.#changed();
  }

  /** Joins now instead of after the pause. */
  retry() {
    this.#attempt = 0;
    if (this.#phase === "waiting" || this.#phase === "failed") this.join();
  }

  /** Sends a text to everybody. Throws `Problem`. @param {string} text */
  async say(text) {
    if (!isText(text) || !this.#membership?.isJoined) throw new Problem("badText");
    await this.#membership.say(text);
    this.#heard(this.#membership.member, text, true);
  }

  /** The digits to compare with a member. @param {string} member */
  async safetyNumber(member) {
    return (await this.#membership?.keys.safetyNumber(member)) ?? null;
  }

  /** A person has decided that a member's new identity is its own. @param {string} member */
  async trust(member) {
    const membership = this.#membership;
    if (!membership || !(await membership.keys.trustIdentity(member))) return;
    membership.identities.set(member, { verdict: "confirmed" });
    savePins(this.#pins);
    this.#changed();
  }

  /** The path may be another one now: signalling and media begin anew, the membership stays. */
  #networkChanged() {
    if (this.#membership) this.#membership.networkChanged();
    else this.retry();
  }

  #unloading() {
    this.#membership?.leave();
    // Still here, since the page was not unloaded after all.
    if (this.#phase === "in") this.#timer = setTimeout(() => this.#interrupted(), UNLOAD_TIME);
  }

  #progressed() {
    if (this.#phase === "connecting" && this.#membership?.isJoined) {
      this.#phase = "in";
      this.#hasBeenIn = true;
      this.#problem = null;
      this.#attempt = 0;
    }
    this.#changed();
  }

  #note(event) {
    this.history = [...this.history, { at: performance.now(), ...event }].slice(-HISTORY_LIMIT);
    switch (event.type) {
      case "profile":
        this.#names.set(event.member, event.name);
        break;
      case "chat":
        this.#heard(event.member, event.text, false);
        break;
      case "identityFirstSeen":
        savePins(this.#pins);
        break;
    }
  }

  #heard(member, text, isOwn) {
    const name = isOwn ? (this.#name ?? null) : (this.#names.get(member) ?? null);
    this.#chat = [...this.#chat, { member, name, text, isOwn, at: Date.now() }].slice(-CHAT_LIMIT);
    this.#changed();
  }

  #ended({ reason, code }) {
    this.#membership = null;
    if (this.#phase === "left") return;
    const isOver = reason === "goodbye" && (code === "replaced" || code === "left");
    if (isOver) return this.#fail(new Problem("replaced"));
    if (reason === "refused" && code !== "shutting_down") return this.#fail(refusal(code));
    if (reason === "unreachable" && !this.#hasBeenIn) return this.#fail(new Problem("unreachable"));
    this.#interrupted();
  }

  /** Joins again, as a new member, until it succeeds or the person leaves. */
  #interrupted() {
    this.#membership = null;
    this.#phase = "waiting";
    this.#problem = this.#attempt > 0 ? new Problem("lost") : null;
    const pause = REJOIN_PAUSES[Math.min(this.#attempt, REJOIN_PAUSES.length - 1)];
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.join(), pause * (0.75 + Math.random() / 2));
    this.#changed();
  }

  #fail(problem) {
    this.#phase = "failed";
    this.#problem = problem;
    this.#membership?.leave();
    this.#membership = null;
    this.#changed();
  }

  #report(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: asProblem(error) }));
  }

  #changed() {
    this.#changeTimer ||= setTimeout(() => {
      this.#changeTimer = 0;
      this.state = stateOf({
        phase: this.#phase, problem: this.#problem, membership: this.#membership, media: this.#media, chat: this.#chat,
        name: this.#name, hasBeenIn: this.#hasBeenIn,
      });
      this.dispatchEvent(new Event("change"));
    }, CHANGE_INTERVAL);
  }

  #listen(target, type, listener) {
    target.addEventListener(type, listener);
    this.#listeners.push(() => target.removeEventListener(type, listener));
  }
}
