// Plays everybody's sound: one element for each track, whoever is in it.
import { announce, h } from "./dom.js";
import { speaker } from "./speaker.js";

export class AudioSinks {
  element = h("div", { class: "sinks" });
  /** @type {Map<MediaStreamTrack, HTMLAudioElement>} */
  #sinks = new Map();
  #apply = () => {
    for (const sink of this.#sinks.values()) speaker.apply(sink);
  };
  #button = h("button", { type: "button", class: "primary unlock", hidden: true, onclick: () => this.#playAll() },
    "Click to hear the others");

  constructor() {
    this.element.append(this.#button);
    speaker.addEventListener("change", this.#apply);
  }

  /** @param {import("../session/state.js").CallState} state */
  render({ people }) {
    const wanted = new Set();
    for (const { isSelf, media } of people) {
      if (isSelf) continue;
      for (const view of [media.microphone, media.screenAudio]) if (view?.track) wanted.add(view.track);
    }
    for (const [track, sink] of this.#sinks) {
      if (wanted.has(track)) continue;
      sink.srcObject = null;
      sink.remove();
      this.#sinks.delete(track);
    }
    for (const track of wanted) {
      if (this.#sinks.has(track)) continue;
      const sink = h("audio", { autoplay: true, srcObject: new MediaStream([track]) });
      this.#sinks.set(track, sink);
      this.element.append(sink);
      speaker.apply(sink);
      this.#play(sink);
    }
  }

  close() {
    speaker.removeEventListener("change", this.#apply);
    document.removeEventListener("click", this.#unlock);
    for (const sink of this.#sinks.values()) sink.srcObject = null;
    this.#sinks.clear();
  }

  /** Any click of a person will do. */
  #unlock = () => this.#playAll();

  #playAll() {
    document.removeEventListener("click", this.#unlock);
    this.#button.hidden = true;
    for (const sink of this.#sinks.values()) this.#play(sink);
  }

  #play(sink) {
    // Refused on a page that nobody has touched yet, as after a reload.
    sink.play().catch((error) => {
      if (error.name !== "NotAllowedError" || !this.#button.hidden) return;
      this.#button.hidden = false;
      document.addEventListener("click", this.#unlock);
      announce("The browser plays no sound yet. Press “Click to hear the others”.");
    });
  }
}
