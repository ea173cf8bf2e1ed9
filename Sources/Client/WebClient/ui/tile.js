// One person's picture, or what is shown in its place.
import { bars, h, icon, isolated, write } from "./dom.js";

const QUALITY = { good: "good connection", fair: "fair connection", poor: "poor connection", lost: "no connection" };

export class Tile {
  /** @param {import("../session/state.js").PersonView} person @param {"camera" | "screen"} source */
  constructor(person, source) {
    this.member = person.member;
    this.source = source;
    this.isSelf = person.isSelf;
    this.video = h("video", {
      muted: true, autoplay: true, playsInline: true, disablePictureInPicture: true, "aria-hidden": "true",
      // Firefox lets Tab stop at videos.
      tabIndex: -1,
    });
    this.avatar = h("div", { class: "avatar", "aria-hidden": "true" });
    this.note = h("p", { class: "tile-note" });
    this.muted = icon("microphoneOff");
    this.name = h("span", { class: "tile-name", dir: "auto" });
    this.bars = bars();
    this.element = h("div", { class: `tile tile-${source}`, role: "group" }, this.avatar, this.video, this.note,
      h("div", { class: "plate" }, this.muted, this.name, this.bars));
    // A picture of its own size is shown as soon as there is one; until then, the person's initials.
    this.video.addEventListener("resize", () => this.#showPicture());
    this.video.addEventListener("loadeddata", () => this.#showPicture());
    this.avatar.style.setProperty("--hue", String(hueOf(person.member)));
    if (person.isSelf && source === "camera") this.video.classList.add("mirrored");
  }

  /** @param {import("../session/state.js").PersonView} person */
  update(person) {
    const view = person.media[this.source];
    const track = view && !view.isMuted && !view.failure ? view.track : null;
    if ((this.video.srcObject?.getTracks()[0] ?? null) !== track) {
      this.video.srcObject = track ? new MediaStream([track]) : null;
      if (track) this.video.play().catch(() => {});
    }
    this.isOn = track !== null;
    this.#showPicture();
    this.name.title = person.name;
    const isMuted = !person.media.microphone || person.media.microphone.isMuted;
    const title = this.source === "screen" ? `${isolated(person.name)}: screen` : titleOf(person);
    write(this.avatar, initials(person.name));
    write(this.name, title);
    this.muted.style.display = isMuted && this.source === "camera" ? "" : "none";
    const note = noteOf(person, this.source);
    write(this.note, note);
    this.note.hidden = note === "";
    this.bars.className = `bars bars-${person.quality ?? "unknown"}`;
    this.bars.title = QUALITY[person.quality] ?? "";
    this.bars.hidden = this.source === "screen";
    const isSpeaking = person.isSpeaking && !isMuted;
    this.element.classList.toggle("speaking", isSpeaking && this.source === "camera");
    const about = this.source === "camera"
      ? [isMuted && "microphone off", !track && "camera off", isSpeaking && "speaking", QUALITY[person.quality]] : [];
    const label = [title, note, ...about].filter(Boolean).join(", ");
    if (this.element.getAttribute("aria-label") !== label) this.element.setAttribute("aria-label", label);
  }

  close() {
    this.video.srcObject = null;
  }

  #showPicture() {
    const hasPicture = this.isOn && (this.isSelf || this.video.videoWidth > 0);
    this.element.classList.toggle("has-picture", hasPicture);
  }
}

/** What stands between people and this person's picture or sound. */
export function noteOf(person, source) {
  if (person.isSelf) return "";
  const name = isolated(person.name);
  if (!person.isAuthentic) return `Cannot decrypt ${name}: ${person.rejection ?? "not admitted"}`;
  if (person.rejection) return `${name} gets no keys: ${person.rejection}`;
  const { camera, microphone, screen } = person.media;
  const failure = source === "screen" ? screen?.failure : (camera?.failure ?? microphone?.failure);
  if (failure) return `Cannot decrypt ${name}: ${failure}`;
  if (person.isAway) return "Reconnecting…";
  if (person.isSilent) return "Not heard from for a while";
  return person.holdsKey ? "" : "Waiting for keys…";
}

/** What a person is called, with a word on which one is oneself. */
export function titleOf({ name, isSelf }) {
  return isSelf && name !== "You" ? `${name} (you)` : name;
}

function initials(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map(firstSign).join("").toUpperCase();
}

/** What a reader takes for the first letter: of an emoji, all of its parts. */
function firstSign(word) {
  const [first = ""] = typeof Intl.Segmenter === "function"
    ? Array.from(new Intl.Segmenter().segment(word), ({ segment }) => segment) : word;
  return first;
}

function hueOf(member) {
  return [...member].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
}
